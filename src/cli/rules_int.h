/* What the verbs of `tocsin rules` share: a pack loaded here, without a daemon, and how verdicts are shown.
 */
#pragma once

#include "cli_int.h"
#include "desk/packs_int.h"

/*
 * Make `zone` (NULL: the daemon's default) the zone of civil rules and of all times shown: 0 or
 * EXIT_WRONG_USAGE.
 */
int zone_take(struct cli *, const char *zone, struct err *e) MUST_CHECK;
/*
 * Load a pack folder with the daemon's own loader, into *b (release it with pack_build_fini). A bad pack is
 * not an error: b->is_ok says, pack_build_report why. `spec`: run only the specs of this name. -1 when this
 * program's words are not found.
 */
int pack_load_here(
	struct cli *, const char *dir, const char *spec, struct pack_build *b, struct err *e) MUST_CHECK;
/* The same, but a bad pack is -1 with everything said on stdout. */
int pack_need_here(struct cli *, const char *dir, struct pack_build *b, struct err *e) MUST_CHECK;
/* The findings of a report or status, one a line. */
void errors_print(struct cli *, const struct value *errors);

/* Verbs; argv[0] is the first argument behind the verb. Results as in struct command. */
int rules_check(struct cli *, int argc, char **argv, struct err *e);
int rules_try(struct cli *, int argc, char **argv, struct err *e);
int rules_diff(struct cli *, int argc, char **argv, struct err *e);
/* Show a verdict (rules.check, rules.status, pack_build_report): 0, or 1 for a bad pack. */
int verdict_print(struct cli *, const struct value *verdict, const char *what);
