/* Who is who: the tokens file, local users, and the persons of the pack that a gateway may act for. */
#include "access.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "tocsin/log.h"

#define LINE_MAX_BYTES 512

struct token {
	struct principal who;
	uint8_t sha[SHA256_LEN];
};

struct access {
	struct token *tokens;
	uint32_t n_tokens;
	struct desk_user *users;
	uint32_t n_users;
};

/* "name role[+gateway] sha256hex". 0, or -1 with the reason. */
static int read_line(char *line, struct token *t, struct err *e)
{
	char *save = NULL, *name = strtok_r(line, " \t\r\n", &save), *role = strtok_r(NULL, " \t\r\n", &save);
	char *sha = strtok_r(NULL, " \t\r\n", &save), *plus;

	memset(t, 0, sizeof(*t));
	if (name == NULL || role == NULL || sha == NULL)
		return err_set(e, ERR_REJECTED, "expected `name role sha256hex`");
	plus = strchr(role, '+');
	if (plus != NULL) {
		t->who.is_gateway = strcmp(plus, "+gateway") == 0;
		*plus = '\0';
	}
	t->who.roles = role_by_name(role);
	if (t->who.roles == 0)
		return err_set(e, ERR_REJECTED, "\"%s\" is not a role", role);
	if (unhex(sha, strlen(sha), t->sha, SHA256_LEN) != SHA256_LEN)
		return err_set(e, ERR_REJECTED, "the third word is not a SHA-256 in hex");
	snprintf(t->who.name, sizeof(t->who.name), "%s", name);
	return 0;
}

/* A file that others can read or write gives nobody access. */
static FILE *open_tokens(const char *path)
{
	struct stat st;
	FILE *f = fopen(path, "re");

	if (f == NULL) {
		if (errno != ENOENT)
			log_line(LOG_ERROR, "tokens.open", "path=%s error=\"%s\"", path, strerror(errno));
		return NULL;
	}
	if (fstat(fileno(f), &st) != 0 || (st.st_mode & 077) != 0) {
		log_line(LOG_ERROR, "tokens.open",
			"path=%s error=\"must be readable by its owner alone (chmod 600)\"", path);
		fclose(f);
		return NULL;
	}
	return f;
}

void access_reload(struct desk *d)
{
	struct access *a = d->access;
	char path[4096], line[LINE_MAX_BYTES];
	int number = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/tokens", d->config.data_dir);
	a->n_tokens = 0;
	f = open_tokens(path);
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		struct err e;

		number++;
		if (line[strspn(line, " \t\r\n")] == '\0' || line[0] == '#')
			continue;
		a->tokens = realloc(a->tokens, (a->n_tokens + 1) * sizeof(a->tokens[0]));
		must(a->tokens != NULL);
		if (read_line(line, &a->tokens[a->n_tokens], &e) == 0)
			a->n_tokens++;
		else
			log_line(LOG_ERROR, "tokens.line", "path=%s line=%d error=\"%s\"", path, number,
				e.text);
	}
	if (f != NULL)
		fclose(f);
}

void access_new(struct desk *d)
{
	d->access = calloc(1, sizeof(*d->access));
	must(d->access != NULL);
	access_reload(d);
}

void access_free(struct desk *d)
{
	if (d->access == NULL)
		return;
	free(d->access->tokens);
	free(d->access->users);
	free(d->access);
}

void desk_set_users(struct desk *d, const struct desk_user *users, uint32_t n)
{
	struct access *a = d->access;

	free(a->users);
	a->users = calloc(n + 1, sizeof(*users));
	must(a->users != NULL);
	if (n > 0)
		memcpy(a->users, users, n * sizeof(*users));
	a->n_users = n;
}

int access_peer(void *ctx, uid_t uid, struct principal *out)
{
	struct desk *d = ctx;

	for (uint32_t i = 0; i < d->access->n_users; i++)
		if (d->access->users[i].uid == uid) {
			*out = d->access->users[i].who;
			return 0;
		}
	return -1;
}

/* Compare in constant time: the digest of what was said against every known one. */
int access_auth(void *ctx, struct slice token, struct principal *out, struct err *e)
{
	struct desk *d = ctx;
	uint8_t sha[SHA256_LEN];
	bool found = false;

	sha256(token.p, token.n, sha);
	for (uint32_t i = 0; i < d->access->n_tokens; i++) {
		uint8_t differs = 0;

		for (int k = 0; k < SHA256_LEN; k++)
			differs |= (uint8_t)(sha[k] ^ d->access->tokens[i].sha[k]);
		if (differs == 0) {
			*out = d->access->tokens[i].who;
			found = true;
		}
	}
	return found ? 0 : err_set(e, ERR_UNAUTHENTICATED, "the token is not known");
}

/* Whom a gateway or admin acts for must be a person of the pack; roles of it that the core does not know
 * count in rules only. */
int access_person(void *ctx, const char *as, uint32_t *roles, struct err *e)
{
	struct desk *d = ctx;
	const struct value *person = value_get(value_get(packs_catalog(d->packs), "persons"), as),
			   *has = value_get(person, "roles");

	if (person == NULL)
		return err_arg(e, ERR_REJECTED, "as", as, "\"%s\" is not a person of the pack", as);
	*roles = ROLE_NONE;
	for (uint32_t i = 0; has != NULL && has->type == VALUE_MAP && i < has->n; i++) {
		char name[ROLE_NAMES_LEN];

		snprintf(name, sizeof(name), "%.*s", (int)has->as.pairs[i].key.n,
			has->as.pairs[i].key.as.text);
		*roles |= role_by_name(name);
	}
	return 0;
}

enum lang access_lang(void *ctx, const char *as)
{
	struct desk *d = ctx;
	const struct value *person = value_get(value_get(packs_catalog(d->packs), "persons"), as),
			   *lang = value_get(person, "lang");

	return lang == NULL ? LANG_ANY : value_is_text(lang, "zh") ? LANG_ZH : LANG_EN;
}

const char *call_own(const struct call *c)
{
	return c->roles == ROLE_INTAKE ? session_who(c->session) : NULL;
}

int call_may_see(struct call *c, int64_t id, struct err *e)
{
	const char *own = call_own(c);
	struct value row;

	if (own == NULL)
		return 0;
	if (ticket_load(c->ctx, NULL, c->arena, id, &row, e) != 0)
		return -1;
	if (value_is_text(value_get(&row, "created_by"), own))
		return 0;
	return err_set(e, ERR_FORBIDDEN, "ticket %jd was not taken in by %s; the role intake sees its own",
		(intmax_t)id, own);
}
