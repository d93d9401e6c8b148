/* A ticket's row as bytes, and back; ticket_code.c draws it. */
#pragma once

#include "desk_int.h"
#include "ticket_fields.h"

#define TICKET_TEXTS_MAX 16
#define TICKET_TEXT_MIN 24 /* bytes; what is shorter stands in the row */

/* A text that stands in the event of the entry that opened the ticket. */
struct ticket_text {
	struct slice key;
	unsigned field; /* number of the key, or 0 */
	uint32_t at, n; /* of the event part */
	const char *p;  /* filled by ticket_texts, unless erased */
};

struct ticket_parts {
	uint64_t seq; /* of the entry that opened the ticket */
	uint32_t n_texts, n_pairs;
	bool is_erased;
	struct slice clocks, timers, pairs;
	struct ticket_text texts[TICKET_TEXTS_MAX];
};

/* A field of the row as it is stored. */
struct ticket_pair {
	struct slice key;
	unsigned field; /* number of the key, or 0 */
	struct slice stored;
};

/* Everything borrows from the bytes. 0, or -1 with ERR_STORAGE. */
int ticket_parse(struct slice row, struct ticket_parts *, struct err *) MUST_CHECK;
/* Take the next field from the parts' pairs: 0, or -1 when they are damaged. */
int ticket_pair_take(struct slice *pairs, struct ticket_pair *) MUST_CHECK;
/* Find the texts: 0, or -1. tx may be NULL. */
int ticket_texts(struct store *, struct tx *, struct ticket_parts *, struct err *) MUST_CHECK;
/* The ticket as ticket.get shows it, without clocks and timers; of it only these fields (texts), NULL for
 * all. 0, or -1 with ERR_STORAGE. */
int ticket_compose(struct buf *, const struct lexicon *, const struct ticket_parts *,
	const struct value *fields, struct err *) MUST_CHECK;
/* The row's bytes: seq and texts of the parts, everything else of the value. The lexicon may be NULL. */
void ticket_encode(struct buf *, struct lexicon *, const struct ticket_parts *, const struct value *row);
/* Long texts of a new row that lie in the params of its call. */
void ticket_borrow(struct ticket_parts *, const struct value *row, struct slice params);
/* Of a changed row: what it still says stays borrowed. */
void ticket_keep_borrowed(struct ticket_parts *, const struct value *row);
