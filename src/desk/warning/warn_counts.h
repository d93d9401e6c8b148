/*
 * Counts: how many complaints, further contacts and signals fell into each minute, per stream. Loop thread.
 *
 *   TABLE_COUNT  be64 start of the minute in ms, stream text → varint, absolute (replay is idempotent)
 *   stream       "c/CITY/CATEGORY" of complaints; "s/CITY/KIND/SERVICE/COMPONENT" of signals; a part that is
 *                not known is empty. Names of a pack hold no slash.
 *
 * Only these leaves are rows. Sums over cities, categories or clusters are made in memory, and so are those
 * of the bins that watches name: a bin is whole minutes, so a pack may change it and lose nothing.
 *
 * Memory holds the newest minutes of every stream in a ring, derived from the rows.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "desk/stream_name.h"
#include "tocsin/buf.h"
#include "tocsin/store.h"

#define MINUTE_MS INT64_C(60000)
#define STREAM_TEXT_MAX 440

struct stream {
	struct stream *next_in_slot;
	uint32_t number; /* in order of appearance */
	struct stream_name name;
	int64_t newest_ms; /* start of the newest minute that ever had something, since the start */
	uint32_t *ring;    /* n_minutes of struct counts */
	size_t text_n;
	char text[];
};

struct counts {
	uint32_t n_minutes; /* of a ring */
	int64_t head_ms;    /* start of the newest minute in the rings */
	struct stream **slots;
	uint32_t n_slots, n_streams; /* slots: a power of two */
	struct stream **list;        /* by number */
	uint32_t list_cap;
	/* A stream was met for the first time; NULL: nobody asks. */
	void (*on_stream)(void *udata, struct stream *);
	void *udata;
};

/* A key of TABLE_COUNT in `out`; returns its length. `text` has at most STREAM_TEXT_MAX bytes. */
#define COUNT_KEY_MAX (8 + STREAM_TEXT_MAX)
size_t count_key(uint8_t out[COUNT_KEY_MAX], int64_t start_ms, struct slice text);
/* "c/CITY/CATEGORY" into out; 0 when it would be longer than STREAM_TEXT_MAX. */
size_t stream_text(char out[STREAM_TEXT_MAX], char what, const struct slice *parts, uint32_t n_parts);

/* Borrows from the text. */
void stream_split(struct slice text, struct stream_name *out);

void counts_init(struct counts *);
void counts_fini(struct counts *);
/*
 * Rings of n_minutes up to and with the one that holds until_ms, read from the store; streams are kept. 0, or
 * -1 from the store.
 */
int counts_load(
	struct counts *, struct store *, uint32_t n_minutes, int64_t until_ms, struct err *e) MUST_CHECK;
/* Streams that had something since from_ms, before the rings: that they are there, and when last. */
int counts_meet(struct counts *, struct store *, int64_t from_ms, struct err *e) MUST_CHECK;
/* A row of TABLE_COUNT was published. Minutes behind the ring are only in the rows. */
void counts_on_publish(struct counts *, struct slice key, const struct slice *val);
/* The stream of that text, met now if it was never counted. */
struct stream *counts_need(struct counts *, struct slice text);
/* Start of the minute that holds at_ms. */
int64_t minute_of(int64_t at_ms);
/* Start of the oldest minute in the rings. */
int64_t counts_first_ms(const struct counts *);
/* What the stream has in [from_ms, to_ms), whole minutes; those outside of the ring count nothing. */
uint64_t counts_sum(const struct counts *, const struct stream *, int64_t from_ms, int64_t to_ms);
/* What the row of that minute says: 1 and *n; 0 not known in memory (behind the ring), ask the store. */
int counts_row(const struct counts *, struct slice text, int64_t start_ms, uint64_t *n);
