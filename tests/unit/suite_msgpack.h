/* The MessagePack test suite (https://github.com/kawanet/msgpack-test-suite): one call a value and encoding.
 */
#pragma once

#include <jansson.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "cd-00-80" to bytes; returns their number. */
static inline size_t suite_bytes(const char *text, uint8_t *out)
{
	size_t n = 0;

	for (; *text != '\0'; text += text[2] == '-' ? 3 : 2) {
		char pair[3] = {text[0], text[1], '\0'};

		out[n++] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return n;
}

/* The suite as JSON, or NULL with a line that says where it was looked for. */
static inline json_t *suite_load(void)
{
	const char *data = getenv("TOCSIN_DATA");
	char path[4096];
	json_t *suite;

	snprintf(path, sizeof(path), "%s/msgpack/msgpack-test-suite.json",
		data != NULL ? data : "../shared/data");
	suite = json_load_file(path, 0, NULL);
	if (suite == NULL)
		printf("skipped: no test suite at %s\n", path);
	return suite;
}
