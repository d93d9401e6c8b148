#include "handle.h"

#include <stdio.h>
#include <string.h>

#include "format.h"
#include "tocsin/util.h"

#define ERR(name, wire, help) _Static_assert((int)TOCSIN_##name == (int)ERR_##name, wire);
ERR_CODES(ERR)
#undef ERR

/* ---- errors -------------------------------------------------------------------------------------------- */
static const char *own_word(enum tocsin_code code)
{
	return code == TOCSIN_LOST      ? "lost"
	       : code == TOCSIN_TIMEOUT ? "timeout"
					: err_name((enum err_code)code);
}

int error_set(struct tocsin_error *to, enum tocsin_code code, const char *message)
{
	if (to == NULL)
		return -1;
	memset(to, 0, sizeof(*to));
	to->code = code;
	snprintf(to->word, sizeof(to->word), "%s", own_word(code));
	snprintf(to->message, sizeof(to->message), "%s", message);
	return -1;
}

int error_take(struct tocsin_error *to, const struct err *from, const char *word)
{
	if (to == NULL)
		return -1;
	error_set(to, (enum tocsin_code)from->code, from->text);
	if (word != NULL && strcmp(word, to->word) != 0) {
		to->code = TOCSIN_OTHER;
		snprintf(to->word, sizeof(to->word), "%s", word);
	}
	snprintf(to->argument, sizeof(to->argument), "%s", from->argument);
	snprintf(to->value, sizeof(to->value), "%s", from->value);
	snprintf(to->reason, sizeof(to->reason), "%s", from->reason);
	return -1;
}

/* ---- options and arguments ----------------------------------------------------------------------------- */
static const char *keep(struct arena *a, const char *text)
{
	return text == NULL ? NULL : arena_text(a, text, strlen(text));
}

int options_keep(
	struct tocsin_options *to, const struct tocsin_options *from, struct arena *a, struct tocsin_error *e)
{
	*to = *from;
	if (from->address == NULL)
		return error_set(e, TOCSIN_BAD_REQUEST, "options: the address is missing");
	to->address = keep(a, from->address);
	to->token = keep(a, from->token);
	to->as = keep(a, from->as);
	to->client = keep(a, from->client == NULL ? "libtocsin-client" : from->client);
	to->lang = keep(a, from->lang);
	if (to->timeout_ms == 0)
		to->timeout_ms = TOCSIN_TIMEOUT_MS;
	if (to->wake_fd == 0)
		to->wake_fd = -1;
	return 0;
}

struct value hello_args(struct arena *a, const struct tocsin_options *o)
{
	struct value args = value_map(a, 4);

	if (o->token != NULL)
		value_add(a, &args, "token", value_literal(o->token));
	if (o->as != NULL)
		value_add(a, &args, "as", value_literal(o->as));
	value_add(a, &args, "client", value_literal(o->client));
	if (o->lang != NULL)
		value_add(a, &args, "lang", value_literal(o->lang));
	return args;
}

const char *tocsin_request_id(char out[TOCSIN_REQUEST_ID_LEN])
{
	uint8_t bytes[(TOCSIN_REQUEST_ID_LEN - 1) / 2];
	struct rng rng;

	rng_init_system(&rng);
	rng_bytes(&rng, bytes, sizeof(bytes));
	return hex(bytes, sizeof(bytes), out);
}

int args_take(struct arena *a, bool wants_request_id, const char *format, va_list ap, struct value *args,
	struct err *e)
{
	char id[TOCSIN_REQUEST_ID_LEN];

	if (format_value(a, format, ap, args, e) != 0)
		return -1;
	if (args->type != VALUE_MAP)
		return err_set(e, ERR_BAD_REQUEST, "the arguments of a call are a map, not %s",
			value_type_name(args));
	if (wants_request_id && value_get(args, "request_id") == NULL) {
		tocsin_request_id(id);
		value_set(a, args, "request_id", value_text(a, id, strlen(id)));
	}
	return 0;
}

/* ---- subscriptions ------------------------------------------------------------------------------------- */
void follow_init(struct follow *f)
{
	memset(f, 0, sizeof(*f));
	arena_init(&f->arena, 0);
}

void follow_fini(struct follow *f)
{
	arena_fini(&f->arena);
}

void follow_start(struct follow *f, const struct value *args)
{
	arena_reset(&f->arena);
	f->is_on = true;
	f->args = value_copy(&f->arena, args);
	f->consumer = value_cstr(&f->arena, value_get(args, "consumer"));
	f->last_seq = f->acked = -1;
}

struct value follow_args(const struct follow *f, struct arena *a)
{
	struct value args = value_copy_map(a, &f->args);

	if (f->last_seq >= 0)
		value_set(a, &args, "after", value_int(f->last_seq));
	return args;
}

bool follow_started(struct follow *f, const struct value *result)
{
	if (f->last_seq < 0) {
		f->last_seq = value_int_or(value_get(result, "seq"), 0);
		if (value_get(&f->args, "after") == NULL)
			f->acked = f->last_seq;
	}
	return f->consumer != NULL && f->acked >= 0;
}

struct value follow_ack(const struct follow *f, struct arena *a)
{
	struct value args = value_map(a, 2);

	value_add(a, &args, "consumer", value_literal(f->consumer));
	value_add(a, &args, "seq", value_int(f->acked));
	return args;
}

bool follow_event(struct follow *f, const struct value *content, struct tocsin_event *event)
{
	event->seq = value_int_or(value_get(content, "seq"), -1);
	event->at_ms = value_int_or(value_get(content, "at"), 0);
	event->topic = tocsin_text(value_outside(value_get(content, "topic")), NULL);
	event->data = value_outside(value_get(content, "data"));
	if (event->seq < 0 || event->topic == NULL || event->seq <= f->last_seq)
		return false;
	f->last_seq = event->seq;
	return true;
}
