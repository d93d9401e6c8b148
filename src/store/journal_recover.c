/*
 * Opening a journal directory.
 *
 * What an honest disk can show after a power cut: everything up to the last synced entry S, unharmed; of the
 * one batch written behind it any subset of 512-byte sectors, so any of its records, and the heads of
 * segments begun in it, may be whole, torn or old; files being made under a ".new" name; a recycled file
 * under its old or its new name. Hence the walk: from the segment that holds from_seq + 1, take records while
 * CRC, seq = last + 1 and the chain hold; where one does not, go on in a segment whose head continues exactly
 * there, else the journal ends. Stale records of recycled or discarded segments cannot be taken: their seq is
 * too small or their chain differs.
 *
 * Every record and head carries `synced`, the S of its writing. Something whole that stands behind the end
 * and has synced >= the first missing seq proves that the missing entry had been acknowledged: no power cut
 * leaves that, so opening refuses. Honest leftovers never prove it, since their S is smaller than the seq
 * they were torn at.
 *
 * What was taken may still be only in the page cache (the process was killed before its sync, or its sync
 * failed and the kernel calls the pages clean), so everything behind the last known S is written and synced
 * once more.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/journal_int.h"
#include "tocsin/log.h"

#define WIPE_BYTES 4096

struct found {
	struct segment *s; /* moved into the journal's lists at the end */
	struct segment_head head;
	bool has_head;
	bool is_taken;     /* part of the walk */
	uint64_t last_seq; /* of its last record, when taken */
};

struct recovery {
	struct journal *j;
	const struct journal_config *config;
	int (*replay)(void *udata, const struct entry *entry, struct err *e);
	void *udata;
	struct found *found; /* by number */
	size_t n, cap;
	uint8_t *bytes; /* of the segment in hand */
	size_t bytes_cap;
	size_t start, tail; /* indexes of the first and last segment of the walk */
	uint64_t last_seq, synced;
	uint8_t chain[SHA256_LEN];
};

static bool id_is_set(const uint8_t id[JOURNAL_ID_LEN])
{
	static const uint8_t none[JOURNAL_ID_LEN];

	return memcmp(id, none, JOURNAL_ID_LEN) != 0;
}

/* ---- the directory ------------------------------------------------------------------------------------- */
static void found_add(struct recovery *r, uint64_t number)
{
	if (r->n == r->cap) {
		r->cap = r->cap > 0 ? 2 * r->cap : 16;
		r->found = realloc(r->found, r->cap * sizeof(*r->found));
		must(r->found != NULL);
	}
	memset(&r->found[r->n], 0, sizeof(r->found[0]));
	r->found[r->n++].s = segment_new(number);
}

static int found_cmp(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	return (x->s->number > y->s->number) - (x->s->number < y->s->number);
}

static bool is_half_made(const char *name)
{
	size_t n = strlen(name);

	return n > 4 && strcmp(name + n - 4, ".new") == 0;
}

static int dir_list(struct recovery *r, struct err *e)
{
	int fd = openat(r->j->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *d;

	if (dir == NULL) {
		err_set(e, ERR_STORAGE, "journal: read %s: %s", r->config->dir, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	errno = 0;
	while ((d = readdir(dir)) != NULL) {
		uint64_t number;

		if (segment_number(d->d_name, &number))
			found_add(r, number);
		else if (is_half_made(d->d_name) && !r->j->is_read_only)
			unlinkat(r->j->dir_fd, d->d_name, 0);
		errno = 0;
	}
	closedir(dir);
	if (r->n > 1)
		qsort(r->found, r->n, sizeof(r->found[0]), found_cmp);
	return 0;
}

static int heads_read(struct recovery *r, struct err *e)
{
	struct journal *j = r->j;

	for (size_t i = 0; i < r->n; i++) {
		struct found *f = &r->found[i];
		int rc;

		if (segment_open(j->dir_fd, f->s, j->is_read_only, e) != 0)
			return -1;
		rc = segment_head_read(f->s, j->id, &f->head, e);
		if (rc < 0)
			return -1;
		f->has_head = rc == 1;
		if (f->has_head && !id_is_set(j->id))
			memcpy(j->id, f->head.id, JOURNAL_ID_LEN);
		j->next_number = f->s->number + 1;
	}
	return 0;
}

static int bytes_load(struct recovery *r, const struct segment *s, struct err *e)
{
	if (s->bytes > r->bytes_cap) {
		free(r->bytes);
		r->bytes = malloc(s->bytes);
		must(r->bytes != NULL);
		r->bytes_cap = s->bytes;
	}
	return segment_read(s, r->bytes, s->bytes, 0, e);
}

/* ---- the walk ------------------------------------------------------------------------------------------ */
static int chain_check(const struct recovery *r, const char *name, struct err *e)
{
	const struct journal_config *c = r->config;

	if (r->last_seq != c->from_seq || memcmp(r->chain, c->from_chain, SHA256_LEN) == 0)
		return 0;
	return err_set(e, ERR_STORAGE,
		"journal: %s: entry %ju is not the one the tables hold (its chain differs); tables and "
		"journal must come "
		"from the same data directory",
		name, (uintmax_t)c->from_seq);
}

static const struct entry *record_at(const struct recovery *r, const struct segment *s, uint64_t at)
{
	const void *p = r->bytes + at;

	return entry_is_good(p, s->bytes - at, r->j->id) ? p : NULL;
}

static bool record_continues(const struct recovery *r, const struct entry *en)
{
	uint8_t chain[SHA256_LEN];

	if (en == NULL || en->seq != r->last_seq + 1)
		return false;
	entry_chain(r->chain, en->seq, en->event_hash, chain);
	return memcmp(chain, en->chain, SHA256_LEN) == 0;
}

static int record_take(struct recovery *r, const struct segment *s, const struct entry *en, struct err *e)
{
	r->last_seq = en->seq;
	r->synced = en->synced;
	memcpy(r->chain, en->chain, SHA256_LEN);
	if (chain_check(r, s->name, e) != 0)
		return -1;
	return en->seq > r->config->from_seq ? r->replay(r->udata, en, e) : 0;
}

static int segment_walk(struct recovery *r, struct found *f, struct err *e)
{
	struct segment *s = f->s;
	const struct entry *en;

	f->is_taken = true;
	s->first_seq = f->head.first_seq;
	r->synced = f->head.synced;
	if (bytes_load(r, s, e) != 0)
		return -1;
	for (s->at = SEGMENT_HEAD; s->at < s->bytes; s->at += en->length) {
		en = record_at(r, s, s->at);
		if (!record_continues(r, en))
			break;
		if (record_take(r, s, en, e) != 0)
			return -1;
	}
	f->last_seq = r->last_seq;
	return 0;
}

/* Index of the segment to begin with: the last that starts at or before from_seq + 1; r->n when there is
 * none. */
static size_t start_find(const struct recovery *r)
{
	size_t start = r->n;

	for (size_t i = 0; i < r->n; i++) {
		if (r->found[i].has_head && r->found[i].head.first_seq <= r->config->from_seq + 1)
			start = i;
	}
	return start;
}

static size_t next_find(const struct recovery *r, size_t i)
{
	for (i++; i < r->n; i++) {
		const struct found *f = &r->found[i];

		if (f->has_head && f->head.first_seq == r->last_seq + 1 &&
			memcmp(f->head.chain, r->chain, SHA256_LEN) == 0)
			break;
	}
	return i;
}

static int gap_err(const struct recovery *r, struct err *e)
{
	uint64_t from = r->config->from_seq;

	for (size_t i = 0; i < r->n; i++) {
		const struct found *f = &r->found[i];

		if (f->has_head)
			return err_set(e, ERR_STORAGE,
				"journal: %s begins with entry %ju, but the tables hold only up to %ju; "
				"older tables cannot be "
				"joined with a newer journal",
				f->s->name, (uintmax_t)f->head.first_seq, (uintmax_t)from);
	}
	return err_set(e, ERR_STORAGE,
		"journal: %s holds no segment of the journal that the tables belong to; expected one that "
		"continues entry %ju",
		r->config->dir, (uintmax_t)from);
}

static int walk(struct recovery *r, struct err *e)
{
	size_t i = start_find(r);

	if (i == r->n)
		return gap_err(r, e);
	r->start = i;
	r->last_seq = r->found[i].head.first_seq - 1;
	memcpy(r->chain, r->found[i].head.chain, SHA256_LEN);
	if (chain_check(r, r->found[i].s->name, e) != 0)
		return -1;
	for (; i < r->n; i = next_find(r, i)) {
		r->tail = i;
		if (segment_walk(r, &r->found[i], e) != 0)
			return -1;
	}
	if (r->last_seq >= r->config->from_seq)
		return 0;
	return err_set(e, ERR_STORAGE,
		"journal: %s ends at offset %ju with entry %ju, but the tables hold up to %ju",
		r->found[r->tail].s->name, (uintmax_t)r->found[r->tail].s->at, (uintmax_t)r->last_seq,
		(uintmax_t)r->config->from_seq);
}

/* ---- proof of a loss ----------------------------------------------------------------------------------- */
static int loss_err(
	const struct recovery *r, const struct segment *proof, uint64_t at, uint64_t synced, struct err *e)
{
	const struct segment *s = r->found[r->tail].s;

	return err_set(e, ERR_STORAGE,
		"journal: %s is corrupt at offset %ju: entry %ju had been acknowledged (%s, offset %ju, knew "
		"%ju as durable) but is "
		"not there; restore a backup, or ask for help before moving any file",
		s->name, (uintmax_t)s->at, (uintmax_t)r->last_seq + 1, proof->name, (uintmax_t)at,
		(uintmax_t)synced);
}

/* Look at every place a record may stand at, since a broken length hides where the next one begins. */
static int records_prove(const struct recovery *r, const struct segment *s, uint64_t at, struct err *e)
{
	for (; at + sizeof(struct entry) <= s->bytes; at += 8) {
		const struct entry *en = (const void *)(r->bytes + at);

		if (en->synced > r->last_seq && record_at(r, s, at) != NULL)
			return loss_err(r, s, at, en->synced, e);
	}
	return 0;
}

/* The tail's bytes are in hand. */
static int proof_find(struct recovery *r, struct err *e)
{
	if (records_prove(r, r->found[r->tail].s, r->found[r->tail].s->at, e) != 0)
		return -1;
	for (size_t i = r->tail + 1; i < r->n; i++) {
		const struct found *f = &r->found[i];

		if (f->has_head && f->head.synced > r->last_seq)
			return loss_err(r, f->s, 0, f->head.synced, e);
		if (bytes_load(r, f->s, e) != 0 || records_prove(r, f->s, SEGMENT_HEAD, e) != 0)
			return -1;
	}
	return 0;
}

/* ---- repair -------------------------------------------------------------------------------------------- */
/* Zero what stands behind the last record; pages that are zero already are left alone. */
static int tail_wipe(const struct recovery *r, const struct segment *s, struct err *e)
{
	static const uint8_t zeros[WIPE_BYTES];

	for (uint64_t at = s->at; at < s->bytes;) {
		uint64_t end = (at / WIPE_BYTES + 1) * WIPE_BYTES;
		size_t n = (size_t)((end < s->bytes ? end : s->bytes) - at);

		if (memcmp(r->bytes + at, zeros, n) != 0 && segment_write(s, zeros, n, at, e) != 0)
			return -1;
		at += n;
	}
	return 0;
}

/* Write again what is behind the last proof of durability, and make the rest of the segment zero. */
static int segment_repair(struct recovery *r, struct found *f, uint64_t synced, struct err *e)
{
	struct segment *s = f->s;
	uint64_t at = SEGMENT_HEAD;

	if (bytes_load(r, s, e) != 0)
		return -1;
#ifdef MUTANT_TRUST_CACHE /* planted defect: what reads well is taken for durable */
	synced = r->last_seq;
#endif
	if (f->head.first_seq > synced && segment_write(s, &f->head, sizeof(f->head), 0, e) != 0)
		return -1;
	while (at < s->at && ((const struct entry *)(const void *)(r->bytes + at))->seq <= synced)
		at += ((const struct entry *)(const void *)(r->bytes + at))->length;
	if (at < s->at && segment_write(s, r->bytes + at, s->at - at, at, e) != 0)
		return -1;
	if (f == &r->found[r->tail] && tail_wipe(r, s, e) != 0)
		return -1;
	return segment_sync(s, e);
}

static int head_wipe(const struct segment *s, struct err *e)
{
	static const struct segment_head none;

	return segment_write(s, &none, sizeof(none), 0, e) == 0 ? segment_sync(s, e) : -1;
}

static int repair(struct recovery *r, struct err *e)
{
	for (size_t i = 0; i < r->n; i++) {
		struct found *f = &r->found[i];

		if (f->is_taken && (i == r->tail || f->last_seq > r->synced)) {
			if (segment_repair(r, f, r->synced, e) != 0)
				return -1;
		} else if (f->has_head && i > r->tail && head_wipe(f->s, e) != 0) {
			return -1;
		}
	}
	return dir_sync(r->j->dir_fd, e);
}

/* ---- setting up ---------------------------------------------------------------------------------------- */
/* The walk and what is before it are in use (the latter until care trims it), files of the right size behind
 * are spares. */
static void lists_fill(struct recovery *r)
{
	struct journal *j = r->j;

	for (size_t i = 0; i < r->n; i++) {
		struct found *f = &r->found[i];

		if (f->is_taken || (f->has_head && i < r->start)) {
			f->s->first_seq = f->head.first_seq;
			segment_list_push(&j->in_use, f->s);
		} else if (i > r->tail && f->s->bytes == j->segment_bytes) {
			segment_list_push(&j->spares, f->s);
		} else {
			if (!j->is_read_only)
				unlinkat(j->dir_fd, f->s->name, 0);
			segment_free(f->s);
		}
		f->s = NULL;
	}
	j->active = j->in_use.last;
}

/* A first segment with its head: from now on a directory without one is a loss. */
static int create(struct recovery *r, struct err *e)
{
	struct journal *j = r->j;
	const struct journal_config *c = r->config;
	struct segment_head head;
	struct segment *s;

	memcpy(j->id, c->new_id, JOURNAL_ID_LEN);
	must(id_is_set(j->id));
	if (j->next_number == 0)
		j->next_number = 1;
	segment_head_fill(&head, j->next_number, j->id, c->from_seq + 1, c->from_seq, c->from_chain);
	s = segment_make(j->dir_fd, j->next_number, j->segment_bytes, &head, e);
	if (s == NULL)
		return -1;
	j->next_number++;
	s->first_seq = head.first_seq;
	segment_list_push(&j->in_use, s);
	j->active = s;
	return 0;
}

static bool has_heads(const struct recovery *r)
{
	for (size_t i = 0; i < r->n; i++) {
		if (r->found[i].has_head)
			return true;
	}
	return false;
}

/* No journal yet, and nobody says that there was one. */
static int start_new(struct recovery *r, struct err *e)
{
	const struct journal_config *c = r->config;

	if (!r->j->is_read_only) {
		/* files of a creation that was cut off */
		for (size_t i = 0; i < r->n; i++)
			unlinkat(r->j->dir_fd, r->found[i].s->name, 0);
		if (create(r, e) != 0)
			return -1;
	}
	journal_start_at(r->j, c->from_seq, c->from_chain);
	return 0;
}

static int recover(struct recovery *r, struct err *e)
{
	struct journal *j = r->j;

	if (dir_list(r, e) != 0 || heads_read(r, e) != 0)
		return -1;
	if (!id_is_set(r->config->id) && !has_heads(r))
		return start_new(r, e);
	if (walk(r, e) != 0 || proof_find(r, e) != 0)
		return -1;
	if (!j->is_read_only && repair(r, e) != 0)
		return -1;
	lists_fill(r);
	journal_start_at(j, r->last_seq, r->chain);
	log_line(LOG_INFO, "journal.open", "segments=%u free=%u last_seq=%ju replayed=%ju", j->in_use.n,
		j->spares.n, (uintmax_t)r->last_seq, (uintmax_t)(r->last_seq - r->config->from_seq));
	return 0;
}

int journal_recover(struct journal *j, const struct journal_config *config,
	int (*replay)(void *udata, const struct entry *entry, struct err *e), void *udata, struct err *e)
{
	struct recovery r = {.j = j, .config = config, .replay = replay, .udata = udata};
	int rc;

	memcpy(j->id, config->id, JOURNAL_ID_LEN);
	rc = recover(&r, e);
	for (size_t i = 0; i < r.n; i++)
		segment_free(r.found[i].s);
	free(r.found);
	free(r.bytes);
	return rc;
}
