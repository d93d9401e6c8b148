/*
 * tocsin now: the seven questions of three in the morning on one screen of 80 columns and 24 lines. A table
 * of questions; each has a function that answers in at most so many lines, from what the daemon says.
 */
#include <stdlib.h>
#include <string.h>

#include "now_int.h"
#include "tocsin/clock.h"
#include "tocsin/util.h"

#define SCREEN_COLUMNS 79 /* some terminals wrap a full line */
#define LABEL_COLUMNS 15

static const struct question {
	const char *en, *zh;
	int n_lines_max;
	/* Lines by now_line. 0, or -1 with *e, which is then the answer. */
	int (*answer)(struct now *, struct err *e);
} questions[] = {
	{"Feed alive?", "来源正常吗", 2, now_feed},
	{"What, where?", "何事何地", 6, now_what},
	{"Who has it?", "谁在处理", 5, now_who},
	{"What may I do?", "我能做什么", 2, now_may},
	{"What is due?", "什么要到期", 3, now_due},
	{"Rules by whom?", "谁改了规则", 2, now_rules},
	{"Tocsin well?", "系统正常吗", 3, now_well},
};
#define N_QUESTIONS (sizeof(questions) / sizeof(questions[0]))

void now_line(struct now *n, const char *format, ...)
{
	const struct question *q = &questions[n->question];
	const char *label = n->n_lines == 0 ? cli_say(n->cli, q->en, q->zh) : "", *shown;
	struct arena *a = &n->arena;
	char text[1024];
	va_list ap;

	if (n->n_lines++ >= q->n_lines_max)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	text[utf8_clip(text, strlen(text))] = '\0';
	shown = text_clip(a, slice_of(text, strlen(text)), SCREEN_COLUMNS - LABEL_COLUMNS);
	if (n->answers.type == VALUE_ARRAY)
		value_push(a, &n->answers, value_text(a, shown, strlen(shown)));
	else
		fprintf(n->out, "%s%*s%s\n", label, (int)(LABEL_COLUMNS - text_columns(label)), "", shown);
}

int now_call(struct now *n, const char *method, const struct value *args, struct value *result, struct err *e)
{
	return client_call(&n->cli->client, &n->arena, method, args, result, e);
}

/* ---- the screen -------------------------------------------------------------------------------------------
 */
static int begin(struct now *n, struct err *e)
{
	arena_reset(&n->arena);
	if (cli_open(n->cli, e) != 0 || now_call(n, "session.hello", NULL, &n->hello, e) != 0)
		return -1;
	n->now_ms = value_int_or(value_get(&n->hello, "now"), 0);
	n->has_recent = false;
	return 0;
}

/* What the daemon will not tell this role is an answer, too; a lost connection is none. */
static int answer(struct now *n, size_t i, struct err *e)
{
	n->question = i;
	n->n_lines = 0;
	if (questions[i].answer(n, e) == 0)
		return 0;
	if (n->cli->client.is_lost)
		return -1;
	now_line(n, "%s", e->text);
	return 0;
}

static int look(void *udata, FILE *out, struct err *e)
{
	struct now *n = udata;

	if (begin(n, e) != 0)
		return -1;
	n->out = out;
	n->answers = value_nil;
	fprintf(out, "%s  %s %s\n", minute_shown(&n->arena, n->now_ms),
		value_shown(&n->arena, NULL, value_get(&n->hello, "name")),
		value_shown(&n->arena, NULL, value_get(&n->hello, "role")));
	for (size_t i = 0; i < N_QUESTIONS; i++)
		if (answer(n, i, e) != 0)
			return -1;
	return 0;
}

static int print_json(struct now *n, struct err *e)
{
	struct value out, list;

	if (begin(n, e) != 0)
		return -1;
	out = value_map(&n->arena, 2);
	list = value_array(&n->arena, N_QUESTIONS);
	for (size_t i = 0; i < N_QUESTIONS; i++) {
		struct value one = value_map(&n->arena, 2);

		n->answers = value_array(&n->arena, 8);
		if (answer(n, i, e) != 0)
			return -1;
		value_add(&n->arena, &one, "question",
			value_literal(cli_say(n->cli, questions[i].en, questions[i].zh)));
		value_add(&n->arena, &one, "answers", n->answers);
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
