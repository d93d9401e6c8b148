#include "tocsin/log.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tocsin/util.h"

/* The one process-wide setting beside main.c's: any thread may log, also before anything is wired. */
static enum log_level log_level_min = LOG_INFO;
static void (*log_sink)(void *, const char *, size_t);
static void *log_udata;

void mask_numbers(char *text, size_t n)
{
	size_t i = 0;

	while (i < n) {
		size_t run = 0;

		while (i + run < n && isdigit((unsigned char)text[i + run]))
			run++;
		if (run == 11 && text[i] == '1' && text[i + 1] >= '3')
			memcpy(text + i + 3, "****", 4);
		else if (run == 13 && memcmp(text + i, "86", 2) == 0 && text[i + 2] == '1' &&
			 text[i + 3] >= '3')
			memcpy(text + i + 5, "****", 4);
		i += run > 0 ? run : 1;
	}
}

void log_set_level(enum log_level level)
{
	log_level_min = level;
}

void log_set_sink(void (*sink)(void *, const char *, size_t), void *udata)
{
	log_sink = sink;
	log_udata = udata;
}

static size_t add_head(char *line, size_t size, enum log_level level, const char *event)
{
	static const char *const names[] = {"debug", "info", "warn", "error"};
	struct timespec ts;
	struct tm tm;
	int n;

	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	n = snprintf(line, size, "at=%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ level=%s event=%s ",
		tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
		ts.tv_nsec / 1000000, names[level], event);
	return n < 0 ? 0 : (size_t)n;
}

void log_line(enum log_level level, const char *event, const char *format, ...)
{
	char line[1024];
	size_t n;
	va_list ap;

	if (level < log_level_min)
		return;
	n = add_head(line, sizeof(line) - 2, level, event);
	va_start(ap, format);
	vsnprintf(line + n, sizeof(line) - 1 - n, format, ap);
	va_end(ap);
	n = utf8_clip(line, strlen(line));
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = ' ';
	mask_numbers(line, n);
	line[n++] = '\n';
	if (log_sink != NULL)
		log_sink(log_udata, line, n);
	else if (write(STDERR_FILENO, line, n) < 0)
		return; /* nowhere left to say so */
}
