/* Rows to calls: a window of calls in flight, answers in order, every row accounted for. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "import_int.h"
#include "tocsin/util.h"

#define BUSY_WAIT_US 50000
#define SAVE_ROWS 1000

/* A row that was sent and not answered. */
struct flight {
	struct arena arena;
	struct csv_row row;
	struct value args;
	uint32_t msgid;
};

struct sender {
	struct import *im;
	struct csv csv;
	struct flight flights[CLIENT_IN_FLIGHT_MAX];
	uint32_t first, n; /* the window: flights[(first + i) % CLIENT_IN_FLIGHT_MAX] */
	uint64_t n_done;   /* rows worked */
	uint64_t n_safe; /* rows worked from the beginning of the file, without a gap: what --resume may skip
			  */
	bool has_gap;    /* a row was sent again behind later ones */
	bool is_end;
};

static int send_flight(struct sender *s, struct flight *f, struct err *e)
{
	struct import *im = s->im;

	return client_send(&im->cli->client, im->map.method, &f->args, &f->msgid, e);
}

/* Errors that are about this row; all others stop the import. */
static bool is_rows_fault(const struct err *e)
{
	return e->code == ERR_BAD_REQUEST || e->code == ERR_REJECTED || e->code == ERR_CONFLICT ||
	       e->code == ERR_TOO_LARGE || e->code == ERR_NOT_FOUND;
}

static void refused(struct import *im, const struct csv_row *row, const struct err *e)
{
	struct refusal why;

	if (e->argument[0] != '\0')
		snprintf(why.class, sizeof(why.class), "%s: %s", err_name(e->code), e->argument);
	else
		snprintf(why.class, sizeof(why.class), "%s: %.120s", err_name(e->code), cli_said(e));
	why.class[utf8_clip(why.class, strlen(why.class))] = '\0';
	snprintf(why.text, sizeof(why.text), "%s: %s", err_name(e->code), cli_said(e));
	import_refuse(im, row, &why);
}

static void done(struct sender *s)
{
	s->first = (s->first + 1) % CLIENT_IN_FLIGHT_MAX;
	s->n--;
	s->n_done++;
	s->has_gap = s->has_gap && s->n > 0;
	if (!s->has_gap)
		s->n_safe = s->n_done;
	if (s->n_done % SAVE_ROWS == 0)
		resume_save(s->im, s->n_safe);
}

/* The daemon was busy: the oldest row goes behind those in flight; the order of rows is not promised. */
static int send_again(struct sender *s, struct err *e)
{
	struct flight again = s->flights[s->first];
	struct flight *last = &s->flights[(s->first + s->n - 1) % CLIENT_IN_FLIGHT_MAX];

	usleep(BUSY_WAIT_US);
	for (uint32_t i = 0; i + 1 < s->n; i++)
		s->flights[(s->first + i) % CLIENT_IN_FLIGHT_MAX] =
			s->flights[(s->first + i + 1) % CLIENT_IN_FLIGHT_MAX];
	*last = again;
	s->has_gap = true;
	return send_flight(s, last, e);
}

/* The answer to the oldest call in flight. */
static int take_answer(struct sender *s, struct err *e)
{
	struct flight *f = &s->flights[s->first];
	struct import *im = s->im;
	struct message m = {.is_notification = true};
	struct arena a;
	int rc = 0;

	arena_init(&a, 0);
	while (rc == 0 && m.is_notification)
		rc = client_receive(&im->cli->client, &a, -1, -1, &m, e) < 0 ? -1 : 0;
	if (rc == 0 && m.is_error && m.error.code == ERR_BUSY) {
		rc = send_again(s, e);
	} else if (rc == 0 && m.is_error && !is_rows_fault(&m.error)) {
		*e = m.error;
		rc = -1;
	} else if (rc == 0) {
		if (!m.is_error)
			im->report.n_imported++;
		else if (m.error.code == ERR_CONFLICT && strcmp(m.error.argument, "source_ref") == 0)
			im->report.n_known++;
		else
			refused(im, &f->row, &m.error);
		done(s);
	}
	arena_fini(&a);
	return rc;
}

/* Everything in flight is answered; rows refused here keep their place in the count that way. */
static int drain(struct sender *s, struct err *e)
{
	while (s->n > 0)
		if (take_answer(s, e) != 0)
			return -1;
	return 0;
}

static int take_refusal(struct sender *s, const struct csv_row *row, const struct refusal *why, struct err *e)
{
	if (drain(s, e) != 0)
		return -1;
	import_refuse(s->im, row, why);
	s->n_safe = ++s->n_done;
	return 0;
}

static int take_row(struct sender *s, struct flight *f, struct err *e)
{
	struct import *im = s->im;
	struct refusal why;
	struct err broken;
	int got = csv_next(&s->csv, &f->arena, &f->row, &broken);

	if (got == 0) {
		s->is_end = true;
		return 0;
	}
	im->report.n_rows++;
	if (im->report.n_rows <= im->skip) {
		im->report.n_skipped++;
		s->n_safe = ++s->n_done;
		return 0;
	}
	if (got < 0) {
		snprintf(why.class, sizeof(why.class), "%.150s", broken.text);
		why.class[utf8_clip(why.class, strlen(why.class))] = '\0';
		snprintf(why.text, sizeof(why.text), "%s", broken.text);
		return take_refusal(s, &f->row, &why, e);
	}
	if (row_arguments(&f->arena, &im->map, &f->row, im->header.n, &f->args, &why) != 0)
		return take_refusal(s, &f->row, &why, e);
	if (im->is_dry) {
		im->report.n_imported++;
		s->n_done++;
		return 0;
	}
	if (send_flight(s, f, e) == 0) {
		s->n++;
		return 0;
	}
	if (im->cli->client.is_lost)
		return -1;
	snprintf(why.class, sizeof(why.class), "too_large");
	snprintf(why.text, sizeof(why.text), "%.550s", cli_said(e));
	return take_refusal(s, &f->row, &why, e);
}

static int send_rows(struct sender *s, struct err *e)
{
	while (!s->is_end) {
		struct flight *f = &s->flights[(s->first + s->n) % CLIENT_IN_FLIGHT_MAX];

		arena_reset(&f->arena);
		if (take_row(s, f, e) != 0)
			return -1;
		if (s->n == CLIENT_IN_FLIGHT_MAX && take_answer(s, e) != 0)
			return -1;
		import_progress(s->im, csv_part(&s->csv), false);
	}
	return drain(s, e);
}

int import_send(struct import *im, struct err *e)
{
	struct sender *s = calloc(1, sizeof(*s));
	struct csv_row header;
	struct arena a;
	int rc;

	must(s != NULL);
	s->im = im;
	arena_init(&a, 0);
	for (size_t i = 0; i < CLIENT_IN_FLIGHT_MAX; i++)
		arena_init(&s->flights[i].arena, 65536);
	csv_init(&s->csv, im->text, im->map.delimiter);
	rc = csv_next(&s->csv, &a, &header, e) == 1 ? send_rows(s, e) : -1;
	import_progress(im, csv_part(&s->csv), true);
	if (rc != 0)
		resume_save(im, s->n_safe);
	for (size_t i = 0; i < CLIENT_IN_FLIGHT_MAX; i++)
		arena_fini(&s->flights[i].arena);
	arena_fini(&a);
	free(s);
	return rc;
}
