/* A file of any encoding to UTF-8. */
#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "import_int.h"
#include "tocsin/util.h"

#define FILE_BYTES_MAX ((off_t)1 << 31)

static int read_file(const char *path, char **out, size_t *n, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *p = NULL;
	int rc = -1;

	if (fd < 0 || fstat(fd, &st) != 0) {
		err_set(e, ERR_NOT_FOUND, "%s: %s", path, strerror(errno));
		goto out;
	}
	if (!S_ISREG(st.st_mode) || st.st_size > FILE_BYTES_MAX) {
		err_set(e, ERR_BAD_REQUEST, tr("%s is no regular file of at most 2 GiB"), path);
		goto out;
	}
	p = malloc((size_t)st.st_size + 1);
	must(p != NULL);
	for (*n = 0; *n < (size_t)st.st_size;) {
		ssize_t got = read(fd, p + *n, (size_t)st.st_size - *n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			err_set(e, ERR_STORAGE, "%s: %s", path, strerror(errno));
			goto out;
		}
		if (got == 0)
			break;
		*n += (size_t)got;
	}
	*out = p;
	p = NULL;
	rc = 0;
out:
	free(p);
	if (fd >= 0)
		close(fd);
	return rc;
}

static uint64_t line_at(const char *p, size_t n)
{
	uint64_t line = 1;

	for (size_t i = 0; i < n; i++)
		line += p[i] == '\n';
	return line;
}

static int convert(
	const char *path, const char *encoding, char *in, size_t n, struct slice *out, struct err *e)
{
	iconv_t cd = iconv_open("UTF-8", encoding);
	size_t room = n * 3 + 16, in_left = n, out_left = room;
	char *begin = malloc(room), *from = in, *to = begin;
	int rc = -1;

	must(begin != NULL);
	if (cd == (iconv_t)-1)
		err_set(e, ERR_BAD_REQUEST, tr("encoding \"%s\" is not known; utf-8, gbk, utf-16 ... are"),
			encoding);
	else if (iconv(cd, &from, &in_left, &to, &out_left) == (size_t)-1)
		err_set(e, ERR_BAD_REQUEST,
			tr("%s:%ju: this is not %s; say its real `encoding` in the mapping"), path,
			(uintmax_t)line_at(in, (size_t)(from - in)), encoding);
	else
		rc = 0;
	if (cd != (iconv_t)-1)
		iconv_close(cd);
	if (rc == 0)
		*out = slice_of(begin, (size_t)(to - begin));
	else
		free(begin);
	return rc;
}

/* Line of the first byte that is no UTF-8, 0 if all is. */
static uint64_t bad_utf8_line(const char *p, size_t n)
{
	uint64_t line = 1;

	for (size_t at = 0; at < n;) {
		const char *end = memchr(p + at, '\n', n - at);
		size_t len = end == NULL ? n - at : (size_t)(end - p) - at;

		if (!utf8_valid(p + at, len))
			return line;
		at += len + 1;
		line++;
	}
	return 0;
}

/* A byte no text has; iconv lets it pass. Its place in the file as it is shown: line, and character in it. */
static int refuse_zero(const char *path, const char *p, size_t n, struct err *e)
{
	const char *zero = memchr(p, '\0', n), *begin = zero;
	size_t column = 1;

	if (zero == NULL)
		return 0;
	while (begin > p && begin[-1] != '\n')
		begin--;
	for (const char *at = begin; at < zero; at++)
		column += ((unsigned char)*at & 0xc0) != 0x80;
	return err_set(e, ERR_BAD_REQUEST,
		tr("%s:%ju:%zu: a zero byte, which no text has: was the file copied completely, or is it "
		   "`encoding = utf-16le`?"),
		path, (uintmax_t)line_at(p, (size_t)(zero - p)), column);
}

static bool is_utf16(const char *p, size_t n)
{
	return n >= 2 && (memcmp(p, "\xff\xfe", 2) == 0 || memcmp(p, "\xfe\xff", 2) == 0);
}

int text_load(const char *path, const char *encoding, struct slice *out, struct err *e)
{
	size_t n, mark;
	uint64_t line;
	char *p;
	int rc;

	if (read_file(path, &p, &n, e) != 0)
		return -1;
	if (is_utf16(p, n))
		encoding = "UTF-16";
	else if (strcasecmp(encoding, "gbk") == 0 || strcasecmp(encoding, "gb2312") == 0)
		encoding = "GB18030"; /* what they grew into; their files read the same */
	if (strcasecmp(encoding, "utf-8") != 0) {
		rc = convert(path, encoding, p, n, out, e);
		free(p);
		if (rc == 0 && refuse_zero(path, out->p, out->n, e) != 0) {
			free((void *)out->p);
			*out = slice_of(NULL, 0);
			rc = -1;
		}
		return rc;
	}
	mark = n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	memmove(p, p + mark, n - mark);
	if (refuse_zero(path, p, n - mark, e) != 0) {
		free(p);
		return -1;
	}
	line = bad_utf8_line(p, n - mark);
	if (line == 0) {
		*out = slice_of(p, n - mark);
		return 0;
	}
	free(p);
	return err_set(e, ERR_BAD_REQUEST,
		tr("%s:%ju: this is not UTF-8; a file saved by Excel in China is `encoding = gbk`"), path,
		(uintmax_t)line);
}
