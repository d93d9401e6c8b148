/* Opening, creating, copying: LMDB's environment and its databases. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/store_file.h"
#include "store/tables_lmdb.h"

#define MAX_READERS 256

int mdb_err(struct err *e, int rc, const char *format, ...)
{
	const char *cure = "";
	char what[400];
	va_list ap;

	va_start(ap, format);
	vsnprintf(what, sizeof(what), format, ap);
	va_end(ap);
	if (rc == MDB_INVALID || rc == MDB_VERSION_MISMATCH)
		cure = " (expected a file of LMDB 0.9; one of LMDB 1.0 must be dumped there and loaded here)";
	else if (rc == MDB_MAP_FULL)
		cure = " (raise tables-space)";
	else if (rc == EIO || rc == ENOSPC)
		cure = " (is the disk full?)";
	else if (rc == MDB_PANIC)
		cure = " (a write of the meta page failed: restart)";
	return err_set(e, ERR_STORAGE, "%s: %s%s", what, mdb_strerror(rc), cure);
}

const char *table_name(enum table t)
{
	static const char *const names[] = {
#define TABLE(name, help) #name,
		TABLES(TABLE)
#undef TABLE
	};

	must((unsigned)t < N_TABLES);
	return names[t];
}

const char *db_name(unsigned db)
{
	return db == CHUNK ? "CHUNK" : table_name((enum table)db);
}

/* ---- opening ------------------------------------------------------------------------------------------- */
/* No flags are ever given: others (DUPSORT, REVERSEKEY) mean a broken or foreign file. */
static int db_open(struct tables *t, MDB_txn *txn, unsigned db, bool may_create, struct err *e)
{
	unsigned flags;
	int rc = mdb_dbi_open(txn, db_name(db), may_create ? MDB_CREATE : 0, &t->dbs[db]);

	if (rc == MDB_NOTFOUND && !may_create) {
		t->dbs[db] = DB_MISSING;
		return 0;
	}
	if (rc == 0)
		rc = mdb_dbi_flags(txn, t->dbs[db], &flags);
	if (rc != 0)
		return mdb_err(e, rc, "tables: open %s", db_name(db));
	if (flags != 0)
		return err_set(e, ERR_STORAGE, "tables: %s has flags %#x, expected none: the file is damaged",
			db_name(db), flags);
	return 0;
}

static int dbs_open(struct tables *t, bool is_read_only, struct err *e)
{
	MDB_txn *txn;
	int rc = mdb_txn_begin(t->env, NULL, is_read_only ? MDB_RDONLY : 0, &txn);

	if (rc != 0)
		return mdb_err(e, rc, "tables: begin");
	for (unsigned db = 0; db < N_DBS; db++) {
		if (db_open(t, txn, db, !is_read_only, e) != 0) {
			mdb_txn_abort(txn);
			return -1;
		}
	}
	rc = mdb_txn_commit(txn); /* keeps the handles; writes only if something was created */
	return rc == 0 ? 0 : mdb_err(e, rc, "tables: create");
}

int tables_open(struct tables **out, const char *path, uint64_t map_bytes, bool is_read_only, struct err *e)
{
	unsigned flags = MDB_NOSUBDIR | MDB_NOTLS | (is_read_only ? MDB_RDONLY | MDB_NOLOCK : 0);
	struct tables *t = calloc(1, sizeof(*t));
	int rc, n_dead;

	must(t != NULL);
	rc = mdb_env_create(&t->env);
	if (rc == 0)
		rc = mdb_env_set_maxdbs(t->env, N_DBS);
	if (rc == 0)
		rc = mdb_env_set_mapsize(t->env, map_bytes);
	if (rc == 0)
		rc = mdb_env_set_maxreaders(t->env, MAX_READERS);
	if (rc == 0)
		rc = mdb_env_open(t->env, path, flags, 0600);
	if (rc == 0 && !is_read_only)
		rc = mdb_reader_check(t->env, &n_dead);
	if (rc != 0)
		mdb_err(e, rc, "open %s", path);
	else if (dbs_open(t, is_read_only, e) == 0) {
		*out = t;
		return 0;
	}
	tables_close(t);
	return -1;
}

void tables_close(struct tables *t)
{
	if (t == NULL)
		return;
	if (t->env != NULL)
		mdb_env_close(t->env);
	free(t);
}

/* LMDB writes both meta pages of a new file without a sync; a cut there leaves a file that never opens again.
 */
int tables_create(const char *dir, uint64_t map_bytes, const struct tables_mark *mark, struct err *e)
{
	struct tables *t = NULL;
	char made[4096], lock[4096], path[4096];
	int rc;

	snprintf(made, sizeof(made), "%s/tables.new", dir);
	snprintf(lock, sizeof(lock), "%s/tables.new-lock", dir);
	snprintf(path, sizeof(path), "%s/tables.mdb", dir);
	unlink(made);
	unlink(lock);
	if (tables_open(&t, made, map_bytes, false, e) != 0)
		return -1;
	rc = tables_write(t, NULL, mark, e); /* default mode: synced, meta page included */
	tables_close(t);
	unlink(lock);
	if (rc == 0)
		rc = file_sync(made, e);
	return rc == 0 ? file_rename(made, path, dir, e) : -1;
}

/* ---- copy and figures ---------------------------------------------------------------------------------- */
int tables_copy(struct tables *t, const char *path, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), rc;

	if (fd < 0)
		return err_set(e, ERR_STORAGE, "create %s: %s", path, strerror(errno));
	rc = mdb_env_copyfd2(t->env, fd, MDB_CP_COMPACT);
	if (rc == 0 && fsync(fd) != 0)
		rc = errno;
	if (close(fd) != 0 && rc == 0)
		rc = errno;
	return rc == 0 ? 0 : mdb_err(e, rc, "copy the tables to %s", path);
}

void tables_stats(struct tables *t, struct tables_stats *out)
{
	MDB_envinfo info;
	MDB_stat st;
	MDB_txn *txn;

	memset(out, 0, sizeof(*out));
	if (mdb_env_info(t->env, &info) != 0 || mdb_env_stat(t->env, &st) != 0)
		return;
	out->used_bytes = ((uint64_t)info.me_last_pgno + 1) * st.ms_psize;
	out->map_bytes = info.me_mapsize;
	if (mdb_txn_begin(t->env, NULL, MDB_RDONLY, &txn) != 0)
		return;
	for (unsigned i = 0; i < N_TABLES; i++) {
		if (t->dbs[i] != DB_MISSING && mdb_stat(txn, t->dbs[i], &st) == 0)
			out->n_rows[i] = st.ms_entries;
	}
	mdb_txn_abort(txn);
}
