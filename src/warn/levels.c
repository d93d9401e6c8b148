/* The level machine: up at once, down one row after enough quiet closes and the stay. */
#include "tocsin/levels.h"

const struct level_row *level_row_of(const struct level_table *t, uint8_t level)
{
	const struct level_row *found = NULL;

	for (uint32_t i = 0; i < t->n_rows && t->rows[i].level <= level; i++)
		found = &t->rows[i];
	return found;
}

const struct level_row *level_row_below(const struct level_table *t, uint8_t level)
{
	return level == 0 ? NULL : level_row_of(t, (uint8_t)(level - 1));
}

static void enter(struct level_state *s, uint8_t level)
{
	*s = (struct level_state){.level = level};
}

static void lower(const struct level_table *t, struct level_state *s)
{
	const struct level_row *below = level_row_below(t, s->level);

	enter(s, below == NULL ? 0 : below->level);
}

static bool rise(const struct level_table *t, struct level_state *s, uint32_t enters)
{
	for (uint32_t i = t->n_rows; i-- > 0 && t->rows[i].level > s->level;)
		if (enters & UINT32_C(1) << i) {
			enter(s, t->rows[i].level);
			return true;
		}
	return false;
}

static void count_up(uint32_t *n)
{
	if (*n < UINT32_MAX)
		(*n)++;
}

bool level_step(const struct level_table *t, struct level_state *s, uint32_t enters, bool leaves)
{
	const struct level_row *row;
	bool was_ready = s->is_ready;

	if (rise(t, s, enters))
		return true;
	if (s->level == 0)
		return false;
	row = level_row_of(t, s->level);
	if (row == NULL) { /* the table has no such level any more */
		enter(s, 0);
		return true;
	}
	count_up(&s->stay);
	if (leaves)
		count_up(&s->quiet);
	else
		s->quiet = 0;
	if (s->quiet < row->closes || s->stay < row->stay) {
		s->is_ready = was_ready && leaves;
	} else if (row->is_signed) {
		s->is_ready = true;
	} else {
		lower(t, s);
		return true;
	}
	return s->is_ready != was_ready;
}

int level_sign(const struct level_table *t, struct level_state *s, struct err *e)
{
	if (!s->is_ready)
		return err_set(
			e, ERR_REJECTED, "the level is not ready to lower: %u quiet closes so far", s->quiet);
	lower(t, s);
	return 0;
}

int level_set(const struct level_table *t, struct level_state *s, uint8_t level, struct err *e)
{
	const struct level_row *row = level_row_of(t, level);

	if (level != 0 && (row == NULL || row->level != level))
		return err_set(e, ERR_BAD_REQUEST, "the table \"%s\" has no level %u", t->name, level);
	enter(s, level);
	return 0;
}
