/* Inside `tocsin now`: the questions' answers, one function each. */
#pragma once

#include "cli_int.h"

struct now {
	struct cli *cli;
	struct arena arena; /* of one look */
	struct value hello;
	int64_t now_ms;       /* the daemon's */
	struct value answers; /* lines of the question that is being answered */
	bool is_whole;        /* for JSON: lines are not clipped to the screen */
	/* the pack's names, what is warned of (worst first), what is kept for a look; fetched on first use */
	bool has_catalog, has_warnings;
	struct value catalog, warnings;
	/* tickets of the last hour and of that hour on earlier days, newest first; fetched on first use */
	bool has_recent, is_cut;
	int n_days; /* earlier days that are known */
	struct value recent, earlier;
};

/* One line of the answer, clipped to the screen. */
void now_line(struct now *, const char *format, ...) __attribute__((format(printf, 2, 3)));
int now_call(struct now *, const char *method, const struct value *args, struct value *result,
	struct err *e) MUST_CHECK;

/* ---- what several answers need (now_answers.c) --------------------------------------------------------- */
/* Fill recent and earlier, catalog, warnings, unless they are there. */
int now_fetch(struct now *, struct err *e) MUST_CHECK;
int now_catalog(struct now *, struct err *e) MUST_CHECK;
int now_warnings(struct now *, struct err *e) MUST_CHECK;

/* ---- words (now_text.c) -------------------------------------------------------------------------------- */
const char *now_say(struct now *, const char *en, const char *zh);
const char *now_shown(struct now *, const struct value *map, const char *key);
/* The reader's language of {zh, en}, else the name itself. */
const char *now_label(struct now *, const struct value *both, const char *name);
/* What the catalog's list calls it, such as ("cities", "foshan"). */
const char *now_named(struct now *, const char *list, const char *name);
/* The same of {name, label?} or {person, label?}. */
const char *now_person(struct now *, const struct value *person);
/* "12 min", "3 h", "2 days" since then. */
const char *now_ago(struct now *, int64_t since_ms);
/* "10:45". */
const char *now_hhmm(struct now *, int64_t at_ms);
/* Clipped or filled to so many columns. */
const char *now_padded(struct now *, const char *text, size_t columns);
/* "usual 3.5", the mean of the hour on the earlier days that are known. */
const char *now_usual(struct now *, uint32_t n_earlier);
/* A warning's level, and what and where it is about. */
const char *now_level(struct now *, const struct value *warning);
const char *now_place(struct now *, const struct value *warning);
/* Whether it is about a silent source: that is the feed's question. */
bool now_is_source(const struct value *warning);

int now_feed(struct now *, struct err *e);
int now_what(struct now *, struct err *e);
int now_who(struct now *, struct err *e);
int now_may(struct now *, struct err *e);
int now_due(struct now *, struct err *e);
int now_rules(struct now *, struct err *e);
int now_well(struct now *, struct err *e);
