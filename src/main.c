/* tocsind: arguments, signals, wiring; no logic. */
#include <event2/event.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>

#include "desk/config.h"
#include "tocsin/clock.h"
#include "tocsin/desk.h"
#include "tocsin/log.h"
#include "tocsin/store.h"

#define EXIT_USAGE 64

static void on_end(evutil_socket_t fd, short what, void *udata)
{
	(void)fd;
	(void)what;
	desk_stop(udata);
}

static void on_hup(evutil_socket_t fd, short what, void *udata)
{
	(void)fd;
	(void)what;
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
	sd_notify(0, "READY=1");
	rc = desk_run(desk);
	sd_notify(0, "STOPPING=1");
	event_free(term);
	event_free(intr);
	event_free(hup);
	return rc;
}

static int run(const struct config *c, struct clock *clock, struct rng *rng, struct err *e)
{
	struct desk *desk = NULL;
	struct store_config sc = {
		.dir = c->data_dir, .rng = rng, .on_publish = desk_on_publish, .udata = &desk};
	struct desk_config dc = {.data_dir = c->data_dir,
		.rules_dir = c->rules_dir,
		.share_dir = c->share_dir,
		.clock = clock,
		.rng = rng,
		.listen = (const char *const *)c->listen,
		.n_listen = c->n_listen};
	struct store *store;
	int rc = 1;

	if (store_open(&store, &sc, e) != 0)
		return -1;
	dc.store = store;
	if (c->is_virtual)
		clock_init_virtual(clock, c->virtual_ms, store_last_at_ms(store));
	else
		clock_init_real(clock, store_last_at_ms(store));
	if (desk_new(&desk, &dc, e) != 0) {
		store_close(store);
		return -1;
	}
	rc = serve(desk);
	desk_free(desk);
	desk = NULL;
	if (rc == 0)
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

int main(int argc, char **argv)
{
	struct config c;
	struct clock clock;
	struct rng rng;
	struct err e;
	int rc;

	/* memory that rules and tables let go of is wanted again in the next turn: do not give it back each
	 * time */
	mallopt(M_TRIM_THRESHOLD, 256 * 1024 * 1024);
	if (config_read(&c, argc, argv, &e) != 0) {
		fprintf(stderr, "tocsind: %s\n", e.text);
		return EXIT_USAGE;
	}
	if (c.is_help) {
		config_help(stdout);
		return 0;
	}
	if (c.is_methods) {
		print_methods();
		config_fini(&c);
		return 0;
	}
	if (clock_zone_set(c.zone, &e) != 0 || config_times(&c, &e) != 0) {
		fprintf(stderr, "tocsind: %s\n", e.text);
		return EXIT_USAGE;
	}
	/* under a virtual clock the same calls give the same journal, byte for byte */
	if (c.is_virtual)
		rng_init_seeded(&rng, (uint64_t)c.virtual_ms);
	else
		rng_init_system(&rng);
	rc = run(&c, &clock, &rng, &e);
	if (rc < 0) {
		log_line(LOG_ERROR, "start.failed", "code=%s error=\"%s\"", err_name(e.code), e.text);
		rc = 1;
	}
	config_fini(&c);
	return rc;
}
