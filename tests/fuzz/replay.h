/*
 * One main for every fuzz target when it is not built with -fsanitize=fuzzer: replays the files named on the
 * command line, so that a corpus is an ordinary test in ordinary builds.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

#ifndef FUZZ_ENGINE
static int replay(const char *path)
{
	static const size_t max = (size_t)1 << 20;
	FILE *f = fopen(path, "rb");
	uint8_t *bytes = malloc(max), *exact;
	size_t n;

	if (f == NULL || bytes == NULL) {
		perror(path);
		return 1;
	}
	n = fread(bytes, 1, max, f);
	exact = realloc(bytes, n > 0 ? n : 1);
	LLVMFuzzerTestOneInput(exact, n);
	free(exact);
	fclose(f);
	return 0;
}

int main(int argc, char **argv)
{
	int failed = 0;

	for (int i = 1; i < argc; i++)
		failed |= replay(argv[i]);
	printf("%d inputs replayed\n", argc - 1);
	return failed;
}
#endif
