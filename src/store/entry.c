#include "tocsin/entry.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "tocsin/err.h"

#define ID_LEN 16
#define SEALED offsetof(struct entry, seq) /* the CRC covers what follows */

_Static_assert(sizeof(struct entry) == 120, "the head is the disk format");

uint64_t entry_length(size_t event_n, size_t changes_n)
{
	return (sizeof(struct entry) + (uint64_t)event_n + changes_n + 7) & ~(uint64_t)7;
}

struct entry *entry_new(
	uint64_t seq, int64_t at_ms, const uint8_t salt[ENTRY_SALT], struct slice event, struct slice changes)
{
	uint64_t length = entry_length(event.n, changes.n);
	struct entry *en;

	must(length <= INT32_MAX);
	en = calloc(1, length);
	must(en != NULL);
	en->length = (uint32_t)length;
	en->seq = seq;
	en->at_ms = at_ms;
	en->event_n = (uint32_t)event.n;
	en->changes_n = (uint32_t)changes.n;
	memcpy(en->salt, salt, ENTRY_SALT);
	if (event.n > 0)
		memcpy(en->bytes, event.p, event.n);
	if (changes.n > 0)
		memcpy(en->bytes + event.n, changes.p, changes.n);
	return en;
}

void entry_hash(const struct entry *en, uint8_t event_hash[SHA256_LEN])
{
	struct slice parts[] = {slice_of(en->salt, ENTRY_SALT), entry_event(en)};

	sha256_slices(parts, 2, event_hash);
}

void entry_chain(const uint8_t previous[SHA256_LEN], uint64_t seq, const uint8_t event_hash[SHA256_LEN],
	uint8_t chain[SHA256_LEN])
{
	uint8_t link[SHA256_LEN + 8 + SHA256_LEN];

	memcpy(link, previous, SHA256_LEN);
	store_be64(link + SHA256_LEN, seq);
	memcpy(link + SHA256_LEN + 8, event_hash, SHA256_LEN);
	sha256(link, sizeof(link), chain);
}

static uint32_t entry_crc(const struct entry *en, const uint8_t journal_id[ID_LEN])
{
	uint32_t seed = crc32c(0, journal_id, ID_LEN);

	return crc32c(seed, (const uint8_t *)en + SEALED, en->length - SEALED);
}

void entry_seal(struct entry *en, uint64_t synced, const uint8_t previous[SHA256_LEN],
	const uint8_t journal_id[ID_LEN])
{
	en->synced = synced;
	entry_hash(en, en->event_hash);
	entry_chain(previous, en->seq, en->event_hash, en->chain);
	en->crc = entry_crc(en, journal_id);
}

bool entry_is_good(const void *p, size_t room, const uint8_t journal_id[ID_LEN])
{
	const struct entry *en = p;

	if (room < sizeof(*en) || en->length > room || en->length < sizeof(*en))
		return false;
	if (en->length != entry_length(en->event_n, en->changes_n) || en->seq <= en->synced)
		return false;
	return en->crc == entry_crc(en, journal_id);
}
