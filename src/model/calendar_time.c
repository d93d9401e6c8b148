/* Working time: each segment is the span of instants from its first local minute to its last, the earlier of
 * two. */
#include "model/calendar_int.h"

/* A local day as instants. */
struct local_day {
	int32_t day;
	int64_t start_ms, end_ms;
};

static struct local_day local_day(int32_t day)
{
	return (struct local_day){day, civil_instant(day, 0), civil_instant(day + 1, 0)};
}

static void local_day_next(struct local_day *d)
{
	d->start_ms = d->end_ms;
	d->day++;
	d->end_ms = civil_instant(d->day + 1, 0);
}

/* A day of 24 hours has no change of offset inside; asking tzdata only about the others keeps long walks
 * cheap. */
static int64_t minute_ms(const struct local_day *d, int minute)
{
	if (d->end_ms - d->start_ms == INT64_C(86400000))
		return d->start_ms + minute * INT64_C(60000);
	return civil_instant(d->day, minute);
}

/* Days of such instants fit an int32_t, sums of them an int64_t. */
static int check_span(int64_t at_ms, int64_t ms, struct err *e)
{
	if (at_ms >= -INSTANT_MAX_MS && at_ms <= INSTANT_MAX_MS && ms >= 0 && ms <= INSTANT_MAX_MS)
		return 0;
	return err_set(e, ERR_BAD_REQUEST, "%jd ms from instant %jd are beyond the year 9999", (intmax_t)ms,
		(intmax_t)at_ms);
}

/* A segment of the day clipped to [from_ms, to_ms); empty if *b <= *a. */
static void clip(
	const struct local_day *d, struct segment s, int64_t from_ms, int64_t to_ms, int64_t *a, int64_t *b)
{
	*a = minute_ms(d, s.from);
	*b = minute_ms(d, s.to);
	if (*a < from_ms)
		*a = from_ms;
	if (*b > to_ms)
		*b = to_ms;
}

int calendar_is_working_day(const struct calendar *c, int32_t day, bool *is, struct err *e)
{
	const struct segments *s;

	if (calendar_day(c, day, &s, e) != 0)
		return -1;
	*is = s->n > 0;
	return 0;
}

int calendar_between(const struct calendar *c, int64_t from_ms, int64_t to_ms, int64_t *ms, struct err *e)
{
	*ms = 0;
	if (to_ms <= from_ms)
		return 0;
	if (check_span(from_ms, 0, e) != 0 || check_span(to_ms, 0, e) != 0)
		return -1;
	if (c == NULL) {
		*ms = to_ms - from_ms;
		return 0;
	}
	for (struct local_day d = local_day(civil_day_of(from_ms)); d.start_ms < to_ms; local_day_next(&d)) {
		const struct segments *s;
		int64_t a, b;

		if (calendar_day(c, d.day, &s, e) != 0)
			return -1;
		for (uint32_t i = 0; i < s->n; i++) {
			clip(&d, s->list[i], from_ms, to_ms, &a, &b);
			*ms += b > a ? b - a : 0;
		}
	}
	return 0;
}

int calendar_forward(const struct calendar *c, int64_t from_ms, int64_t ms, int64_t *at_ms, struct err *e)
{
	if (check_span(from_ms, ms, e) != 0)
		return -1;
	*at_ms = from_ms + ms;
	if (c == NULL || ms == 0)
		return 0;
	for (struct local_day d = local_day(civil_day_of(from_ms));; local_day_next(&d)) {
		const struct segments *s;
		int64_t a, b;

		if (calendar_day(c, d.day, &s, e) != 0)
			return -1;
		for (uint32_t i = 0; i < s->n; i++) {
			clip(&d, s->list[i], from_ms, INT64_MAX, &a, &b);
			if (b - a >= ms) {
				*at_ms = a + ms;
				return 0;
			}
			ms -= b > a ? b - a : 0;
		}
	}
}
