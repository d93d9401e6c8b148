#include "libraries.h"

#include "tocsin/log.h"
#include "tocsin/net.h"
#include "tocsin/rules.h"
#include "tocsin/store.h"
#include "tocsin/util.h"
#include "tocsin/version.h"
#include "tocsin/wire.h"

#define N_LIBRARIES 5

struct library {
	const char *name, *version;
	const char *minimum, *because; /* or NULL */
};

struct libraries {
	struct library all[N_LIBRARIES];
	char lmdb[STORE_LIBRARY_LEN];
};

static void find(struct libraries *l)
{
	const struct library all[N_LIBRARIES] = {
		/* Debian's 2.1.12-stable-8+deb12u1 mends more, but the library does not tell it apart: the
		 * package depends on it instead */
		{"libevent", server_library(), "2.1.12", "older ones overflow buffers that clients fill"},
		{"lua", rules_library(), "5.4.4", "older ones crash on rules that recurse"},
		{"lmdb", store_library(l->lmdb), "0.9.24", "older ones leak pages of spilled transactions"},
		{"msgpack-c", wire_library(), NULL, NULL},
		{"openssl", digest_library(), "3.0", "older ones are no longer mended"},
	};

	for (int i = 0; i < N_LIBRARIES; i++)
		l->all[i] = all[i];
}

void libraries_print(FILE *f)
{
	struct libraries l;

	find(&l);
	fprintf(f, "tocsind %s\n", TOCSIN_VERSION);
	for (int i = 0; i < N_LIBRARIES; i++)
		fprintf(f, "%s %s\n", l.all[i].name, l.all[i].version);
}

void libraries_log(void)
{
	struct libraries l;

	find(&l);
	log_line(LOG_INFO, "start", "version=%s libevent=%s lua=%s lmdb=%s msgpack-c=%s openssl=%s",
		TOCSIN_VERSION, l.all[0].version, l.all[1].version, l.all[2].version, l.all[3].version,
		l.all[4].version);
}

int libraries_check(struct err *e)
{
	struct libraries l;

	find(&l);
	for (int i = 0; i < N_LIBRARIES; i++)
		if (l.all[i].minimum != NULL && version_cmp(l.all[i].version, l.all[i].minimum) < 0)
			return err_set(e, ERR_INTERNAL, "%s %s is too old, %s or newer is needed: %s",
				l.all[i].name, l.all[i].version, l.all[i].minimum, l.all[i].because);
	return 0;
}
