#include "tocsin/wire.h"

#include <string.h>

enum kind { PLAIN, ARRAY, MAP, BROKEN };

/*
 * What a first byte says: `head_n` bytes stand before the payload (length field and extension type included,
 * and the whole of a number); `count_n` of them, at offset 1, hold the count, else the bits `mask` of the
 * byte itself.
 */
struct token {
	uint8_t head_n, count_n, mask, kind;
};

static const struct token tokens[256] = {
	[0x00 ... 0x7f] = {1, 0, 0x00, PLAIN}, /* positive fixint */
	[0x80 ... 0x8f] = {1, 0, 0x0f, MAP},
	[0x90 ... 0x9f] = {1, 0, 0x0f, ARRAY},
	[0xa0 ... 0xbf] = {1, 0, 0x1f, PLAIN}, /* fixstr */
	[0xc0] = {1, 0, 0x00, PLAIN},          /* nil */
	[0xc1] = {1, 0, 0x00, BROKEN},
	[0xc2 ... 0xc3] = {1, 0, 0x00, PLAIN}, /* false, true */
	[0xc4] = {2, 1, 0x00, PLAIN},          /* bin 8, 16, 32 */
	[0xc5] = {3, 2, 0x00, PLAIN},
	[0xc6] = {5, 4, 0x00, PLAIN},
	[0xc7] = {3, 1, 0x00, PLAIN}, /* ext 8, 16, 32: length, type, payload */
	[0xc8] = {4, 2, 0x00, PLAIN},
	[0xc9] = {6, 4, 0x00, PLAIN},
	[0xca] = {5, 0, 0x00, PLAIN}, /* float 32, 64 */
	[0xcb] = {9, 0, 0x00, PLAIN},
	[0xcc] = {2, 0, 0x00, PLAIN}, /* uint 8 to 64 */
	[0xcd] = {3, 0, 0x00, PLAIN},
	[0xce] = {5, 0, 0x00, PLAIN},
	[0xcf] = {9, 0, 0x00, PLAIN},
	[0xd0] = {2, 0, 0x00, PLAIN}, /* int 8 to 64 */
	[0xd1] = {3, 0, 0x00, PLAIN},
	[0xd2] = {5, 0, 0x00, PLAIN},
	[0xd3] = {9, 0, 0x00, PLAIN},
	[0xd4] = {3, 0, 0x00, PLAIN}, /* fixext 1, 2, 4, 8, 16 */
	[0xd5] = {4, 0, 0x00, PLAIN},
	[0xd6] = {6, 0, 0x00, PLAIN},
	[0xd7] = {10, 0, 0x00, PLAIN},
	[0xd8] = {18, 0, 0x00, PLAIN},
	[0xd9] = {2, 1, 0x00, PLAIN}, /* str 8, 16, 32 */
	[0xda] = {3, 2, 0x00, PLAIN},
	[0xdb] = {5, 4, 0x00, PLAIN},
	[0xdc] = {3, 2, 0x00, ARRAY},
	[0xdd] = {5, 4, 0x00, ARRAY},
	[0xde] = {3, 2, 0x00, MAP},
	[0xdf] = {5, 4, 0x00, MAP},
	[0xe0 ... 0xff] = {1, 0, 0x00, PLAIN}, /* negative fixint */
};

static uint64_t count_of(const struct token *t, const uint8_t *p)
{
	switch (t->count_n) {
	case 0:
		return p[0] & t->mask;
	case 1:
		return p[1];
	case 2:
		return (uint64_t)p[1] << 8 | p[2];
	default:
		return load_be32(p + 1);
	}
}

void frame_scan_init(struct frame_scan *s, size_t max)
{
	must(max > 0 && max <= UINT32_MAX / 2);
	s->at = 0;
	s->max = (uint32_t)max;
	s->owed = 1;
	s->depth = 0;
	s->left[0] = 1;
}

static enum frame_state broken(
	const struct frame_scan *s, const struct token *t, uint64_t count, struct err *e)
{
	static const char *const what[] = {"a value", "an array", "a map"};

	if (t->kind == BROKEN)
		err_set(e, ERR_BAD_REQUEST, "byte 0xc1 at offset %zu of the frame is not MessagePack", s->at);
	else if (t->kind == PLAIN)
		err_set(e, ERR_TOO_LARGE,
			"a value of %ju bytes at offset %zu does not fit in a frame of at most %u bytes",
			(uintmax_t)(t->head_n + count), s->at, s->max);
	else
		err_set(e, ERR_TOO_LARGE,
			"%s of %ju elements at offset %zu does not fit in a frame of at most %u bytes",
			what[t->kind], (uintmax_t)count, s->at, s->max);
	return FRAME_BROKEN;
}

static enum frame_state too_deep(const struct frame_scan *s, struct err *e)
{
	err_set(e, ERR_TOO_LARGE, "the value at offset %zu of the frame is nested deeper than %d levels",
		s->at, FRAME_DEPTH_MAX);
	return FRAME_BROKEN;
}

enum frame_state frame_scan(struct frame_scan *s, const uint8_t *p, size_t n, struct err *e)
{
	while (s->owed > 0) {
		const struct token *t;
		uint64_t count, n_values = 0, n_bytes = 0;

		if (s->at >= n)
			return FRAME_MORE;
		t = &tokens[p[s->at]];
		/* invariant: at + owed <= max, and this token is one of the owed */
		if (t->kind == BROKEN || s->at + t->head_n + s->owed - 1 > s->max)
			return broken(s, t, 0, e);
		if (n - s->at < t->head_n)
			return FRAME_MORE;
		count = count_of(t, p + s->at);
		if (t->kind == PLAIN)
			n_bytes = count;
		else
			n_values = t->kind == MAP ? count * 2 : count;
		if (s->at + t->head_n + n_bytes + n_values + s->owed - 1 > s->max)
			return broken(s, t, count, e);
		if (t->kind != PLAIN && s->depth == FRAME_DEPTH_MAX)
			return too_deep(s, e);
		s->at += t->head_n + n_bytes;
		s->owed += (uint32_t)n_values - 1;
		s->left[s->depth]--;
		if (t->kind != PLAIN)
			s->left[++s->depth] = (uint32_t)n_values;
		while (s->depth > 0 && s->left[s->depth] == 0)
			s->depth--;
	}
	return s->at <= n ? FRAME_WHOLE : FRAME_MORE;
}

int frame_check(struct slice bytes, size_t max, struct err *e)
{
	struct frame_scan s;

	frame_scan_init(&s, max);
	switch (frame_scan(&s, bytes.p, bytes.n, e)) {
	case FRAME_BROKEN:
		return -1;
	case FRAME_MORE:
		return err_set(e, ERR_BAD_REQUEST, "the value is cut off after %zu bytes", bytes.n);
	case FRAME_WHOLE:
		break;
	}
	if (s.at != bytes.n)
		return err_set(e, ERR_BAD_REQUEST, "%zu bytes follow the value", bytes.n - s.at);
	return 0;
}

bool frame_peek_msgid(const uint8_t *p, size_t n, uint32_t *msgid)
{
	const struct token *t;

	if (n < 3 || p[0] != 0x94 || p[1] != 0x00)
		return false;
	t = &tokens[p[2]];
	if (n - 2 < t->head_n)
		return false;
	if (p[2] < 0x80)
		*msgid = p[2];
	else if (p[2] == 0xcc)
		*msgid = p[3];
	else if (p[2] == 0xcd)
		*msgid = (uint32_t)p[3] << 8 | p[4];
	else if (p[2] == 0xce)
		*msgid = load_be32(p + 3);
	else
		return false;
	return true;
}
