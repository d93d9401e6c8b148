/* Settings from the command line, the config file and the defaults, in this order of weight. */
#include "config.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "tocsin/clock.h"
#include "tocsin/net.h"
#include "tocsin/util.h"

#define LINE_BYTES 4096
#define TABLES_SPACE_LEAST 8 /* memory-tables: store.c keeps room for four of twice as much */

const struct config_key config_keys[N_CONFIG_KEYS] = {
#define KEY(id, name, type, value, min, max, flags, help) {name, value, help, min, max, CONFIG_##type, flags},
	CONFIG_KEYS(KEY)
#undef KEY
};

static const struct {
	const char *name;
	enum config_action action;
} actions[] = {
#define ACTION(name, option, help) {option, CONFIG_DO_##name},
	CONFIG_ACTIONS(ACTION)
#undef ACTION
};
#define N_ACTIONS (sizeof(actions) / sizeof(actions[0]))

static int key_find(const char *name)
{
	for (int i = 0; i < N_CONFIG_KEYS; i++)
		if (strcmp(config_keys[i].name, name) == 0)
			return i;
	return -1;
}

/* ---- one setting --------------------------------------------------------------------------------------- */
static void add_text(struct config *c, struct setting *s, const char *text)
{
	const char **more = arena_alloc(&c->arena, (s->n + 1) * sizeof(*more));

	if (s->texts != NULL)
		memcpy(more, s->texts, s->n * sizeof(*more));
	more[s->n++] = arena_text(&c->arena, text, strlen(text));
	s->texts = more;
}

/* `where` is for later errors. A list grows; the command line's begins anew. */
static int set(struct config *c, int id, const char *text, bool is_argument, const char *where, struct err *e)
{
	const struct config_key *k = &config_keys[id];
	struct setting *s = &c->settings[id];
	int64_t number;

	if (config_value(k, text, &number, e) != 0)
		return -1;
	if ((k->flags & CONFIG_MANY) == 0 || (is_argument && !s->is_argument))
		s->n = 0;
	add_text(c, s, text);
	s->number = number;
	s->is_given = true;
	s->is_argument = is_argument;
	s->where = where;
	return 0;
}

const char *config_text(const struct config *c, enum config_id id)
{
	const struct setting *s = &c->settings[id];

	return s->n == 0 ? "" : s->texts[s->n - 1];
}

int64_t config_number(const struct config *c, enum config_id id)
{
	return c->settings[id].number;
}

/* ---- the file ------------------------------------------------------------------------------------------ */
static char *trim(char *s)
{
	char *end;

	s += strspn(s, " \t\r\n");
	end = s + strlen(s);
	while (end > s && strchr(" \t\r\n", end[-1]) != NULL)
		*--end = '\0';
	return s;
}

static int unknown_key(const char *name, struct err *e)
{
	const char *names[N_CONFIG_KEYS];

	for (int i = 0; i < N_CONFIG_KEYS; i++)
		names[i] = config_keys[i].name;
	err_set(e, ERR_BAD_REQUEST, "key \"%.60s\" is unknown", name);
	return err_hint(e, nearest_word(name, names, N_CONFIG_KEYS));
}

static int read_line(struct config *c, char *line, const char *where, struct err *e)
{
	char *equals, *name = trim(line), *text;
	int id;

	if (*name == '\0' || *name == '#')
		return 0;
	equals = strchr(name, '=');
	if (equals == NULL)
		return err_set(e, ERR_BAD_REQUEST, "expected `key = value`, not \"%.60s\"", name);
	*equals = '\0';
	name = trim(name);
	text = trim(equals + 1);
	id = key_find(name);
	if (id < 0)
		return unknown_key(name, e);
	if (c->settings[id].is_given && (config_keys[id].flags & CONFIG_MANY) == 0)
		return err_set(e, ERR_BAD_REQUEST, "%s is set already at %s", name, c->settings[id].where);
	return set(c, id, text, false, where, e) == 0 ? 0 : err_prefix(e, "%s = %.80s", name, text);
}

static int read_file(struct config *c, const char *path, struct err *e)
{
	char line[LINE_BYTES];
	FILE *f = fopen(path, "re");
	int number = 0, rc = 0;

	if (f == NULL)
		return err_set(e, ERR_BAD_REQUEST, "config file %s: %s", path, strerror(errno));
	while (rc == 0 && fgets(line, sizeof(line), f) != NULL) {
		const char *where = arena_printf(&c->arena, "%s:%d", path, ++number);

		if (strlen(line) == sizeof(line) - 1 && line[sizeof(line) - 2] != '\n')
			rc = err_set(e, ERR_BAD_REQUEST, "the line has over %d bytes", LINE_BYTES - 2);
		else
			rc = read_line(c, line, where, e);
		if (rc != 0)
			err_prefix(e, "%s", where);
	}
	if (rc == 0 && ferror(f))
		rc = err_set(e, ERR_BAD_REQUEST, "config file %s: %s", path, strerror(errno));
	fclose(f);
	return rc;
}

/* ---- the command line ---------------------------------------------------------------------------------- */
static int unknown_option(const char *name, struct err *e)
{
	const char *names[N_CONFIG_KEYS + N_ACTIONS + 1];
	const char *meant;
	char option[64];
	size_t n = 0;

	for (int i = 0; i < N_CONFIG_KEYS; i++)
		names[n++] = config_keys[i].name;
	for (size_t i = 0; i < N_ACTIONS; i++)
		names[n++] = actions[i].name;
	names[n++] = "config";
	meant = nearest_word(name, names, n);
	if (meant == NULL)
		return err_set(e, ERR_BAD_REQUEST, "--%.60s: no such option; see --help", name);
	snprintf(option, sizeof(option), "--%s", meant);
	err_set(e, ERR_BAD_REQUEST, "--%.60s: no such option", name);
	return err_hint(e, option);
}

static bool take_action(struct config *c, const char *word)
{
	for (size_t i = 0; i < N_ACTIONS; i++)
		if (strcmp(word, "-h") == 0 || strcmp(word + 2, actions[i].name) == 0) {
			c->action = actions[i].action;
			return true;
		}
	return false;
}

/* What one option says. */
struct option {
	const char *name; /* without -- */
	const char *text;
	bool is_config;
	int id; /* of a key, or -1 */
	int n_words;
};

/* "--name text" or "--name=text". */
static int take_option(struct config *c, char **argv, int left, struct option *o, struct err *e)
{
	const char *word = argv[0], *equals = strchr(word, '=');

	if (strncmp(word, "--", 2) != 0)
		return err_set(e, ERR_BAD_REQUEST, "unexpected argument \"%.80s\"; see --help", word);
	o->name = equals == NULL ? word + 2 : arena_text(&c->arena, word + 2, (size_t)(equals - word - 2));
	o->is_config = strcmp(o->name, "config") == 0;
	o->id = key_find(o->name);
	if (!o->is_config && o->id < 0)
		return unknown_option(o->name, e);
	if (equals == NULL && left < 2)
		return err_set(e, ERR_BAD_REQUEST, "--%s needs a value", o->name);
	o->text = equals != NULL ? equals + 1 : argv[1];
	o->n_words = equals != NULL ? 1 : 2;
	return 0;
}

/* Twice over the same words: first for the file, so that the command line wins. */
static int read_arguments(struct config *c, int argc, char **argv, bool is_for_file, struct err *e)
{
	int i = 1;

	while (i < argc) {
		struct option o = {.text = "", .id = -1};

		if (take_action(c, argv[i])) {
			i++;
			continue;
		}
		if (take_option(c, argv + i, argc - i, &o, e) != 0)
			return -1;
		if (o.is_config && is_for_file) {
			if (c->file != NULL)
				return err_set(e, ERR_BAD_REQUEST, "--config is given twice");
			c->file = arena_text(&c->arena, o.text, strlen(o.text));
		}
		if (!o.is_config && !is_for_file &&
			set(c, o.id, o.text, true, arena_printf(&c->arena, "--%s", o.name), e) != 0)
			return err_prefix(e, "--%s %.80s", o.name, o.text);
		i += o.n_words;
	}
	return 0;
}

/* ---- defaults ------------------------------------------------------------------------------------------ */
static void set_default(struct config *c, enum config_id id, const char *text)
{
	struct setting *s = &c->settings[id];
	struct err e;

	s->where = "";
	if (text[0] == '\0')
		return;
	add_text(c, s, text);
	must(config_value(&config_keys[id], text, &s->number, &e) == 0);
}

/* Where the setting was given, and which it is. */
static int named(const struct config *c, enum config_id id, struct err *e)
{
	const struct setting *s = &c->settings[id];

	return err_prefix(e, "%s%s%s", s->where, s->where[0] == '\0' || s->is_argument ? "" : ": ",
		s->is_argument ? "" : config_keys[id].name);
}

/* What only several settings tell, or only their use: the start would refuse it. */
static int check_together(const struct config *c, struct err *e)
{
	const struct setting *listen = &c->settings[CONFIG_KEY_LISTEN];
	const char *http = config_text(c, CONFIG_KEY_HTTP);
	char address[200];

	if (config_number(c, CONFIG_KEY_MEMORY_TABLE) >= config_number(c, CONFIG_KEY_MEMORY_LIMIT))
		return err_set(e, ERR_BAD_REQUEST, "memory-table %s must be less than memory-limit %s",
			config_text(c, CONFIG_KEY_MEMORY_TABLE), config_text(c, CONFIG_KEY_MEMORY_LIMIT));
	if (config_number(c, CONFIG_KEY_TABLES_SPACE) <
		TABLES_SPACE_LEAST * config_number(c, CONFIG_KEY_MEMORY_TABLE))
		return err_set(e, ERR_BAD_REQUEST,
			"tables-space %s must be at least %d times memory-table %s",
			config_text(c, CONFIG_KEY_TABLES_SPACE), TABLES_SPACE_LEAST,
			config_text(c, CONFIG_KEY_MEMORY_TABLE));
	for (uint32_t i = 0; i < listen->n; i++)
		if (server_address_check(listen->texts[i], e) != 0)
			return named(c, CONFIG_KEY_LISTEN, e);
	snprintf(address, sizeof(address), "tcp:%s", http);
	return http[0] != '\0' && server_address_check(address, e) != 0 ? named(c, CONFIG_KEY_HTTP, e) : 0;
}

static int set_defaults(struct config *c, struct err *e)
{
	char share[PATH_MAX];

	for (int i = 0; i < N_CONFIG_KEYS; i++)
		if (!c->settings[i].is_given)
			set_default(c, (enum config_id)i, config_keys[i].value);
	if (!c->settings[CONFIG_KEY_SHARE].is_given && share_find(share))
		set_default(c, CONFIG_KEY_SHARE, share);
	if (!c->settings[CONFIG_KEY_RULES].is_given)
		set_default(c, CONFIG_KEY_RULES, config_text(c, CONFIG_KEY_SHARE));
	if (!c->settings[CONFIG_KEY_LISTEN].is_given)
		set_default(c, CONFIG_KEY_LISTEN,
			arena_printf(&c->arena, "unix:%s/tocsin.sock", config_text(c, CONFIG_KEY_DATA)));
	return check_together(c, e);
}

int config_read(struct config *c, int argc, char **argv, struct err *e)
{
	memset(c, 0, sizeof(*c));
	arena_init(&c->arena, 0);
	if (read_arguments(c, argc, argv, true, e) != 0 ||
		(c->file != NULL && read_file(c, c->file, e) != 0) ||
		read_arguments(c, argc, argv, false, e) != 0 || set_defaults(c, e) != 0) {
		config_fini(c);
		return -1;
	}
	return 0;
}

int config_times(struct config *c, struct err *e)
{
	const char *clock = config_text(c, CONFIG_KEY_CLOCK);

	if (clock_zone_set(config_text(c, CONFIG_KEY_ZONE), e) != 0)
		return named(c, CONFIG_KEY_ZONE, e);
	if (strncmp(clock, "virtual:", 8) != 0)
		return 0;
	c->is_virtual = true;
	return clock_parse(clock + 8, &c->virtual_ms, e) == 0 ? 0 : named(c, CONFIG_KEY_CLOCK, e);
}

void config_fini(struct config *c)
{
	arena_fini(&c->arena);
	memset(c, 0, sizeof(*c));
}

/* ---- what a reload changes ----------------------------------------------------------------------------- */
static void join(const struct setting *s, struct buf *out)
{
	for (uint32_t i = 0; i < s->n; i++)
		buf_printf(out, "%s%s", i == 0 ? "" : ", ", s->texts[i]);
	buf_add_u8(out, '\0');
}

void config_compare(const struct config *before, const struct config *after, bool is_reloadable,
	void (*changed)(void *, const struct config_key *, const char *, const char *), void *udata)
{
	for (int i = 0; i < N_CONFIG_KEYS; i++) {
		struct buf was, is;

		if (((config_keys[i].flags & CONFIG_RELOAD) != 0) != is_reloadable)
			continue;
		buf_init(&was, (size_t)1024 * 1024);
		buf_init(&is, (size_t)1024 * 1024);
		join(&before->settings[i], &was);
		join(&after->settings[i], &is);
		if (slice_cmp(buf_slice(&was), buf_slice(&is)) != 0)
			changed(udata, &config_keys[i], (const char *)was.p, (const char *)is.p);
		buf_fini(&was);
		buf_fini(&is);
	}
}
