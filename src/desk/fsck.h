/*
 * What fsck checks of the desk's own tables, beside tickets and tasks (index.c, task_check.c): that each row
 * can be read, and that rows that follow from one another agree. Reads a store that nobody writes.
 */
#pragma once

#include "desk_int.h"

struct fsck {
	struct store *store;
	const struct lexicon *lexicon;
	struct arena arena;
	void (*say)(void *udata, const char *line);
	void *udata;
	int n_found;
};

/* One finding more. */
void fsck_say(struct fsck *, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Whether there is such a row; an error of the store is a finding. */
bool fsck_has(struct fsck *, enum table table, struct slice key);

/* Lists of affected numbers (affected_fsck.c). */
void numbers_fsck(struct fsck *);
/* Jobs, and what callers heard (cases_fsck.c). */
void jobs_fsck(struct fsck *);
void heard_fsck(struct fsck *);
/* Timers, each of which has one row (timers_fsck.c). */
void timers_fsck(struct fsck *);
