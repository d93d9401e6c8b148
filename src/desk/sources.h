/* Since when each source of complaints has been silent, and whether that is as the pack expects. Loop thread.
 */
#pragma once

#include "desk_int.h"

struct sources;

/* Reads what is kept. 0, or -1 from the store. */
int sources_new(struct desk *, struct err *e) MUST_CHECK;
void sources_free(struct sources *);
/* A row of TABLE_COUNTER was published. */
void sources_on_publish(struct sources *, struct slice key, const struct slice *val);
/* Something came in over it; kept with this work. Of more than 256 sources the first are known. */
void source_seen(struct work *, struct slice name);
/* Those that a pack expects and nobody has heard are late by their rhythm from this work on. */
void sources_expect(struct work *);
/* The rhythm that a pack gives the source; NULL: none. */
const struct value *source_rhythm(const struct value *catalog, struct slice name);
/* When the next of them would be late, or is to be looked at again; INT64_MAX: none has a rhythm. */
int64_t sources_late_ms(struct desk *);
/* [{name, last?, age_ms?, expected_ms?, is_quiet, is_late}] for server.stats. */
struct value sources_value(struct desk *, struct arena *);
