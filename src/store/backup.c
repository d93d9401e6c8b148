/* Backup and restore. Nothing is called a backup before every row of it has been read again. */
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/manifest.h"
#include "store/store_file.h"
#include "store/store_int.h"
#include "tocsin/clock.h"
#include "tocsin/log.h"

#define MANIFEST_MAX 4096
#define LOOK_US (1000 * 1000)

/* ---- manifest ------------------------------------------------------------------------------------------ */
static void manifest_print(struct buf *b, const struct manifest *m)
{
	char digits[2 * SHA256_LEN + 1];

	buf_printf(b, "tocsin-backup %d\nhead_seq %ju\n", MANIFEST_FORMAT, (uintmax_t)m->head_seq);
	buf_printf(b, "head_chain %s\n", hex(m->head_chain, SHA256_LEN, digits));
	buf_printf(b, "journal_id %s\n", hex(m->journal_id, JOURNAL_ID_LEN, digits));
	buf_printf(b, "file tables.mdb %ju %s\n", (uintmax_t)m->tables_bytes,
		hex(m->tables_digest, SHA256_LEN, digits));
}

/* Digest DIR/tables.mdb and write DIR/MANIFEST. */
static int manifest_make(const char *dir, const struct tables_mark *mark, struct err *e)
{
	struct manifest m = {.head_seq = mark->seq};
	char path[4096];
	struct buf b;
	int rc;

	memcpy(m.head_chain, mark->chain, SHA256_LEN);
	memcpy(m.journal_id, mark->journal_id, JOURNAL_ID_LEN);
	path_join(path, dir, "tables.mdb");
	if (file_digest(path, &m.tables_bytes, m.tables_digest, e) != 0)
		return -1;
	buf_init(&b, MANIFEST_MAX);
	manifest_print(&b, &m);
	rc = file_write(dir, MANIFEST, buf_slice(&b), e);
	buf_fini(&b);
	return rc;
}

static bool hex_is(const char *text, uint8_t *out, size_t n)
{
	return unhex(text, strlen(text), out, n) == (int)n;
}

static bool manifest_scan(const char *text, struct manifest *m)
{
	char chain[80], id[80], digest[80];
	uintmax_t seq, n_bytes;

	if (sscanf(text,
		    "tocsin-backup %*d head_seq %ju head_chain %79s journal_id %79s file tables.mdb %ju %79s",
		    &seq, chain, id, &n_bytes, digest) != 5)
		return false;
	m->head_seq = seq;
	m->tables_bytes = n_bytes;
	return hex_is(chain, m->head_chain, SHA256_LEN) && hex_is(id, m->journal_id, JOURNAL_ID_LEN) &&
	       hex_is(digest, m->tables_digest, SHA256_LEN);
}

/* Only the very text that manifest_make writes counts. */
static int manifest_parse(const char *path, const char *text, struct manifest *m, struct err *e)
{
	bool is_ours = false;
	int format = 0;
	struct buf b;

	if (sscanf(text, "tocsin-backup %d", &format) == 1 && format > MANIFEST_FORMAT)
		return err_set(e, ERR_STORAGE,
			"%s has format %d, this version knows format %d: use the version that wrote it", path,
			format, MANIFEST_FORMAT);
	if (manifest_scan(text, m)) {
		buf_init(&b, MANIFEST_MAX);
		manifest_print(&b, m);
		is_ours = slice_cmp(buf_slice(&b), slice_of(text, strlen(text))) == 0;
		buf_fini(&b);
	}
	return is_ours ? 0
		       : err_set(e, ERR_STORAGE, "%s is not a manifest of a Tocsin backup, or is damaged",
				 path);
}

static int manifest_read(const char *dir, struct manifest *m, struct err *e)
{
	char path[4096];
	struct buf b;
	int rc;

	path_join(path, dir, MANIFEST);
	if (!path_exists(path))
		return err_set(e, ERR_STORAGE,
			"%s does not exist: %s is not a backup, or one that was cut off", path, dir);
	buf_init(&b, MANIFEST_MAX);
	rc = file_read(path, &b, e);
	if (rc == 0)
		rc = manifest_parse(path, (const char *)b.p, m, e);
	buf_fini(&b);
	return rc;
}

int manifest_verify(const char *dir, struct manifest *m, struct err *e)
{
	uint8_t digest[SHA256_LEN];
	uint64_t n_bytes;
	char path[4096];

	path_join(path, dir, "tables.mdb");
	if (manifest_read(dir, m, e) != 0 || file_digest(path, &n_bytes, digest, e) != 0)
		return -1;
	if (n_bytes != m->tables_bytes)
		return err_set(e, ERR_STORAGE, "%s has %ju bytes, its MANIFEST says %ju", path,
			(uintmax_t)n_bytes, (uintmax_t)m->tables_bytes);
	if (memcmp(digest, m->tables_digest, SHA256_LEN) != 0)
		return err_set(e, ERR_STORAGE,
			"%s is not the file that was backed up: its SHA-256 differs from MANIFEST's", path);
	return 0;
}

/* ---- verifying a copy ---------------------------------------------------------------------------------- */
static void keep_first(void *udata, const char *line)
{
	char *first = udata;

	if (first[0] == '\0')
		snprintf(first, 400, "%s", line);
}

/* Every row of DIR/tables.mdb; fills the mark. */
static int copy_verify(const char *dir, uint64_t map_bytes, struct tables_mark *mark, struct err *e)
{
	char path[4096], first[400] = "";
	struct finder f = {keep_first, NULL, first, 0};
	struct tables *t;
	int rc;

	path_join(path, dir, "tables.mdb");
	if (tables_open(&t, path, map_bytes, true, e) != 0)
		return -1;
	rc = tables_mark_get(t, mark, e);
	if (rc == 0)
		tables_check(t, &f);
	tables_close(t);
	if (rc == 0 && f.n_found > 0)
		rc = err_set(
			e, ERR_STORAGE, "%s: %ju findings, the first: %s", path, (uintmax_t)f.n_found, first);
	return rc;
}

/* A directory of ours: made here, or empty. */
static int dir_take(const char *dir, struct err *e)
{
	if (!dir_is_free(dir))
		return err_set(
			e, ERR_STORAGE, "%s exists and is not an empty directory; name a new one", dir);
	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return err_set(e, ERR_STORAGE, "create %s: %s", dir, strerror(errno));
	return 0;
}

/* ---- backup -------------------------------------------------------------------------------------------- */
/* Ask the engine for a checkpoint of everything committed so far, and wait for it. */
static int wait_for_checkpoint(struct store *s, struct err *e)
{
	uint64_t seq = atomic_load(&s->shared_last_seq), wanted = atomic_load(&s->wanted_seq), n_failed;
	struct checkpoint *c = &s->checkpoint;
	int rc = 0;

	while (wanted < seq && !atomic_compare_exchange_weak(&s->wanted_seq, &wanted, seq))
		;
	pthread_mutex_lock(&c->lock);
	n_failed = c->n_failed;
	checkpoint_hurry(c);
	while (rc == 0 && c->done_seq < seq) {
		eventfd_write(s->event_fd, 1);
		checkpoint_sleep(c, &c->moved, clock_mono_us() + LOOK_US);
		if (c->n_failed > n_failed)
			*e = c->why;
		if (c->n_failed > n_failed || journal_fate(s->journal, e) == JOURNAL_LOST)
			rc = err_prefix(e, "the backup needs a checkpoint");
	}
	pthread_mutex_unlock(&c->lock);
	return rc;
}

/* A copy among the data is lost with them. */
static int check_outside(const char *dir, const char *data, struct err *e)
{
	char parent[PATH_MAX], whole_parent[PATH_MAX], whole_data[PATH_MAX];
	size_t n;

	snprintf(parent, sizeof(parent), "%s", dir);
	if (realpath(dirname(parent), whole_parent) == NULL || realpath(data, whole_data) == NULL)
		return 0; /* what is wrong with it is said when it is made */
	n = strlen(whole_data);
	if (strncmp(whole_parent, whole_data, n) != 0 || (whole_parent[n] != '/' && whole_parent[n] != '\0'))
		return 0;
	return err_set(e, ERR_BAD_REQUEST,
		"%s lies in the data directory %s and would be lost with it; name a folder elsewhere", dir,
		data);
}

int store_backup(struct store *s, const char *dir, struct err *e)
{
	struct tables_mark mark;
	char path[4096], digits[2 * SHA256_LEN + 1];

	if (check_outside(dir, s->dir, e) != 0 || dir_take(dir, e) != 0)
		return -1;
	log_line(LOG_INFO, "backup.start", "dir=%s", dir);
	if (!s->is_read_only && wait_for_checkpoint(s, e) != 0)
		return -1;
	path_join(path, dir, "tables.mdb");
	if (tables_copy(s->tables, path, e) != 0)
		return -1;
	log_line(LOG_INFO, "backup.copied", "dir=%s", dir);
	if (copy_verify(dir, s->config.map_bytes, &mark, e) != 0 || manifest_make(dir, &mark, e) != 0)
		return -1;
	log_line(LOG_INFO, "backup.done", "dir=%s head_seq=%ju head_chain=%s", dir, (uintmax_t)mark.seq,
		hex(mark.chain, SHA256_LEN, digits));
	return 0;
}

/* ---- restore ------------------------------------------------------------------------------------------- */
/* The copy becomes data of its own: a new journal will continue its chain, and nothing goes out before
 * someone says so. */
static int make_own(
	const char *path, uint64_t map_bytes, const struct tables_mark *was, struct rng *rng, struct err *e)
{
	struct memtab *m = memtab_new(0);
	struct tables_mark mark = *was;
	struct tables *t = NULL;
	int rc;

	rng_bytes(rng, mark.journal_id, JOURNAL_ID_LEN);
	mark.has_journal = false;
	memtab_put(m, row_new(&m->arena, TABLE_META, SLICE_TEXT("outbound"), SLICE_TEXT("paused"), false));
	rc = tables_open(&t, path, map_bytes, false, e);
	if (rc == 0)
		rc = tables_write(t, m, &mark, e);
	tables_close(t);
	memtab_free(m);
	return rc;
}

int store_restore(const char *backup_dir, const char *dir, struct rng *rng, struct err *e)
{
	char from[4096], made[4096], lock[4096], path[4096];
	uint64_t map_bytes;
	struct tables_mark mark;
	struct manifest m;

	if (manifest_verify(backup_dir, &m, e) != 0)
		return -1;
	map_bytes = 2 * m.tables_bytes + ((uint64_t)64 << 20);
	if (copy_verify(backup_dir, map_bytes, &mark, e) != 0)
		return -1;
	if (mark.seq != m.head_seq || memcmp(mark.chain, m.head_chain, SHA256_LEN) != 0 ||
		memcmp(mark.journal_id, m.journal_id, JOURNAL_ID_LEN) != 0)
		return err_set(e, ERR_STORAGE,
			"%s: the tables end with entry %ju, MANIFEST speaks of entry %ju or another chain",
			backup_dir, (uintmax_t)mark.seq, (uintmax_t)m.head_seq);
	if (dir_take(dir, e) != 0)
		return -1;
	path_join(from, backup_dir, "tables.mdb");
	path_join(made, dir, "tables.new");
	path_join(lock, dir, "tables.new-lock");
	path_join(path, dir, "tables.mdb");
	if (file_copy(from, made, e) != 0 || make_own(made, map_bytes, &mark, rng, e) != 0)
		return -1;
	unlink(lock);
	return file_rename(made, path, dir, e);
}
