/* Where this program's own words and default pack lie. */
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tocsin/util.h"

bool share_find(char *out)
{
	static const char *const places[] = {"share/tocsin/lua", "lua"};
	char exe[PATH_MAX], lib[PATH_MAX + 64];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *dir;

	out[0] = '\0';
	if (n <= 0)
		return false;
	exe[n] = '\0';
	dir = dirname(exe);
	for (int up = 0; up < 3; up++, dir = dirname(dir))
		for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
			snprintf(lib, sizeof(lib), "%s/%s/lib", dir, places[i]);
			if (access(lib, R_OK) != 0 || strlen(lib) >= PATH_MAX)
				continue;
			lib[strlen(lib) - strlen("/lib")] = '\0';
			memcpy(out, lib, strlen(lib) + 1);
			return true;
		}
	return false;
}
