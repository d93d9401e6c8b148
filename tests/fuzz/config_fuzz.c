/* A config file as bytes: it is taken, or refused with one line that names the place. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/config.h"
#include "fuzz.h"
#include "tocsin/util.h"

static void check(struct config *c, const struct err *e, int rc, const char *path)
{
	if (rc != 0) {
		/* a file's own fault is named by its place, one of settings together by their names */
		must(e->code == ERR_BAD_REQUEST && strchr(e->text, '\n') == NULL);
		must(strncmp(e->text, path, strlen(path)) == 0 ||
			strstr(e->text, "memory-table") == e->text ||
			strstr(e->text, "tables-space") == e->text ||
			strstr(e->text, "listen: unix:") == e->text /* of `data`, when it is not said */);
		return;
	}
	for (int i = 0; i < N_CONFIG_KEYS; i++) {
		int64_t number;
		struct err again;

		for (uint32_t n = 0; n < c->settings[i].n; n++)
			must(config_value(&config_keys[i], c->settings[i].texts[n], &number, &again) == 0);
	}
	config_fini(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	int fd = memfd_create("config", MFD_CLOEXEC);
	char path[64], option[] = "--config", name[] = "tocsind";
	char *argv[] = {name, option, path, NULL};
	struct config c;
	struct err e = {.code = ERR_NONE};

	must(fd >= 0 && write(fd, p, n) == (ssize_t)n);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	check(&c, &e, config_read(&c, 3, argv, &e), path);
	close(fd);
	return 0;
}
