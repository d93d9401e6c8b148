/* Which kind of day a day is. */
#include "tocsin/baseline.h"

static bool has_date(const struct day_class *c, int32_t day)
{
	uint32_t low = 0, high = c->n_dates;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (c->dates[middle] == day)
			return true;
		if (c->dates[middle] < day)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* 1 to 31 from the end of the month: 1 is its last day. */
static uint32_t days_to_end(int32_t day)
{
	int y, m, d, next = day;
	int first_month;

	civil_split(day, &y, &first_month, &d);
	do
		civil_split(++next, &y, &m, &d);
	while (m == first_month);
	return (uint32_t)(next - day);
}

static bool is_working(const struct day_class *c, int32_t day, bool *is_guessed)
{
	struct err ignored;
	bool is;

	if (c->calendar != NULL && calendar_is_working_day(c->calendar, day, &is, &ignored) == 0)
		return is;
	*is_guessed = true;
	return civil_weekday(day) < 5;
}

static bool falls_into(const struct day_class *c, int32_t day, bool *is_guessed)
{
	int y, m, d;

	civil_split(day, &y, &m, &d);
	return has_date(c, day) || c->month_days >> d & 1 ||
	       (c->last_days > 0 && days_to_end(day) <= c->last_days) ||
	       c->weekdays >> civil_weekday(day) & 1 ||
	       (c->working >= 0 && is_working(c, day, is_guessed) == (c->working == 1));
}

int day_class_of(const struct day_classes *list, int32_t day, bool *is_guessed)
{
	bool guessed = false;
	int found = -1;

	for (uint32_t i = 0; i < list->n && found < 0; i++)
		if (falls_into(&list->list[i], day, &guessed))
			found = (int)i;
	if (is_guessed != NULL)
		*is_guessed = guessed;
	return found;
}
