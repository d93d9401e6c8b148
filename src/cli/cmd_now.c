/*
 * tocsin now: the seven questions of three in the morning on one screen of 80 columns and 24 lines. A table
 * of questions; each has a function that answers in lines, from what the daemon says. What does not fit is
 * counted, and where to see it is said.
 */
#include <stdlib.h>
#include <string.h>

#include "now_int.h"
#include "tocsin/clock.h"
#include "tocsin/util.h"

#define SCREEN_COLUMNS 79 /* some terminals wrap a full line */
#define SCREEN_LINES 23   /* below the head line */
#define LABEL_COLUMNS 15

static const struct question {
	const char *en, *zh;
	/* lines at most, and when the screen is full: the sum of n_full is what a screen has */
	uint32_t n_most, n_full;
	const char *more; /* what shows the rest */
	/* Lines by now_line. 0, or -1 with *e, which is then the answer. */
	int (*answer)(struct now *, struct err *e);
} questions[] = {
	{"Feed alive?", "来源正常吗", 2, 2, "tocsin stats", now_feed},
	{"What, where?", "何事何地", 8, 5, "tocsin warn", now_what},
	{"Who has it?", "谁在处理", 7, 5, "tocsin call duty.now", now_who},
	{"What may I do?", "我能做什么", 3, 2, "tocsin --help", now_may},
	{"What is due?", "什么要到期", 5, 4, "tocsin list --order due", now_due},
	{"Rules by whom?", "谁改了规则", 2, 2, "tocsin rules status", now_rules},
	{"Tocsin well?", "系统正常吗", 3, 3, "tocsin stats", now_well},
};
#define N_QUESTIONS (sizeof(questions) / sizeof(questions[0]))

void now_line(struct now *n, const char *format, ...)
{
	struct arena *a = &n->arena;
	const char *shown;
	char text[1024];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	text[utf8_clip(text, strlen(text))] = '\0';
	shown = text_clip(
		a, slice_of(text, strlen(text)), n->is_whole ? sizeof(text) : SCREEN_COLUMNS - LABEL_COLUMNS);
	value_push(a, &n->answers, value_text(a, shown, strlen(shown)));
}

int now_call(struct now *n, const char *method, const struct value *args, struct value *result, struct err *e)
{
	return client_call(&n->cli->client, &n->arena, method, args, result, e);
}

/* ---- the screen ---------------------------------------------------------------------------------------- */
static int begin(struct now *n, struct err *e)
{
	arena_reset(&n->arena);
	if (cli_open(n->cli, e) != 0 || now_call(n, "session.hello", NULL, &n->hello, e) != 0)
		return -1;
	n->now_ms = value_int_or(value_get(&n->hello, "now"), 0);
	n->has_recent = n->has_catalog = n->has_warnings = false;
	return 0;
}

/* What the daemon will not tell this role is an answer, too; a lost connection is none. */
static int answer(struct now *n, size_t i, struct value *lines, struct err *e)
{
	n->answers = value_array(&n->arena, 16);
	if (questions[i].answer(n, e) != 0) {
		if (n->cli->client.is_lost)
			return -1;
		now_line(n, "%s", cli_said(e));
	}
	*lines = n->answers;
	return 0;
}

/* How many lines each question gets: all it has up to its most; while that is too much for a screen, the one
 * that is furthest over its share gives one. */
static void share_out(const struct value lines[N_QUESTIONS], uint32_t n_shown[N_QUESTIONS])
{
	uint32_t all = 0;

	for (size_t i = 0; i < N_QUESTIONS; i++) {
		n_shown[i] = lines[i].n < questions[i].n_most ? lines[i].n : questions[i].n_most;
		all += n_shown[i];
	}
	for (; all > SCREEN_LINES; all--) {
		size_t widest = 0;

		for (size_t i = 1; i < N_QUESTIONS; i++)
			if ((int)(n_shown[i] - questions[i].n_full) >
				(int)(n_shown[widest] - questions[widest].n_full))
				widest = i;
		n_shown[widest]--;
	}
}

static void print_question(struct now *n, FILE *out, size_t i, const struct value *lines, uint32_t n_shown)
{
	const char *label = cli_say(n->cli, questions[i].en, questions[i].zh);

	for (uint32_t k = 0; k < n_shown; k++) {
		fprintf(out, "%s%*s", label, (int)(LABEL_COLUMNS - text_columns(label)), "");
		label = "";
		if (k + 1 == n_shown && n_shown < lines->n)
			fprintf(out, now_say(n, "… %u more: %s\n", "……还有 %u 条：%s\n"),
				lines->n - n_shown + 1, questions[i].more);
		else
			fprintf(out, "%s\n", value_cstr(&n->arena, &lines->as.items[k]));
	}
}

static int look(void *udata, FILE *out, struct err *e)
{
	struct now *n = udata;
	struct value lines[N_QUESTIONS];
	uint32_t n_shown[N_QUESTIONS];

	if (begin(n, e) != 0)
		return -1;
	for (size_t i = 0; i < N_QUESTIONS; i++)
		if (answer(n, i, &lines[i], e) != 0)
			return -1;
	share_out(lines, n_shown);
	fprintf(out, "%s  %s %s\n", minute_shown(&n->arena, n->now_ms),
		value_shown(&n->arena, NULL, value_get(&n->hello, "name")),
		value_shown(&n->arena, NULL, value_get(&n->hello, "role")));
	for (size_t i = 0; i < N_QUESTIONS; i++)
		print_question(n, out, i, &lines[i], n_shown[i]);
	return 0;
}

static int print_json(struct now *n, struct err *e)
{
	struct value out, list;

	n->is_whole = true;
	if (begin(n, e) != 0)
		return -1;
	out = value_map(&n->arena, 2);
	list = value_array(&n->arena, N_QUESTIONS);
	for (size_t i = 0; i < N_QUESTIONS; i++) {
		struct value one = value_map(&n->arena, 2), lines;

		if (answer(n, i, &lines, e) != 0)
			return -1;
		value_add(&n->arena, &one, "question",
			value_literal(cli_say(n->cli, questions[i].en, questions[i].zh)));
		value_add(&n->arena, &one, "answers", lines);
		value_push(&n->arena, &list, one);
	}
	value_add(&n->arena, &out, "now", value_int(n->now_ms));
	value_add(&n->arena, &out, "questions", list);
	json_print(stdout, &out);
	return 0;
}

static int run_now(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *every = NULL;
	const struct option_spec specs[] = {
		{"--watch", &every, NULL}, {"--lang", &c->lang, NULL}, {NULL, NULL, NULL}};
	struct now n = {.cli = c};
	int64_t every_s = 0;
	int rc;

	if (options_take(&argc, argv, specs, e) != 0 || cli_check_lang(c, e) != 0)
		return EXIT_WRONG_USAGE;
	if (argc != 0)
		return usage(e, "now takes options only, not \"%.60s\"", argv[0]);
	if (every != NULL && option_int("--watch", every, 1, 3600, &every_s, e) != 0)
		return EXIT_WRONG_USAGE;
	arena_init(&n.arena, 0);
	if (c->is_json)
		rc = print_json(&n, e);
	else
		rc = every == NULL ? look(&n, stdout, e) : screen_run(c, every_s * 1000, look, &n, e);
	arena_fini(&n.arena);
	return rc;
}

const struct command commands_now[] = {
	{"now", "[--watch SECONDS] [--lang zh|en]",
		"The seven questions of three in the morning, on one screen",
		"Is the feed quiet or dead? What, where, how many, rising? Who is on it, who comes next? "
		"What may\n"
		"I do? What is due? Who changed the rules? Is Tocsin well? --watch draws it again until q or "
		"^C.\n",
		run_now},
	{NULL, NULL, NULL, NULL, NULL},
};
