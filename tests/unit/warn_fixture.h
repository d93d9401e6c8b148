/* The watches of a pack, loaded by the loader of packs. */
#pragma once

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tocsin/clock.h"
#include "tocsin/detect.h"
#include "tocsin/rules.h"

#ifndef WATCH_PACK
#define WATCH_PACK "tests/packs/warning"
#endif

static struct err err;
static struct watches *watches;

#define OK(call)                                                                                             \
	do {                                                                                                 \
		if ((call) != 0)                                                                             \
			fail_msg("%s: %s", #call, err.text);                                                 \
	} while (0)

static int load_watches(void **state)
{
	struct pack_files files;
	struct rules_report report;
	struct generation *g;

	(void)state;
	OK(clock_zone_set("Asia/Shanghai", &err));
	OK(pack_read(&files, WATCH_PACK, "lua", NULL, &err));
	memset(&report, 0, sizeof(report));
	OK(generation_new(&g, &files, NULL, &report, &err));
	OK(watches_new(&watches, generation_catalog(g), &err));
	rules_report_fini(&report);
	generation_free(g);
	pack_files_fini(&files);
	return 0;
}

static int free_watches(void **state)
{
	(void)state;
	watches_free(watches);
	return 0;
}

static inline const struct watch *watch_of(const char *name)
{
	const struct watch *w = watch_find(watches, name);

	assert_non_null(w);
	return w;
}

#define BINS_MAX 4096

/* One key of one watch, bins in order. */
struct play {
	const struct watch *watch;
	struct detector detector;
	struct detected seen;
	struct close close;
	uint32_t n, back[BINS_MAX]; /* newest first, at the end of the array */
};

static inline void play_init(struct play *p, const char *name, const char *at, uint32_t before)
{
	memset(p, 0, sizeof(*p));
	p->watch = watch_of(name);
	OK(clock_parse(at, &p->close.start_ms, &err));
	p->close.start_ms -= p->watch->bin_ms;
	for (uint32_t i = 0; i < BINS_MAX; i++)
		p->back[i] = before;
}

static inline bool play_bin(struct play *p, uint32_t count)
{
	p->n++;
	assert_true(p->n < BINS_MAX - WATCH_INPUTS_MAX * 16);
	p->back[BINS_MAX - 64 - p->n] = count;
	p->close.counts = &p->back[BINS_MAX - 64 - p->n];
	p->close.start_ms += p->watch->bin_ms;
	detect(p->watch, &p->detector, &p->close, &p->seen);
	return p->seen.from != p->seen.to;
}

/* "10:15": when the bin that closed last ended. */
static inline const char *play_time(const struct play *p)
{
	static char text[40];

	clock_format(p->close.start_ms + p->watch->bin_ms, text);
	text[16] = '\0';
	return text + 11;
}
