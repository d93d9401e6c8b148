/* Views and cursors: one read transaction, renewed by the loop between turns. */
#include <stdlib.h>

#include "store/tables_lmdb.h"

struct tables_cursor {
	struct tables_view *view;
	enum table table;
	MDB_cursor *cursor; /* NULL: the table is not there yet */
	MDB_val key, val;
};

int tables_view_new(struct tables_view **out, struct tables *t, struct err *e)
{
	struct tables_view *v = calloc(1, sizeof(*v));
	int rc;

	must(v != NULL);
	v->tables = t;
	rc = mdb_txn_begin(t->env, NULL, MDB_RDONLY, &v->txn);
	if (rc != 0) {
		free(v);
		return mdb_err(e, rc, "tables: begin reading");
	}
	*out = v;
	return 0;
}

void tables_view_free(struct tables_view *v)
{
	if (v == NULL)
		return;
	mdb_txn_abort(v->txn);
	free(v);
}

int tables_view_renew(struct tables_view *v, struct err *e)
{
	int rc;

	mdb_txn_reset(v->txn);
	rc = mdb_txn_renew(v->txn);
	return rc == 0 ? 0 : mdb_err(e, rc, "tables: renew the read snapshot");
}

int tables_get(struct tables_view *v, struct arena *a, enum table table, struct slice key, struct slice *val,
	struct err *e)
{
	MDB_val k = {key.n, (void *)(uintptr_t)key.p}, stored;
	int rc;

	if (key.n == 0 || key.n > STORE_KEY_MAX || v->tables->dbs[table] == DB_MISSING)
		return 0;
	rc = mdb_get(v->txn, v->tables->dbs[table], &k, &stored);
	if (rc == MDB_NOTFOUND)
		return 0;
	if (rc != 0)
		return mdb_err(e, rc, "table %s", table_name(table));
	return row_read(v, a, table, key, stored, val, e) == 0 ? 1 : -1;
}

int tables_cursor_open(struct tables_cursor **out, struct tables_view *v, enum table table, struct err *e)
{
	struct tables_cursor *c = calloc(1, sizeof(*c));
	int rc;

	must(c != NULL);
	c->view = v;
	c->table = table;
	*out = c;
	if (v->tables->dbs[table] == DB_MISSING)
		return 0;
	rc = mdb_cursor_open(v->txn, v->tables->dbs[table], &c->cursor);
	if (rc == 0)
		return 0;
	free(c);
	*out = NULL;
	return mdb_err(e, rc, "table %s: open a cursor", table_name(table));
}

void tables_cursor_close(struct tables_cursor *c)
{
	if (c == NULL)
		return;
	if (c->cursor != NULL)
		mdb_cursor_close(c->cursor);
	free(c);
}

static int cursor_move(struct tables_cursor *c, MDB_cursor_op op, struct slice *key, struct err *e)
{
	int rc = c->cursor != NULL ? mdb_cursor_get(c->cursor, &c->key, &c->val, op) : MDB_NOTFOUND;

	if (rc == MDB_NOTFOUND)
		return 0;
	if (rc != 0)
		return mdb_err(e, rc, "table %s: scan", table_name(c->table));
	*key = slice_of_mdb(c->key);
	return 1;
}

int tables_cursor_seek(
	struct tables_cursor *c, struct slice bound, bool is_reverse, struct slice *key, struct err *e)
{
	int got;

	if (bound.p == NULL || bound.n == 0) {
		if (is_reverse && bound.p != NULL)
			return 0; /* nothing is before the empty key */
		return cursor_move(c, is_reverse ? MDB_LAST : MDB_FIRST, key, e);
	}
	c->key = (MDB_val){bound.n, (void *)(uintptr_t)bound.p};
	got = cursor_move(c, MDB_SET_RANGE, key, e);
	if (!is_reverse || got < 0)
		return got;
	return cursor_move(c, got == 1 ? MDB_PREV : MDB_LAST, key, e);
}

int tables_cursor_next(struct tables_cursor *c, bool is_reverse, struct slice *key, struct err *e)
{
	return cursor_move(c, is_reverse ? MDB_PREV : MDB_NEXT, key, e);
}

int tables_cursor_val(struct tables_cursor *c, struct arena *a, struct slice *val, struct err *e)
{
	return row_read(c->view, a, c->table, slice_of_mdb(c->key), c->val, val, e);
}
