/* tocsind: arguments, signals, wiring; no logic. */
#include <event2/event.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>

#include "daemon/care.h"
#include "daemon/libraries.h"
#include "tocsin/clock.h"
#include "tocsin/desk.h"
#include "tocsin/log.h"
#include "tocsin/notify.h"
#include "tocsin/store.h"
#include "tocsin/zh.h"

#define EXIT_USAGE 64

static void on_end(evutil_socket_t fd, short what, void *udata)
{
	(void)fd, (void)what;
	notify_stopping();
	desk_stop(udata);
}

static void on_hup(evutil_socket_t fd, short what, void *udata)
{
	(void)fd, (void)what;
	desk_reload(udata, "SIGHUP");
}

static int serve(struct desk *desk)
{
	struct event_base *base = desk_base(desk);
	struct event *term = evsignal_new(base, SIGTERM, on_end, desk),
		     *intr = evsignal_new(base, SIGINT, on_end, desk);
	struct event *hup = evsignal_new(base, SIGHUP, on_hup, desk);
	int rc;

	must(term != NULL && intr != NULL && hup != NULL);
	must(evsignal_add(term, NULL) == 0 && evsignal_add(intr, NULL) == 0 && evsignal_add(hup, NULL) == 0);
	fprintf(stderr, "ready\n");
	notify_ready("serving");
	rc = desk_run(desk);
	event_free(term);
	event_free(intr);
	event_free(hup);
	return rc;
}

static void wire_store(struct store_config *sc, const struct config *c, struct rng *rng, struct desk **desk)
{
	sc->dir = config_text(c, CONFIG_KEY_DATA);
	sc->map_bytes = (uint64_t)config_number(c, CONFIG_KEY_TABLES_SPACE);
	sc->freeze_bytes = (uint64_t)config_number(c, CONFIG_KEY_MEMORY_TABLE);
	sc->freeze_ms = config_number(c, CONFIG_KEY_MEMORY_AGE);
	sc->stop_bytes = (uint64_t)config_number(c, CONFIG_KEY_MEMORY_LIMIT);
	sc->stop_undurable_bytes = (uint64_t)config_number(c, CONFIG_KEY_JOURNAL_LIMIT);
	sc->segment_bytes = (uint64_t)config_number(c, CONFIG_KEY_JOURNAL_SEGMENT);
	sc->rng = rng;
	sc->on_publish = desk_on_publish;
	sc->udata = desk;
}

static void wire_desk(struct desk_config *dc, const struct config *c, struct care *care)
{
	dc->data_dir = config_text(c, CONFIG_KEY_DATA);
	dc->rules_dir = config_text(c, CONFIG_KEY_RULES);
	dc->share_dir = config_text(c, CONFIG_KEY_SHARE);
	dc->listen = c->settings[CONFIG_KEY_LISTEN].texts;
	dc->n_listen = c->settings[CONFIG_KEY_LISTEN].n;
	dc->http = config_text(c, CONFIG_KEY_HTTP);
	dc->limits = care_limits(c);
	dc->on_reload = care_on_reload;
	dc->on_verdict = care_on_verdict;
	dc->udata = care;
}

#define OPEN_AGAIN (-2)

/* The process's exit code, -1 with *e, or OPEN_AGAIN. */
static int run(struct config *c, int argc, char **argv, struct err *e)
{
	struct clock clock;
	struct rng rng;
	struct store *store;
	struct desk *desk = NULL;
	struct care care = {.beat = NULL};
	struct store_config sc = {0};
	struct desk_config dc = {.clock = &clock, .rng = &rng};
	int rc = -1;

	/* under a virtual clock the same calls give the same journal, byte for byte */
	if (c->is_virtual)
		rng_init_seeded(&rng, (uint64_t)c->virtual_ms);
	else
		rng_init_system(&rng);
	wire_store(&sc, c, &rng, &desk);
	if (store_open(&store, &sc, e) != 0)
		return -1;
	if (c->is_virtual)
		clock_init_virtual(&clock, c->virtual_ms, store_last_at_ms(store));
	else
		clock_init_real(&clock, store_last_at_ms(store));
	wire_desk(&dc, c, &care);
	dc.store = store;
	if (desk_new(&desk, &dc, e) == 0) {
		care_start(&care, desk, store, &clock, c, argc, argv);
		rc = serve(desk);
		if (rc == 0)
			care_end(&care);
		if (rc == 0 && care.is_again)
			rc = OPEN_AGAIN;
		care_free(&care);
		desk_free(desk);
		desk = NULL;
	}
	if (rc <= 0)
		store_close(store);
	return rc;
}

static void print_methods(void)
{
	struct buf out;

	buf_init(&out, (size_t)1024 * 1024);
	desk_methods_markdown(&out);
	fwrite(out.p, 1, out.n, stdout);
	buf_fini(&out);
}

static void print(const struct config *c)
{
	switch (c->action) {
	case CONFIG_DO_HELP:
		config_help(stdout);
		break;
	case CONFIG_DO_HELP_CONFIG:
		config_help_keys(stdout);
		break;
	case CONFIG_DO_PRINT:
		config_print(c, stdout);
		break;
	case CONFIG_DO_MAN_OPTIONS:
		config_man_options(stdout);
		break;
	case CONFIG_DO_MAN_KEYS:
		config_man_keys(stdout);
		break;
	case CONFIG_DO_METHODS:
		print_methods();
		break;
	case CONFIG_DO_VERSION:
		libraries_print(stdout);
		break;
	case CONFIG_DO_CHECK:
	case CONFIG_SERVE:
		break;
	}
}

static int wrong_settings(const struct err *e)
{
	size_t n;
	const char *text = err_said(e, lang_environment(), &n);

	fprintf(stderr, "tocsind: %.*s\n", (int)n, text);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	struct config c;
	const char *text;
	struct err e;
	int rc = 0;
	size_t n;

	/* memory that rules and tables let go of is wanted again in the next turn: do not give it back each
	 * time */
	mallopt(M_TRIM_THRESHOLD, 256 * 1024 * 1024);
	zh_speak();
	if (config_read(&c, argc, argv, &e) != 0)
		return wrong_settings(&e);
	if (config_times(&c, &e) != 0) {
		config_fini(&c);
		return wrong_settings(&e);
	}
	if (c.action == CONFIG_SERVE) {
		log_set_level((enum log_level)config_number(&c, CONFIG_KEY_LOG_LEVEL));
		libraries_log();
		do {
			rc = libraries_check(&e) != 0 ? -1 : run(&c, argc, argv, &e);
		} while (rc == OPEN_AGAIN);
	} else {
		print(&c);
	}
	if (rc < 0) {
		text = err_said(&e, lang_environment(), &n);
		log_line(LOG_ERROR, "start.failed", "code=%s error=%.*s", err_name(e.code), (int)n, text);
		rc = 1;
	}
	config_fini(&c);
	return rc;
}
