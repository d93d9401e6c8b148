# What `make test`, `make soak`, `make bench`, `make lint` and `make fuzz` run.

test: deps-quick all units
	tests/run.sh

deps-quick: deps

lint:
	tests/lint.sh

format:
	clang-format -i $$(git ls-files '*.c' '*.h')
