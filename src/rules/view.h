/*
 * What conditions read: facts as fields, each resolved when it is first asked for. Private to src/rules.
 *
 * What a view decides (host.decide) and what whole sets say (host.say) becomes part of the decision without
 * ever being a table of Lua; a point returns its decision and the view.
 *
 * Facts are asked by fields (field.h). A *view* is one asking's facts
 * with the fields read so far; points of decision may overwrite a field (host.set). Facts come from C as they
 * are and become Lua tables part by part, only where Lua looks at them. Views and facts die with the asking
 * they were made in: a rule that kept one gets an error, not old memory.
 */
#pragma once

#include "host_int.h"

struct view;

/* Lists of a decision that whole sets fill (host.say). */
enum view_list { VIEW_CLOCKS, VIEW_ADVICE, N_LISTS };

/* host.field, view, get, blank, at, set, decide, whole, note, noted: added to the table on top. Raises. */
void view_open(lua_State *);
/* Push the facts of a question as an object that Lua indexes. Raises. */
void view_push_facts(lua_State *, const struct value *facts);
/* The view at `arg`, which must be one; raises when its asking is over. */
struct view *view_check(lua_State *, int arg);
/* A field's value; NULL when it is absent or nil. */
const struct value *view_get(struct generation *, struct view *, uint32_t field);
/* Absent, or an empty text: nothing was said. */
bool view_is_blank(const struct value *);
/* Entries of history within the last window_ms: of a field that counts. */
int64_t view_count(struct generation *, struct view *, uint32_t field, int64_t window_ms);
/* Whether facts.off names this rule: its condition failed too often, it rests and counts as not holding. */
bool view_is_off(const struct generation *, const struct view *, uint32_t rule);
/* A rule has fired: it is part of the decision's `because`. */
void view_note(struct generation *, struct view *, uint32_t rule);
/* Append to a list of the decision; `what` outlives it (frozen). */
void view_say(struct generation *, struct view *, enum view_list, const struct value *what);
/* Add what the view decided, the lists and `because` to a decision in the arena. */
void view_finish(struct generation *, const struct view *, struct arena *, struct value *decision);
int64_t view_now(const struct view *);
