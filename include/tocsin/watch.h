/*
 * Watches: what is counted, in which bins, with which expectation and levels. The words of
 * lua/lib/warning.lua leave them in the catalog (`watches`, `level_tables`, `levels`, `clusters`,
 * `day_classes`), checked; here they become structs. Immutable once built; any thread.
 *
 * The catalog:
 *   levels       [{name="yellow", label}…]    rising; names of levels, 1 = the first
 *   level_tables {NAME=[{level=1, enter=[[{input, op, value, at_least?, poisson?, per_10000?}…]…], leave=…,
 *                closes, stay, sign=[role…]?}…]}
 *   watches      [{name, label?, of, categories=[…], kinds=[…], service?, component?, by=[…], cluster?, bin_ms,
 *                inputs=[{name, kind="sum", bins} | {name, kind="cusum", ratio, cap} | {name, kind="given"}],
 *                expected={kind="fixed", value, cities={CITY=value}} | {kind="baseline", …,
 *                until_learned={value, cities}?} |
 *                {kind="farrington", …}, dispersion?, levels=NAME, silent_ms?, early_ms?}…]
 *   retired      {NAME={into=NAME?}}    watches that are gone: who takes their standing warnings over, if anybody
 *   clusters     {NAME={label, categories=[…]}}
 *   day_classes  [{name, label, like?, dates=[…] | month_days=[…], last_days=n | weekdays=[…] |
 *                working=true|false, calendar}…]    the first that a day falls into counts
 */
#pragma once

#include "tocsin/baseline.h"
#include "tocsin/calendar.h"
#include "tocsin/cusum.h"
#include "tocsin/farrington.h"
#include "tocsin/levels.h"
#include "tocsin/value.h"

#define WATCH_INPUTS_MAX 8
#define WATCH_BINS_MAX 4096 /* of the longest sum */

enum watch_of { WATCH_COMPLAINTS, WATCH_SIGNALS, WATCH_SERIES };

/* What makes the key of a stream; 0: one stream for the whole watch */
enum watch_by {
	BY_CITY = 1,
	BY_CATEGORY = 2,
	BY_CLUSTER = 4,
	BY_SERVICE = 8,
	BY_COMPONENT = 16,
	BY_KIND = 32
};

struct watch_input {
	const char *name;
	enum input_kind { INPUT_SUM, INPUT_CUSUM, INPUT_GIVEN } kind;
	uint32_t bins;           /* SUM: the newest so many bins */
	struct cusum_spec cusum; /* CUSUM */
};

struct texts {
	uint32_t n;
	const char **p;
};

struct watch {
	const char *name;
	struct value label; /* {zh, en}, or nil */
	enum watch_of of;
	struct texts categories;                   /* each with all below it; none: every category */
	struct texts kinds;                        /* of signals; none: every kind */
	const char *service, *component, *cluster; /* NULL: any. A cluster stands for its categories */
	uint32_t by;                               /* enum watch_by bits */
	int64_t bin_ms;
	uint32_t n_inputs;
	struct watch_input inputs[WATCH_INPUTS_MAX];
	uint32_t n_back; /* bins that sums look back, the closing one included */
	enum expect_kind { EXPECT_NONE, EXPECT_FIXED, EXPECT_BASELINE, EXPECT_FARRINGTON } expect;
	double fixed; /* a bin, where its city has no number of its own; of EXPECT_BASELINE until it is learned, 0: nothing */
	uint32_t n_cities;
	struct city_expect {
		const char *city;
		double value;
	} * cities;
	double dispersion; /* of EXPECT_FIXED; 1 is Poisson */
	struct baseline_spec baseline;
	struct farrington_spec farrington;
	struct level_table levels;
	int64_t early_ms;  /* of signals: a level that an open bin enters already is told so long after they
			      came; 0: when the bin ends */
	int64_t silent_ms; /* a key that spoke and says nothing for so long is a warning; 0: no */
};

struct cluster {
	const char *name;
	struct value label;
	struct texts categories;
};

struct level_name {
	const char *name;
	struct value label;
};

struct watches {
	struct arena arena;
	uint32_t n_levels;
	struct level_name levels[LEVELS_MAX + 1]; /* [0] is "none" */
	uint32_t n;
	struct watch *list;
	uint32_t n_clusters;
	struct cluster *clusters;
	struct day_classes days;
};

/*
 * From a catalog; one without watches gives an empty list. 0, or -1 with ERR_BAD_REQUEST naming watch and
 * part: a catalog that lua/lib made never fails. Texts are copied.
 */
int watches_new(struct watches **out, const struct value *catalog, struct err *) MUST_CHECK;
void watches_free(struct watches *);
/* Of what is counted under which keys in which bins: another one means that the past is another, too. */
uint64_t watches_mark(const struct watches *);
/* Of every part of a catalog that watches are made of: the same one makes the same watches. */
uint64_t watches_words(const struct value *catalog);
const struct watch *watch_find(const struct watches *, const char *name);
const char *level_name(const struct watches *, uint8_t level);
/* Does this category belong to what the watch counts (its categories, or its cluster's, and all below)? */
bool watch_has_category(const struct watches *, const struct watch *, const char *category);
bool cluster_has_category(const struct cluster *, const char *category);
const struct cluster *cluster_find(const struct watches *, const char *name);
/* An empty baseline for what this watch counts (EXPECT_BASELINE); watches must outlive it. */
struct baseline *watch_baseline(const struct watches *, const struct watch *);
/* EXPECT_FIXED, and EXPECT_BASELINE until it is learned: what is expected in one bin of this city; NULL city: the
 * otherwise value. */
double watch_fixed(const struct watch *, const char *city);
/* Index of an input by name, or -1. */
int watch_input_find(const struct watch *, const char *name);
