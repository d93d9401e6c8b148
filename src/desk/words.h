/* The desk's lexicon (tocsin/lexicon.h), kept in TABLE_WORD: numbers given by a work are rows of its entry.
 */
#pragma once

#include "desk_int.h"

/* All that the store has; NULL with err when a row is missing or damaged. */
struct lexicon *words_load(struct store *, struct err *);
/* Give numbers to texts that stand in the live pack as they are; to others, which may tell of a customer,
 * none. */
void words_say(struct work *, const struct value *said);
/* Stage what this work gave, as rows; its commit keeps them (lexicon_keep), its abort drops them. */
void words_stage(struct work *);
