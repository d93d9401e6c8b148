/* What the two flavours of tocsin.h share: errors, options, arguments, subscriptions, events. */
#pragma once

#include <stdarg.h>

#include "message.h"
#include "tocsin.h"

#define RETRY_MS_MIN 100
#define RETRY_MS_MAX 5000

/* A public value is an inner one under another name. */
static inline const struct value *value_inside(const struct tocsin_value *v)
{
	return (const struct value *)v;
}

static inline const struct tocsin_value *value_outside(const struct value *v)
{
	return (const struct tocsin_value *)v;
}

/* An error of ours (TOCSIN_BAD_REQUEST, TOCSIN_LOST, TOCSIN_TIMEOUT …) into *to, which may be NULL; -1. */
int error_set(struct tocsin_error *to, enum tocsin_code code, const char *message);
/* What the daemon refused, or what a function of base refused (word = NULL); -1. */
int error_take(struct tocsin_error *to, const struct err *from, const char *word);

/* Copy options and their texts into the arena, defaults filled in; 0, or -1 without an address. */
int options_keep(struct tocsin_options *to, const struct tocsin_options *from, struct arena *,
	struct tocsin_error *e) MUST_CHECK;
/* The arguments of session.hello. */
struct value hello_args(struct arena *, const struct tocsin_options *);
/* A format must give a map; *e of base. With wants_request_id one is added unless there is one. */
int args_take(struct arena *, bool wants_request_id, const char *format, va_list, struct value *args,
	struct err *e) MUST_CHECK;

/* A subscription that goes on behind the last event on the next connection. */
struct follow {
	struct arena arena;
	bool is_on;
	struct value args;    /* of topic.subscribe; a map */
	const char *consumer; /* or NULL */
	int64_t last_seq;     /* of the event given last, or where it began; -1 before */
	int64_t acked;        /* -1: nothing */
};

void follow_init(struct follow *);
void follow_fini(struct follow *);
/* Take up these arguments (copied) in place of earlier ones. */
void follow_start(struct follow *, const struct value *args);
/* What to say to topic.subscribe now. */
struct value follow_args(const struct follow *, struct arena *);
/*
 * topic.subscribe answered. True if topic.ack is to be said (follow_ack): of what may have got lost, and at
 * the first time, so that a consumer which ends before its first event goes on there.
 */
bool follow_started(struct follow *, const struct value *result);
/* The arguments of topic.ack. */
struct value follow_ack(const struct follow *, struct arena *);
/* Read what came with topic.event, and remember it as given. False if it is none of an event. */
bool follow_event(struct follow *, const struct value *content, struct tocsin_event *event);
