/*
 * An entry: what one call did, as one contiguous block that is, byte for byte, the journal's record and the
 * source of the row in the events table.
 *
 *   head | event part | changes part
 *
 * The event part is the permanent record, a MessagePack map {at, who, role, method, params, generation?,
 * decisions?, tickets=[{id, version, set={field=[before, after]…}}], result?…} (desk/work.c). The changes
 * part is the list of puts and deletes for the tables; it is needed only until the checkpoint has applied it.
 *
 * Chain: chain = SHA-256(previous chain || be64 seq || event_hash), event_hash = SHA-256(salt || event part),
 * so that an event part and its salt can be erased by law and the chain still proves the rest. First previous
 * chain: 32 zero bytes.
 *
 * The journal thread fills synced, event_hash, chain and crc just before writing; everything else is written
 * once by the engine. Little endian on disk (x86-64, arm64); the segment header says so.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tocsin/buf.h"
#include "tocsin/util.h"

#define ENTRY_SALT 16

struct entry {
	uint32_t length;    /* of the whole record, head included; a multiple of 8, padded with zeros */
	uint32_t crc;       /* CRC-32C of everything behind this field, seeded with the journal id */
	uint64_t seq;       /* last + 1 */
	uint64_t synced;    /* the last seq that was durable before this record's batch was written */
	int64_t at_ms;      /* the turn's now */
	uint32_t event_n;   /* bytes of the event part */
	uint32_t changes_n; /* bytes of the changes part, which follows at once */
	uint8_t salt[ENTRY_SALT];
	uint8_t event_hash[SHA256_LEN];
	uint8_t chain[SHA256_LEN];
	uint8_t bytes[];
};

static inline struct slice entry_event(const struct entry *e)
{
	return slice_of(e->bytes, e->event_n);
}

static inline struct slice entry_changes(const struct entry *e)
{
	return slice_of(e->bytes + e->event_n, e->changes_n);
}

/* Bytes of a record with these parts: head and parts, padded to a multiple of 8. */
uint64_t entry_length(size_t event_n, size_t changes_n);

/*
 * A new entry with both parts copied and the padding zeroed; synced, event_hash, chain and crc are left to
 * entry_seal. Freed with free(). The parts together must stay under 2 GiB.
 */
struct entry *entry_new(uint64_t seq, int64_t at_ms, const uint8_t salt[ENTRY_SALT], struct slice event,
	struct slice changes);

/* event_hash = SHA-256(salt || event part). */
void entry_hash(const struct entry *, uint8_t event_hash[SHA256_LEN]);

/* chain = SHA-256(previous || be64 seq || event_hash). `chain` may be `previous`. */
void entry_chain(const uint8_t previous[SHA256_LEN], uint64_t seq, const uint8_t event_hash[SHA256_LEN],
	uint8_t chain[SHA256_LEN]);

/* Fill synced, event_hash, chain and crc: the last touch before the bytes are written. */
void entry_seal(
	struct entry *, uint64_t synced, const uint8_t previous[SHA256_LEN], const uint8_t journal_id[16]);

/*
 * Whether the bytes at p (aligned to 8, `room` of them) begin with a whole record of this journal: lengths
 * agree, seq > synced, the CRC holds. Says nothing about its place in the chain.
 */
bool entry_is_good(const void *p, size_t room, const uint8_t journal_id[16]);

/*
 * Changes part: a sequence of {u8 table | flag, varint key_n, key, [varint val_n, val]}; a deletion has no
 * value. varint: buf.h, at most 32 bits. Reading checks every bound.
 */
#define CHANGE_DELETE 0x80

struct change {
	uint8_t table; /* enum table, flag removed */
	bool is_delete;
	struct slice key;
	struct slice val; /* key and val are borrowed from the entry */
};

/* 1 a change, cut off the front of *rest, which began as entry_changes; 0 the end, -1 broken bytes. */
int change_next(struct slice *rest, struct change *);
/* Bytes that change_write makes. Key and value under 2^31 bytes. */
size_t change_size(const struct change *);
/* Write one change at `to`; returns what is behind it: the value's last byte is the one before. */
uint8_t *change_write(uint8_t *to, const struct change *);
