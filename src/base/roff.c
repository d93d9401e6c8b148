#include "tocsin/roff.h"

#include <string.h>

static const struct {
	char c;
	const char *roff;
} escapes[] = {{'-', "\\-"}, {'\\', "\\e"}, {'`', "\\(ga"}, {'\'', "\\(aq"}, {'"', "\\(dq"}, {'~', "\\(ti"},
	{'^', "\\(ha"}};

static void put(FILE *f, char c)
{
	for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++)
		if (escapes[i].c == c) {
			fputs(escapes[i].roff, f);
			return;
		}
	fputc(c, f);
}

void roff_text(FILE *f, const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		if ((p == text || p[-1] == '\n') && *p == '.')
			fputs("\\&", f);
		put(f, *p);
	}
}

void roff_item(FILE *f, const char *tag, const char *value, const char *sentence)
{
	fprintf(f, ".TP\n\\fB");
	roff_text(f, tag);
	fprintf(f, "\\fR");
	if (value[0] != '\0') {
		fprintf(f, " \\fI");
		roff_text(f, value);
		fprintf(f, "\\fR");
	}
	fputc('\n', f);
	roff_text(f, sentence);
	fputs(".\n", f);
}
