/* Reading a catalog into structs: watch.c, watch_levels.c, watch_model.c. */
#pragma once

#include "tocsin/watch.h"

/* Where the catalog is wrong: `what` is "watch NAME" and so on. */
struct reader {
	struct arena *arena;
	struct err *e;
	const char *what;
};

/* 0, or -1 naming what and key. An absent one is 0 and leaves *out as it was, unless it is needed. */
int read_number(
	const struct reader *, const struct value *map, const char *key, bool needed, double *out) MUST_CHECK;
int read_count(const struct reader *, const struct value *map, const char *key, bool needed,
	uint32_t *out) MUST_CHECK;
int read_text(const struct reader *, const struct value *map, const char *key, const char **out) MUST_CHECK;
int read_texts(const struct reader *, const struct value *map, const char *key, struct texts *out) MUST_CHECK;
int read_failed(const struct reader *, const char *key, const char *want);

int level_table_read(
	const struct reader *, struct watch *, const char *name, const struct value *rows) MUST_CHECK;
int expected_read(const struct reader *, struct watch *, const struct value *expected) MUST_CHECK;
/* Calendars are made here and freed by day_classes_fini. */
int day_classes_read(const struct reader *, struct day_classes *, const struct value *catalog) MUST_CHECK;
void day_classes_fini(struct day_classes *);
