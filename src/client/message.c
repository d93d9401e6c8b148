#include "message.h"

#include <string.h>

#include "tocsin/util.h"
#include "tocsin/wire.h"

/* [type, msgid?, method, [args]] */
static void encode(struct buf *out, const struct value *msgid, const char *method, const struct value *args)
{
	struct value items[4], params = {.type = VALUE_ARRAY},
			       whole = {.type = VALUE_ARRAY, .as.items = items};

	if (args != NULL && args->type != VALUE_NIL) {
		params.n = 1;
		params.as.items = (struct value *)args;
	}
	items[whole.n++] = value_int(msgid == NULL ? 2 : 0);
	if (msgid != NULL)
		items[whole.n++] = *msgid;
	items[whole.n++] = value_literal(method);
	items[whole.n++] = params;
	value_encode(out, &whole);
}

int message_call(struct buf *out, uint32_t msgid, const char *method, const struct value *args, struct err *e)
{
	struct value id = value_int(msgid);
	size_t before = out->n, n;

	encode(out, &id, method, args);
	n = out->n - before;
	if (!out->is_full && n <= FRAME_BYTES_MAX)
		return 0;
	out->n = before;
	out->is_full = false;
	return err_set(e, ERR_TOO_LARGE, "%s: the call has %zu bytes, at most %zu are taken", method, n,
		FRAME_BYTES_MAX);
}

void message_notify(struct buf *out, const char *method, const struct value *args)
{
	encode(out, NULL, method, args);
}

static enum err_code code_of(const struct value *name)
{
	static const struct {
		const char *wire;
		enum err_code code;
	} codes[] = {
#define ERR(name, wire, help) {wire, ERR_##name},
		ERR_CODES(ERR)
#undef ERR
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (value_is_text(name, codes[i].wire))
			return codes[i].code;
	return ERR_INTERNAL;
}

static void take_text(char *to, size_t size, const struct value *from)
{
	struct slice s = value_slice(from);
	size_t n = s.p == NULL ? 0 : utf8_clip(s.p, s.n < size ? s.n : size - 1);

	if (s.p != NULL)
		memcpy(to, s.p, n);
	to[n] = '\0';
}

static void take_error(struct arena *a, const struct value *from, struct message *m)
{
	struct err *to = &m->error;

	m->is_error = true;
	m->word = value_cstr(a, value_get(from, "code"));
	memset(to, 0, sizeof(*to));
	to->code = code_of(value_get(from, "code"));
	take_text(to->text, sizeof(to->text), value_get(from, "message"));
	take_text(to->argument, sizeof(to->argument), value_get(from, "argument"));
	take_text(to->value, sizeof(to->value), value_get(from, "value"));
	take_text(to->reason, sizeof(to->reason), value_get(from, "reason"));
}

/*
 * Put NUL behind every text. The byte there is the head of the next value, which has been read already, or
 * the byte more that the copy has.
 */
static void end_texts(struct value *v)
{
	uint32_t n = v->type == VALUE_ARRAY || v->type == VALUE_MAP ? v->n : 0;

	if (v->type == VALUE_TEXT && v->n > 0)
		((char *)v->as.text)[v->n] = '\0';
	for (uint32_t i = 0; i < n; i++)
		if (v->type == VALUE_ARRAY) {
			end_texts(&v->as.items[i]);
		} else {
			end_texts(&v->as.pairs[i].key);
			end_texts(&v->as.pairs[i].val);
		}
}

static int broken(struct err *e, const char *why)
{
	return err_set(e, ERR_INTERNAL, "the daemon's answer: %s", why);
}

int message_value(struct arena *a, struct slice bytes, struct value *v, struct err *e)
{
	struct frame_scan scan;
	enum frame_state state;
	struct slice frame;
	uint8_t *copy;

	if (bytes.n == 0)
		return 0;
	frame_scan_init(&scan, FRAME_BYTES_MAX);
	state = frame_scan(&scan, bytes.p, bytes.n, e);
	if (state == FRAME_MORE)
		return 0;
	if (state == FRAME_BROKEN)
		return broken(e, "is no MessagePack");
	copy = arena_alloc(a, scan.at + 1);
	memcpy(copy, bytes.p, scan.at);
	frame = slice_of(copy, scan.at);
	if (value_decode(a, frame, v, e) != 0)
		return broken(e, "is no MessagePack");
	end_texts(v);
	return (int)scan.at;
}

int message_read(struct arena *a, struct slice bytes, struct message *m, struct err *e)
{
	const struct value *error, *content;
	struct value v;
	int64_t type = -1;
	int used;

	memset(m, 0, sizeof(*m));
	used = message_value(a, bytes, &v, e);
	if (used <= 0)
		return used;
	if (!value_as_int(value_at(&v, 0), &type) || (type != 1 && type != 2) || v.n != (type == 1 ? 4 : 3))
		return broken(e, "is neither a reply nor a notification");
	m->is_notification = type == 2;
	if (m->is_notification) {
		m->method = value_cstr(a, value_at(&v, 1));
		content = value_at(value_at(&v, 2), 0);
		if (m->method == NULL)
			return broken(e, "is a notification without a method");
	} else {
		m->msgid = (uint32_t)value_int_or(value_at(&v, 1), 0);
		error = value_at(&v, 2);
		content = value_at(&v, 3);
		if (!value_is(error, VALUE_NIL))
			take_error(a, error, m);
	}
	m->content = content == NULL ? value_nil : *content;
	return used;
}
