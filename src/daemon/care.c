#include "care.h"

#include <event2/event.h>
#include <stdio.h>

#include "tocsin/civil.h"
#include "tocsin/log.h"
#include "tocsin/notify.h"
#include "tocsin/store.h"
#include "user.h"

#define BEAT_US INT64_C(500000)
#define STATUS_US INT64_C(10000000)

/* ---- the chain's head ---------------------------------------------------------------------------------- */
/* A chain alone cannot show that its tail was cut off; a log kept elsewhere can. */
static void log_head(struct care *c, const char *why)
{
	struct desk_figures f;
	char day[16], hash[2 * SHA256_LEN + 1];

	desk_figures(c->desk, &f);
	c->day = civil_day_of(c->clock->now_ms);
	log_line(LOG_INFO, "chain.head", "why=%s day=%s seq=%ju hash=%s", why, civil_format(c->day, day),
		(uintmax_t)f.head_seq, hex(f.head_chain, SHA256_LEN, hash));
}

/* ---- the service manager ------------------------------------------------------------------------------- */
static void show_status(struct care *c)
{
	struct desk_figures f;

	desk_figures(c->desk, &f);
	notify_status("generation %jd%s; %ju connections, %ju answers and %ju KiB await the disk, %ju KiB in "
		      "memory, "
		      "%ju timers near",
		(intmax_t)f.generation, c->verdict, (uintmax_t)f.n_connections, (uintmax_t)f.n_awaiting,
		(uintmax_t)f.undurable_bytes / 1024, (uintmax_t)f.memory_bytes / 1024, (uintmax_t)f.n_timers);
}

/* A disk that was full or read-only at start takes something again. */
static void open_again(struct care *c)
{
	if (c->is_again || !store_may_write_now(c->store))
		return;
	log_line(LOG_INFO, "store.again", "text=\"the disk takes something again: the data is opened anew\"");
	notify_reloading("opening the data anew");
	c->is_again = true;
	desk_stop(c->desk);
}

static void on_beat(evutil_socket_t fd, short what, void *udata)
{
	struct care *c = udata;
	int64_t now_us = clock_mono_us();

	(void)fd, (void)what;
	if (c->watchdog_us > 0 && now_us - c->alive_us >= c->watchdog_us / 4) {
		c->alive_us = now_us;
		notify_alive();
	}
	if (now_us - c->status_us >= STATUS_US) {
		c->status_us = now_us;
		show_status(c);
	}
	if (civil_day_of(c->clock->now_ms) != c->day)
		log_head(c, "daily");
	open_again(c);
}

/* ---- reloads ------------------------------------------------------------------------------------------- */
struct server_config care_limits(const struct config *c)
{
	struct server_config k = {.n_conns_max = (uint32_t)config_number(c, CONFIG_KEY_CONNECTIONS),
		.frame_ms = config_number(c, CONFIG_KEY_FRAME_TIMEOUT),
		.hello_ms = config_number(c, CONFIG_KEY_HELLO_TIMEOUT),
		.stall_ms = config_number(c, CONFIG_KEY_STALL_TIMEOUT)};

	return k;
}

static void say_changed(void *udata, const struct config_key *k, const char *before, const char *after)
{
	const char *effect = udata;

	log_line(k->flags & CONFIG_RELOAD ? LOG_INFO : LOG_WARN, "config.changed",
		"key=%s from=%s to=%s effect=%s", k->name, before, after, effect);
}

static void apply(struct care *c, const struct config *fresh)
{
	struct server_config limits = care_limits(fresh);
	char now[] = "now", later[] = "needs a restart";

	config_compare(c->is_reloaded ? &c->now : c->at_start, fresh, true, say_changed, now);
	config_compare(c->at_start, fresh, false, say_changed, later);
	log_set_level((enum log_level)config_number(fresh, CONFIG_KEY_LOG_LEVEL));
	users_apply(c->desk, fresh);
	desk_set_limits(c->desk, &limits);
}

/* Settings that cannot be read change nothing. */
void care_on_reload(void *udata)
{
	struct care *c = udata;
	struct config fresh;
	struct err e;

	notify_reloading("loading settings and rules");
	if (config_read(&fresh, c->argc, c->argv, &e) != 0) {
		log_line(LOG_ERROR, "config.error", "error=%s", e.text);
		return;
	}
	apply(c, &fresh);
	if (c->is_reloaded)
		config_fini(&c->now);
	c->now = fresh;
	c->is_reloaded = true;
}

void care_on_verdict(void *udata, int64_t generation, bool is_ok, uint32_t n_errors)
{
	struct care *c = udata;
	char text[128];

	if (is_ok)
		snprintf(c->verdict, sizeof(c->verdict), ", the last load was taken");
	else
		snprintf(c->verdict, sizeof(c->verdict), ", the last load was refused with %u error%s",
			n_errors, n_errors == 1 ? "" : "s");
	snprintf(text, sizeof(text), "generation %jd%s", (intmax_t)generation, c->verdict);
	c->status_us = clock_mono_us();
	notify_ready(text);
}

/* ---- life ---------------------------------------------------------------------------------------------- */
void care_start(struct care *c, struct desk *desk, const struct store *store, const struct clock *clock,
	const struct config *config, int argc, char **argv)
{
	struct timeval every = {.tv_usec = BEAT_US};

	c->desk = desk;
	c->store = store;
	c->clock = clock;
	c->at_start = config;
	c->argc = argc;
	c->argv = argv;
	c->status_us = clock_mono_us() - STATUS_US; /* the first beat shows one */
	c->watchdog_us = notify_watchdog_us();
	if (c->watchdog_us > 0 && c->watchdog_us / 4 < BEAT_US)
		every.tv_usec = c->watchdog_us / 4;
	c->beat = event_new(desk_base(desk), -1, EV_PERSIST, on_beat, c);
	must(c->beat != NULL && event_add(c->beat, &every) == 0);
	users_apply(desk, config);
	log_head(c, "start");
}

void care_end(struct care *c)
{
	log_head(c, "stop");
}

void care_free(struct care *c)
{
	if (c->beat != NULL)
		event_free(c->beat);
	if (c->is_reloaded)
		config_fini(&c->now);
}
