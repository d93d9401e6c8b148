/* Inside `tocsin now`: the questions' answers, one function each. */
#pragma once

#include "cli_int.h"

struct now {
	struct cli *cli;
	struct arena arena; /* of one look */
	FILE *out;
	struct value hello;
	int64_t now_ms;       /* the daemon's */
	size_t question;      /* being answered */
	int n_lines;          /* of it so far */
	struct value answers; /* for JSON: an array that takes the lines; else nil */
	/* tickets of the last hour and of that hour on earlier days, newest first; fetched on first use */
	bool has_recent, is_cut;
	int n_days; /* earlier days that are known */
	struct value recent, earlier;
};

/* One line of the answer, clipped to the screen; more than the question may have are dropped. */
void now_line(struct now *, const char *format, ...) __attribute__((format(printf, 2, 3)));
int now_call(struct now *, const char *method, const struct value *args, struct value *result,
	struct err *e) MUST_CHECK;
/* Fill recent and earlier unless they are there. */
int now_fetch(struct now *, struct err *e) MUST_CHECK;

int now_feed(struct now *, struct err *e);
int now_what(struct now *, struct err *e);
int now_who(struct now *, struct err *e);
int now_may(struct now *, struct err *e);
int now_due(struct now *, struct err *e);
int now_rules(struct now *, struct err *e);
int now_well(struct now *, struct err *e);
