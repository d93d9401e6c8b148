/* A ticket's stored row as a value, and as the MessagePack that callers see. */
#include <string.h>

#include "desk/ticket_code.h"

static int damaged(struct err *e)
{
	return err_set(e, ERR_STORAGE, "a stored ticket is damaged");
}

/* ---- as a value ---------------------------------------------------------------------------------------- */
static struct value key_value(struct arena *a, const struct ticket_pair *pair)
{
	return pair->field != TICKET_FIELD_NONE ? value_borrow(pair->key.p, pair->key.n)
						: value_text(a, pair->key.p, pair->key.n);
}

static int decode_pairs(const struct lexicon *lexicon, struct arena *a, const struct ticket_parts *p,
	struct value *row, struct err *e)
{
	struct slice rest = p->pairs;

	for (uint32_t i = 0; i < p->n_pairs; i++) {
		struct ticket_pair pair;
		struct value v;

		if (ticket_pair_take(&rest, &pair) != 0 || stored_value(a, lexicon, pair.stored, &v) != 0)
			return damaged(e);
		value_add_key(a, row, key_value(a, &pair), v);
	}
	return rest.n == 0 ? 0 : damaged(e);
}

int ticket_decode(struct store *s, struct tx *tx, const struct lexicon *lexicon, struct arena *a,
	struct slice bytes, struct value *row, struct err *e)
{
	struct ticket_parts p;
	struct value timers;

	if (ticket_parse(bytes, &p, e) != 0 || ticket_texts(s, tx, &p, e) != 0)
		return -1;
	*row = value_map(a, p.n_pairs + p.n_texts + 3);
	if (decode_pairs(lexicon, a, &p, row, e) != 0)
		return -1;
	for (uint32_t i = 0; i < p.n_texts && !p.is_erased; i++)
		value_add(a, row, arena_text(a, p.texts[i].key.p, p.texts[i].key.n),
			value_borrow(p.texts[i].p, p.texts[i].n));
	if (p.is_erased)
		value_add(a, row, "erased", value_bool(true));
	if (p.clocks.n > 0)
		value_add(a, row, "clocks", value_bytes(p.clocks.p, p.clocks.n));
	if (p.timers.n > 0) {
		if (value_decode(a, p.timers, &timers, e) != 0)
			return -1;
		value_add(a, row, "timers", timers);
	}
	return 0;
}

/* ---- as MessagePack ------------------------------------------------------------------------------------ */
#define ERASED                                                                                               \
	"\xa6"                                                                                               \
	"erased"                                                                                             \
	"\xc3" /* one pair */

/* Which fields are wanted: by number, those of other names by name. */
struct wanted {
	uint8_t fields[N_TICKET_FIELDS];
	const struct value *names;
};

static void wanted_init(struct wanted *w, const struct value *names)
{
	w->names = names;
	memset(w->fields, 0, sizeof(w->fields));
	for (uint32_t i = 0; i < names->n; i++)
		w->fields[ticket_field_number(value_slice(&names->as.items[i]), TICKET_FIELD_id)] = 1;
}

static bool is_wanted(const struct wanted *w, struct slice key, unsigned field)
{
	if (field != TICKET_FIELD_NONE)
		return w->fields[field] != 0;
	for (uint32_t i = 0; i < w->names->n; i++)
		if (slice_cmp(value_slice(&w->names->as.items[i]), key) == 0)
			return true;
	return false;
}

static void put_key(struct buf *b, struct slice key, unsigned field)
{
	struct value name = value_borrow(key.p, key.n);

	if (field != TICKET_FIELD_NONE)
		buf_add(b, &ticket_field_names[field], key.n + 1);
	else
		value_encode(b, &name);
}

static void put_text(struct buf *b, const struct ticket_text *t)
{
	struct value text = value_borrow(t->p, t->n);

	put_key(b, t->key, t->field);
	value_encode(b, &text);
}

/* A head of three bytes, when it is known how many fields are wanted. */
static void patch_head(struct buf *b, size_t at, uint32_t n)
{
	if (b->is_full)
		return;
	b->p[at + 1] = (uint8_t)(n >> 8);
	b->p[at + 2] = (uint8_t)n;
}

/*
 * Most of what a ticket has is short, and all of it is copied for every ticket of a list. So while as many
 * bytes may be read and written, pieces are copied by constant sizes, whatever their length.
 */
#define PIECE 32                                                 /* bytes */
#define ROOM (FIELD_NAME_ROOM + LEXICON_TEXT_MAX + LEXICON_ROOM) /* for a name and a piece */

/* Where a copy stands: p is read up to `last`, which is PIECE bytes before the end, `to` written up to limit.
 */
struct copy {
	const uint8_t *p, *last;
	uint8_t *to, *limit;
};

/* A piece, which is no map or array and not longer than PIECE; false: it is. */
static inline bool copy_piece(struct copy *c, const struct lexicon *lexicon)
{
	size_t n = stored_lengths[c->p[0]];
	struct slice text;

	if (c->p[0] == TEXT_REF) {
		text = lexicon_packed(lexicon, (uint32_t)c->p[1] << 8 | c->p[2]);
		if (text.p == NULL || text.n > LEXICON_ROOM)
			return false;
		memcpy(c->to, text.p, LEXICON_ROOM);
		c->to += text.n;
		c->p += 3;
		return true;
	}
	memcpy(c->to, c->p, PIECE);
	c->to += n;
	c->p += n;
	return n > 0 && n <= PIECE;
}

/* A short map or array of pieces. */
static bool copy_pieces(struct copy *c, const struct lexicon *lexicon)
{
	uint32_t n = c->p[0] < 0x90 ? 2 * (c->p[0] & 15u) : c->p[0] & 15u;

	if (c->p[0] < 0x80 || c->p[0] >= 0xa0)
		return false;
	*c->to++ = *c->p++;
	for (; n > 0; n--)
		if (c->p > c->last || c->to > c->limit || !copy_piece(c, lexicon))
			return false;
	return true;
}

/* As many fields as can be copied so; *n_pairs those that are left, in what is returned. */
static struct slice copy_short(
	struct buf *b, const struct lexicon *lexicon, struct slice rest, uint32_t *n_pairs)
{
	const uint8_t *from = rest.p, *end = from + rest.n;
	struct copy c = {from, end - PIECE - 1, b->p + b->n, b->p + b->cap - ROOM}, done;
	uint32_t left = *n_pairs;

	for (; left > 0 && c.p <= c.last && c.to <= c.limit; left--) {
		const struct field_name *name = &ticket_field_names[c.p[0] < N_TICKET_FIELDS ? c.p[0] : 0];

		done = c;
		memcpy(c.to, name, FIELD_NAME_ROOM);
		c.to += 1 + name->n;
		c.p++;
		if (name->n == 0 || (!copy_piece(&c, lexicon) && !copy_pieces(&c, lexicon)))
			goto out;
	}
	done = c;
out:
	*n_pairs = left;
	b->n = (size_t)(done.to - b->p);
	return slice_of(done.p, (size_t)(end - done.p));
}

/* Room for n more bytes without counting them. */
static bool make_room(struct buf *b, size_t n)
{
	if (b->is_full || n > b->max - b->n || buf_space(b, n) == NULL)
		return false;
	b->n -= n;
	return true;
}

static int put_pairs(
	struct buf *b, const struct lexicon *lexicon, const struct ticket_parts *p, struct err *e)
{
	struct slice rest = p->pairs;
	uint32_t left = p->n_pairs;

	while (left > 0) {
		struct ticket_pair pair;

		if (rest.n > PIECE && make_room(b, (left + 1) * (size_t)ROOM))
			rest = copy_short(b, lexicon, rest, &left);
		if (left == 0)
			break;
		if (ticket_pair_take(&rest, &pair) != 0)
			return damaged(e);
		put_key(b, pair.key, pair.field);
		stored_copy(b, lexicon, pair.stored);
		left--;
	}
	return 0;
}

static int compose_all(
	struct buf *b, const struct lexicon *lexicon, const struct ticket_parts *p, struct err *e)
{
	value_encode_map(b, p->n_pairs + (p->is_erased ? 1 : p->n_texts));
	if (put_pairs(b, lexicon, p, e) != 0)
		return -1;
	for (uint32_t i = 0; i < p->n_texts && !p->is_erased; i++)
		put_text(b, &p->texts[i]);
	if (p->is_erased)
		buf_add(b, ERASED, sizeof(ERASED) - 1);
	return 0;
}

int ticket_compose(struct buf *b, const struct lexicon *lexicon, const struct ticket_parts *p,
	const struct value *fields, struct err *e)
{
	struct slice rest = p->pairs;
	struct wanted wanted;
	size_t from = b->n;
	uint32_t n = 0;

	if (fields == NULL)
		return compose_all(b, lexicon, p, e);
	wanted_init(&wanted, fields);
	buf_add(b, "\xde\0\0", 3);
	for (uint32_t i = 0; i < p->n_pairs; i++) {
		struct ticket_pair pair;

		if (ticket_pair_take(&rest, &pair) != 0)
			return damaged(e);
		if (!is_wanted(&wanted, pair.key, pair.field))
			continue;
		put_key(b, pair.key, pair.field);
		stored_copy(b, lexicon, pair.stored);
		n++;
	}
	for (uint32_t i = 0; i < p->n_texts && !p->is_erased; i++) {
		if (!is_wanted(&wanted, p->texts[i].key, p->texts[i].field))
			continue;
		put_text(b, &p->texts[i]);
		n++;
	}
	if (p->is_erased && is_wanted(&wanted, SLICE_TEXT("erased"), TICKET_FIELD_erased)) {
		buf_add(b, ERASED, sizeof(ERASED) - 1);
		n++;
	}
	patch_head(b, from, n);
	return 0;
}
