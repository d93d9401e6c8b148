/* Packs as bytes: what is read, what is refused and in which words, and the way to the store and back. */
#include "rules_fixture.h"
#include "tocsin/wire.h"

static struct pack_dir dir;

/* The error of pack_read, in both languages; of the folder itself its path is left out. */
static void refused(const char *want, const char *want_zh)
{
	struct pack_files files;
	struct rules_error found;
	char zh[1000];
	struct err e;
	const char *text = e.text, *file = found.file;

	assert_int_equal(pack_read(&files, dir.path, dir.share, &found, &e), -1);
	assert_int_equal(e.code, ERR_REJECTED);
	if (strncmp(file, dir.path, strlen(dir.path)) == 0) {
		text += strlen(dir.path);
		file += strlen(dir.path);
	}
	assert_string_equal(text, want);
	snprintf(zh, sizeof(zh), "%s：%s%s%s", file, found.message_zh, found.cure_zh[0] == '\0' ? "" : "；",
		found.cure_zh);
	assert_string_equal(zh, want_zh);
	assert_int_equal(found.line, 0);
}

static void mode(const char *name, mode_t bits)
{
	char path[240];

	dir_path(path, sizeof(path), &dir, name);
	assert_int_equal(chmod(path, bits), 0);
}

static void drop(const char *name)
{
	char path[240];

	dir_path(path, sizeof(path), &dir, name);
	assert_int_equal(remove(path), 0);
}

static void names_are(const char *want)
{
	struct pack_files files;
	char have[1000] = "";
	struct err e;

	if (pack_read(&files, dir.path, dir.share, NULL, &e) != 0)
		fail_msg("%s", e.text);
	for (uint32_t i = 0; i < files.n_files; i++)
		snprintf(have + strlen(have), sizeof(have) - strlen(have), "%s ", files.files[i].name);
	assert_string_equal(have, want);
	pack_files_fini(&files);
}

static void files_of_a_pack_are_read(void **state)
{
	(void)state;
	dir_make(&dir, "words");
	dir_make(&dir, "meta");
	dir_puts(&dir, "words/outage.csv", "no signal\n");
	dir_puts(&dir, "meta/types.lua", "---@meta\n");
	dir_puts(&dir, "README.md", "no rules\n");
	dir_puts(&dir, ".#routing.lua", "an editor's lock\n");
	dir_puts(&dir, "routing.lua~", "an editor's copy\n");
	dir_puts(&dir, "规则.lua", "-- a name in Chinese\n");
	names_are("lib/pack.lua pack.lua words/outage.csv 规则.lua ");
	drop("规则.lua");
}

static void a_base_is_found_and_replaced(void **state)
{
	(void)state;
	dir_puts(&dir, "../share/pack.lua", "-- the default pack\n");
	dir_puts(&dir, "../share/routing.lua", "-- theirs\n");
	dir_puts(&dir, "../share/clocks.lua", "-- theirs\n");
	dir_puts(&dir, "routing.lua", "-- ours\n");
	dir_puts(&dir, "pack.lua", "-- base = \"nowhere\"\npack { zh = \"base\", base = \"default\" }\n");
	names_are("default/clocks.lua default/pack.lua lib/pack.lua pack.lua routing.lua words/outage.csv ");
	dir_puts(&dir, "pack.lua", "pack {\n  base =\n  'south' }\n");
	dir_make(&dir, "../south");
	dir_puts(&dir, "../south/pack.lua", "-- a province\n");
	names_are("lib/pack.lua pack.lua routing.lua south/pack.lua words/outage.csv ");
	dir_make(&dir, "south");
	dir_puts(&dir, "south/x.lua", "\n");
	{
		refused("south/x.lua: the folder south/ belongs to the base of that name",
			"south/x.lua：文件夹 south/ 属于同名的基础规则包");
		drop("south/x.lua");
		drop("south");
		dir_puts(&dir, "pack.lua", "pack { base = \"../../etc\" }\n");
		refused("pack.lua: base \"../../etc\" is not the name of a pack",
			"pack.lua：base “../../etc”不是规则包的名字");
	}
	dir_puts(&dir, "pack.lua", "-- a pack\n");
	drop("routing.lua");
}

static void what_others_may_change_is_refused(void **state)
{
	char path[240], big[1] = "";
	FILE *f;

	(void)state;
	dir_puts(&dir, "routing.lua", "-- ours\n");
	mode("routing.lua", 0664);
	refused("routing.lua: others may write to it (mode 0664); take that away: chmod go-w",
		"routing.lua：其他人可以写入（权限 0664）；请收回权限：chmod go-w");
	mode("routing.lua", 0646);
	refused("routing.lua: others may write to it (mode 0646); take that away: chmod go-w",
		"routing.lua：其他人可以写入（权限 0646）；请收回权限：chmod go-w");
	mode("routing.lua", 0600);
	mode("words", 0770);
	refused("words/: others may write to it (mode 0770); take that away: chmod go-w",
		"words/：其他人可以写入（权限 0770）；请收回权限：chmod go-w");
	mode("words", 0700);
	mode(".", 0777);
	refused(": others may write to it (mode 0777); take that away: chmod go-w",
		"：其他人可以写入（权限 0777）；请收回权限：chmod go-w");
	mode(".", 0700);
	drop("routing.lua");

	dir_path(path, sizeof(path), &dir, "link.lua");
	assert_int_equal(symlink("/etc/passwd", path), 0);
	refused("link.lua: a link; a pack holds its files itself",
		"link.lua：是一个链接；规则包里要放文件本身");
	drop("link.lua");
	dir_path(path, sizeof(path), &dir, "pipe.lua");
	assert_int_equal(mkfifo(path, 0600), 0);
	refused("pipe.lua: not a regular file", "pipe.lua：不是普通文件");
	drop("pipe.lua");
	dir_path(path, sizeof(path), &dir, "big.csv");
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fseek(f, 256 * 1024, SEEK_SET), 0);
	assert_int_equal(fwrite(big, 1, 1, f), 1);
	fclose(f);
	mode("big.csv", 0600);
	refused("big.csv: 262145 bytes, at most 262144", "big.csv：262145 字节，最多 262144 字节");
	drop("big.csv");
	dir_puts(&dir, "a:b.lua", "\n");
	refused("a:b.lua: a name may not hold ':'", "a:b.lua：名称里不能有“:”");
	drop("a:b.lua");
	dir_puts(&dir, "\xb4\xca.lua", "\n");
	refused("a file's name is not UTF-8", "：有文件的名称不是 UTF-8");
	drop("\xb4\xca.lua");
	for (int i = 0; i < 256; i++) {
		snprintf(path, sizeof(path), "words/%03d.csv", i);
		dir_puts(&dir, path, "\n");
	}
	{
		struct pack_files files;
		struct err e;

		assert_int_equal(pack_read(&files, dir.path, dir.share, NULL, &e), -1);
		assert_non_null(strstr(e.text, ": more than 256 files in one pack"));
	}
	for (int i = 0; i < 256; i++) {
		snprintf(path, sizeof(path), "words/%03d.csv", i);
		drop(path);
	}
	names_are("lib/pack.lua pack.lua words/outage.csv ");
}

static void a_folder_that_is_not_there_is_named(void **state)
{
	struct pack_files files;
	struct err e;

	(void)state;
	assert_int_equal(pack_read(&files, "/nowhere/at/all", dir.share, NULL, &e), -1);
	assert_string_equal(
		e.text, "/nowhere/at/all: the folder cannot be opened: No such file or directory");
}

/* Through the bytes of the store: everything equal, one flipped bit refused. */
/* As the store has it: {files={name=bytes}, sha}. */
static struct value stored(struct arena *a, const struct pack_files *p)
{
	struct value v = value_map(a, 2), files = value_map(a, p->n_files);

	for (uint32_t i = 0; i < p->n_files; i++)
		value_add(a, &files, p->files[i].name, value_bytes(p->files[i].bytes.p, p->files[i].bytes.n));
	value_add(a, &v, "files", files);
	value_add(a, &v, "sha", value_bytes(p->sha, SHA256_LEN));
	return v;
}

static void a_pack_survives_the_store(void **state)
{
	struct pack_files files, back;
	struct value v, again;
	struct arena a;
	struct err e;
	struct buf b;

	(void)state;
	dir_put(&dir, "words/raw.csv", "a\0b\xff", 4);
	dir_puts(&dir, "words/empty.csv", "");
	assert_int_equal(pack_read(&files, dir.path, dir.share, NULL, &e), 0);
	arena_init(&a, 0);
	buf_init(&b, 1 << 20);
	v = stored(&a, &files);
	value_encode(&b, &v);
	assert_int_equal(value_decode(&a, buf_slice(&b), &again, &e), 0);
	assert_int_equal(pack_from_value(&back, &again, &e), 0);
	assert_memory_equal(files.sha, back.sha, SHA256_LEN);
	assert_int_equal(files.n_files, back.n_files);
	for (uint32_t i = 0; i < files.n_files; i++) {
		assert_string_equal(files.files[i].name, back.files[i].name);
		assert_int_equal(slice_cmp(files.files[i].bytes, back.files[i].bytes), 0);
		assert_memory_equal(files.files[i].sha, back.files[i].sha, SHA256_LEN);
	}
	pack_files_fini(&back);
	*(uint8_t *)memmem(b.p, b.n, "no signal", 9) ^= 1;
	assert_int_equal(value_decode(&a, buf_slice(&b), &again, &e), 0);
	assert_int_equal(pack_from_value(&back, &again, &e), -1);
	assert_int_equal(e.code, ERR_STORAGE);
	assert_string_equal(e.text, "the stored pack is damaged: its SHA-256 does not hold");
	assert_int_equal(pack_from_value(&back, &value_nil, &e), -1);
	assert_string_equal(e.text, "the stored pack is damaged: its SHA-256 does not hold");
	buf_fini(&b);
	arena_fini(&a);
	pack_files_fini(&files);
}

static void one_byte_changes_the_hash(void **state)
{
	struct pack_files a, b, c;
	struct err e;

	(void)state;
	assert_int_equal(pack_read(&a, dir.path, dir.share, NULL, &e), 0);
	dir_puts(&dir, "words/outage.csv", "no signaL\n");
	assert_int_equal(pack_read(&b, dir.path, dir.share, NULL, &e), 0);
	dir_puts(&dir, "words/outage.csv", "no signal\n");
	assert_int_equal(pack_read(&c, dir.path, dir.share, NULL, &e), 0);
	assert_int_not_equal(memcmp(a.sha, b.sha, SHA256_LEN), 0);
	assert_memory_equal(a.sha, c.sha, SHA256_LEN);
	pack_files_fini(&a);
	pack_files_fini(&b);
	pack_files_fini(&c);
}

/* ---- tables -------------------------------------------------------------------------------------------- */
/* The rows of t.csv, cells joined by |, rows by /, each with its line; or the error. */
static void csv_is(const char *bytes, size_t n, int line, const char *want)
{
	struct rules_report report;
	struct generation *g;
	struct err e;

	dir_put(&dir, "t.csv", bytes, n);
	dir_puts(&dir, "t.lua",
		"local rows, lines = host.csv('t.csv') local s = ''\n"
		"for i, r in ipairs(rows) do s = s .. lines[i] .. ':' .. table.concat(r, '|') .. '/' end "
		"error(s, 0)\n");
	g = dir_load(&dir, &report, &e);
	assert_null(g);
	assert_string_equal(report.errors[0].message, want);
	if (line > 0) {
		assert_string_equal(report.errors[0].file, "t.csv");
		assert_int_equal(report.errors[0].line, line);
	}
	rules_report_fini(&report);
	drop("t.csv");
	drop("t.lua");
}

#define CSV(text, want) csv_is(text, sizeof(text) - 1, 0, want)
#define CSV_BAD(text, line, want) csv_is(text, sizeof(text) - 1, line, want)

static void tables_come_from_spreadsheets(void **state)
{
	(void)state;
	CSV("a,b\r\n\"x, y\",\"say \"\"hi\"\"\"\r\n\r\n,\n", "1:a|b/2:x, y|say \"hi\"/3:/4:|/");
	CSV("\xef\xbb\xbf词,城市\n断网,\"深\n圳\"\nc,d", "1:词|城市/2:断网|深\\n圳/4:c|d/");
	CSV("\xb4\xca,\xb3\xc7\xca\xd0\n", "1:词|城市/");
	CSV("\xff\xfe"
	    "a\0\t\0b\0\n\0",
		"1:a|b/");
	CSV("", "an error without a text");
	CSV_BAD("a,\"b\n", 1, "a quotation mark is never closed");
	CSV_BAD("a\n\"b\" c\n", 2,
		"text behind a closing quotation mark; a quotation mark inside a field is written twice");
	CSV_BAD("a\xff\xff\n", 1, "neither UTF-8 nor GBK: save it as \"CSV UTF-8\"");
}

static int set_up(void **state)
{
	(void)state;
	dir_new(&dir);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	dir_free(&dir);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_of_a_pack_are_read),
		cmocka_unit_test(a_base_is_found_and_replaced),
		cmocka_unit_test(what_others_may_change_is_refused),
		cmocka_unit_test(a_folder_that_is_not_there_is_named),
		cmocka_unit_test(a_pack_survives_the_store),
		cmocka_unit_test(one_byte_changes_the_hash),
		cmocka_unit_test(tables_come_from_spreadsheets),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
