/* One stream at one close: inputs, tests, the level machine. */
#include "tocsin/detect.h"

#include <math.h>
#include <string.h>

#include "tocsin/tail.h"

#define UNWATCHED UINT32_MAX
#define UNDER_MAX 1000000 /* what counts on for ever would be another row at every close */
#define COUNT_LIMIT 1e12  /* no count of a stream is larger */

/* What a baseline expects of the bins looked back on, the newest first: asked for once. */
struct expected {
	uint32_t n;
	int32_t day; /* that class is of */
	int class;
	double mean[WATCH_BINS_MAX];
	bool is_learned, is_assumed;
};

struct look {
	const struct watch *watch;
	const struct close *close;
	struct farrington weekly;
	struct expected *expected;
	struct detected *out;
};

/* ---- what is usual ------------------------------------------------------------------------------------- */
/* Until it is learned the pack's word counts, or what is known already when that is more. */
static struct expectation or_assumed(const struct look *k, struct expectation x)
{
	double assumed = x.is_learned ? 0 : watch_fixed(k->watch, k->close->city);

	return assumed > 0 ? (struct expectation){true, true, fmax(x.mean, assumed)} : x;
}

static struct expectation expect_baseline(const struct look *k, uint32_t back)
{
	struct expected *x = k->expected;
	const struct close *c = k->close;

	if (c->baseline == NULL)
		return or_assumed(k, (struct expectation){0});
	for (; x->n <= back; x->n++) {
		int32_t day, second = civil_second_of(c->start_ms - x->n * k->watch->bin_ms, &day);
		struct expectation one;

		if (x->n == 0 || day != x->day)
			x->class = baseline_class(c->baseline, day);
		x->day = day;
		one = or_assumed(k, baseline_expect_at(c->baseline, c->parent, x->class, day, second / 60));
		x->mean[x->n] = one.mean;
		x->is_learned = one.is_learned; /* of all bins or of none */
		x->is_assumed = one.is_assumed;
	}
	return (struct expectation){x->is_learned, x->is_assumed, x->mean[back]};
}

static struct expectation expect_bin(const struct look *k, uint32_t back)
{
	const struct watch *w = k->watch;
	const struct close *c = k->close;

	switch (w->expect) {
	case EXPECT_FIXED:
		return (struct expectation){.is_learned = true, .mean = watch_fixed(w, c->city)};
	case EXPECT_BASELINE:
		return expect_baseline(k, back);
	case EXPECT_FARRINGTON:
		return (struct expectation){.is_learned = k->weekly.is_learned, .mean = k->weekly.mean};
	default:
		return (struct expectation){0};
	}
}

static double dispersion_of(const struct look *k, uint32_t bins)
{
	switch (k->watch->expect) {
	case EXPECT_BASELINE:
		return k->close->baseline == NULL ? k->watch->baseline.dispersion
						  : baseline_dispersion(k->close->baseline, bins);
	case EXPECT_FARRINGTON:
		return k->weekly.dispersion;
	default:
		return k->watch->dispersion;
	}
}

/* P(as many or more by chance) of a sum, as far as the model and this stream's past tell. */
static double chance(const struct look *k, const struct watch_input *in, const struct seen *s, double count,
	bool is_poisson)
{
	double p;

	if (isnan(s->expected))
		return NAN;
	if (is_poisson)
		return tail_poisson(s->expected, count);
	p = tail_negbin(s->expected, s->dispersion, count);
	if (k->watch->expect == EXPECT_BASELINE && k->close->baseline != NULL)
		p = baseline_calibrate(k->close->baseline, in->bins, p);
	return p;
}

/* ---- inputs -------------------------------------------------------------------------------------------- */
static void see_sum(const struct look *k, const struct watch_input *in, struct seen *s)
{
	s->expected = 0;
	for (uint32_t back = 0; back < in->bins; back++) {
		struct expectation x = expect_bin(k, back);

		if (k->close->counts[back] == UNWATCHED)
			continue;
		s->is_known = true;
		s->n_bins++;
		s->value += k->close->counts[back];
		s->expected += x.is_learned ? x.mean : NAN;
	}
	if (!s->is_known)
		s->expected = NAN;
	s->dispersion = dispersion_of(k, in->bins);
	s->p = chance(k, in, s, s->value, false);
}

static void see_cusum(const struct look *k, const struct watch_input *in, double *kept, struct seen *s)
{
	struct expectation x = expect_bin(k, 0);

	if (k->close->counts[0] != UNWATCHED && x.is_learned && !x.is_assumed && x.mean > 0)
		*kept = cusum_step(&in->cusum, *kept, k->close->counts[0], x.mean, dispersion_of(k, 1));
	s->is_known = true;
	s->value = *kept;
}

static void see_all(const struct look *k, struct detector *d)
{
	for (uint32_t i = 0; i < k->watch->n_inputs; i++) {
		const struct watch_input *in = &k->watch->inputs[i];
		struct seen *s = &k->out->seen[i];

		*s = (struct seen){.expected = NAN, .dispersion = 1, .p = NAN};
		if (in->kind == INPUT_SUM) {
			see_sum(k, in, s);
		} else if (in->kind == INPUT_CUSUM) {
			see_cusum(k, in, &d->cusum[i], s);
		} else if (k->close->given != NULL && !isnan(k->close->given[i])) {
			s->is_known = true;
			s->value = k->close->given[i];
		}
	}
}

/* ---- tests --------------------------------------------------------------------------------------------- */
static double chance_of(const struct look *k, const struct test *t, double count)
{
	const struct seen *s = &k->out->seen[t->input];

	if (!t->is_poisson && count == s->value)
		return s->p; /* known already */
	return chance(k, &k->watch->inputs[t->input], s, count, t->is_poisson);
}

static bool tail_holds(const struct look *k, const struct test *t, double count)
{
	double p;

	if (count < t->at_least)
		return false;
	p = chance_of(k, t, count);
	return p <= t->value; /* false for NaN */
}

/* The smallest count that this test takes; without a model its minimum. */
static double least_count(const struct look *k, const struct test *t)
{
	double low = 0, high = fmax(1, ceil(t->at_least));

	if (t->op == TEST_AT_LEAST || t->op == TEST_MORE_THAN)
		return t->op == TEST_AT_LEAST ? t->value : floor(t->value) + 1;
	if (t->op != TEST_TAIL || isnan(k->out->seen[t->input].expected))
		return t->at_least;
	while (!tail_holds(k, t, high) && high < COUNT_LIMIT) {
		low = high;
		high *= 2;
	}
	while (high - low > 1) {
		double middle = floor((low + high) / 2);

		if (tail_holds(k, t, middle))
			high = middle;
		else
			low = middle;
	}
	return high;
}

/* The smallest count of this input by which the row can be entered; 0: by none. */
static double entry_of(const struct look *k, const struct level_row *row, uint8_t input)
{
	double least = INFINITY;

	for (uint32_t g = 0; g < row->enter.n_groups; g++)
		for (uint32_t i = 0; i < row->enter.groups[g].n; i++) {
			const struct test *t = &row->enter.groups[g].tests[i];

			if (t->input == input && t->op != TEST_LESS_THAN && t->op != TEST_AT_MOST)
				least = fmin(least, least_count(k, t));
		}
	return isinf(least) ? 0 : least;
}

static bool test_holds(const struct look *k, const struct level_row *row, const struct test *t)
{
	const struct seen *s = &k->out->seen[t->input];
	double value = s->value;

	if (t->is_per_10000) {
		if (k->close->subscribers <= 0)
			return t->op == TEST_LESS_THAN || t->op == TEST_AT_MOST;
		value = value * 10000 / k->close->subscribers;
	}
	switch ((enum test_op)t->op) {
	case TEST_AT_LEAST:
		return value >= t->value;
	case TEST_MORE_THAN:
		return value > t->value;
	case TEST_AT_MOST:
		return value <= t->value;
	case TEST_LESS_THAN:
		return value < t->value;
	case TEST_TAIL:
		return tail_holds(k, t, value);
	case TEST_CALM: {
		double p = chance_of(k, t, value);

		return !(p <= t->value); /* what nobody expects is not unusual */
	}
	case TEST_BELOW_ENTRY:
		return value < t->value * entry_of(k, row, t->input);
	}
	never("a test without an operator");
}

/* Index of the first group that holds, or -1. */
static int condition_holds(const struct look *k, const struct level_row *row, const struct condition *c)
{
	for (uint32_t g = 0; g < c->n_groups; g++) {
		uint32_t i = 0;

		while (i < c->groups[g].n && test_holds(k, row, &c->groups[g].tests[i]))
			i++;
		if (i == c->groups[g].n)
			return (int)g;
	}
	return -1;
}

/*
 * Whether what entered the level still holds: leaving it would be entering it again at the next close. A CUSUM
 * does not count, since it ends with its warning.
 */
static bool entry_holds(const struct look *k, const struct level_row *row)
{
	for (uint32_t g = 0; g < row->enter.n_groups; g++) {
		const struct test_group *group = &row->enter.groups[g];
		uint32_t i = 0;

		while (i < group->n && k->watch->inputs[group->tests[i].input].kind != INPUT_CUSUM &&
			test_holds(k, row, &group->tests[i]))
			i++;
		if (i == group->n)
			return true;
	}
	return false;
}

/* ---- the close ----------------------------------------------------------------------------------------- */
static uint8_t first_sum(const struct watch *w)
{
	for (uint8_t i = 0; i < w->n_inputs; i++)
		if (w->inputs[i].kind == INPUT_SUM)
			return i;
	return 0;
}

/* Of tests that had to hold together: a tail says how unlikely it is, a least count only that it is enough. */
static uint8_t most_telling(const struct test_group *g)
{
	for (uint32_t i = 0; i < g->n; i++)
		if (g->tests[i].op == TEST_TAIL)
			return g->tests[i].input;
	return g->tests[0].input;
}

static void tell(const struct look *k, const struct level_state *s, const int *groups)
{
	const struct level_table *t = &k->watch->levels;
	const struct level_row *row = level_row_of(t, s->level);
	struct detected *d = k->out;

	d->to = s->level;
	d->is_ready = s->is_ready;
	d->row = d->group = -1;
	d->input = first_sum(k->watch);
	if (row != NULL && s->level > d->from) {
		d->row = (int)(row - t->rows);
		d->group = groups[d->row];
		d->input = most_telling(&row->enter.groups[d->group]);
	}
	d->quiet = s->quiet;
	d->stay = s->stay;
	d->closes = row == NULL ? 0 : row->closes;
	d->least_stay = row == NULL ? 0 : row->stay;
}

void detect(const struct watch *w, struct detector *d, const struct close *c, struct detected *out)
{
	struct expected expected;
	struct expectation usual;
	struct look k = {.watch = w, .close = c, .expected = &expected, .out = out};
	const struct level_row *present = level_row_of(&w->levels, d->level.level);
	int groups[LEVELS_MAX] = {0};
	uint32_t enters = 0;

	expected.n = 0;
	*out = (struct detected){.from = d->level.level};
	if (w->expect == EXPECT_FARRINGTON)
		k.weekly = farrington_expect(&w->farrington, c->n_history, c->history);
	usual = expect_bin(&k, 0);
	out->is_learned = w->expect == EXPECT_NONE || (usual.is_learned && !usual.is_assumed);
	see_all(&k, d);
	if (c->counts[0] == UNWATCHED) { /* nobody looked: neither louder nor quieter */
		tell(&k, &d->level, groups);
		return;
	}
	for (uint32_t i = 0; i < w->levels.n_rows; i++) {
		const struct level_row *row = &w->levels.rows[i];
		bool leaves = condition_holds(&k, row, &row->leave) >= 0;

		groups[i] = condition_holds(&k, row, &row->enter);
		enters |= groups[i] >= 0 ? UINT32_C(1) << i : 0;
		d->under[i] = !leaves ? 0 : d->under[i] < UNDER_MAX ? d->under[i] + 1 : UNDER_MAX;
		out->is_leaving |= row == present && leaves && !(groups[i] >= 0 && entry_holds(&k, row));
	}
	out->is_changed = level_step(&w->levels, &d->level, enters, out->is_leaving);
	if (out->from > 0 && d->level.level == 0) /* what it gathered belongs to the warning that is over */
		memset(d->cusum, 0, sizeof(d->cusum));
	tell(&k, &d->level, groups);
}

bool detector_is_idle(const struct watch *w, const struct detector *d)
{
	bool is_idle = d->level.level == 0;

	for (uint32_t i = 0; i < w->n_inputs; i++)
		is_idle = is_idle && !(d->cusum[i] > 0);
	return is_idle;
}
