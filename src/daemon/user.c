#include "user.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tocsin/log.h"
#include "tocsin/util.h"

/* "uid:1001": true with the number, or with is_bad where it is none. */
static bool uid_parse(const char *name, uid_t *uid, bool *is_bad)
{
	unsigned long n;
	char *end;

	if (strncmp(name, "uid:", 4) != 0)
		return false;
	n = strtoul(name + 4, &end, 10);
	*is_bad = name[4] < '0' || name[4] > '9' || *end != '\0' || n >= UINT32_MAX;
	*uid = (uid_t)n;
	return true;
}

static int bad_role(const char *role, struct err *e)
{
	static const char *const words[] = {
#define ROLE(name, wire, help) wire,
		ROLES(ROLE)
#undef ROLE
	};

	err_set(e, ERR_BAD_REQUEST, "\"%.60s\" is no role", role);
	return err_hint(e, nearest_word(role, words, sizeof(words) / sizeof(words[0])));
}

int user_parse(const char *text, struct local_user *out, struct err *e)
{
	char name[PERSON_LEN] = "", role[32] = "", more, *plus;
	bool is_bad = false;

	memset(out, 0, sizeof(*out));
	if (sscanf(text, "%63s %31s %c", name, role, &more) != 2)
		return err_set(e, ERR_BAD_REQUEST,
			"expected a local user and a role, such as `alice agent` or `uid:1001 "
			"adapter+gateway`");
	out->has_uid = uid_parse(name, &out->uid, &is_bad);
	if (is_bad)
		return err_set(e, ERR_BAD_REQUEST, "\"%s\" is no user id", name);
	plus = strchr(role, '+');
	if (plus != NULL && strcmp(plus, "+gateway") != 0)
		return err_set(e, ERR_BAD_REQUEST, "only +gateway may follow a role, not \"%s\"", plus);
	out->is_gateway = plus != NULL;
	if (plus != NULL)
		*plus = '\0';
	out->roles = role_by_name(role);
	if (out->roles == 0)
		return bad_role(role, e);
	memcpy(out->name, name, sizeof(name));
	return 0;
}

/* The uid of a name: 0, or -1 when passwd does not know it. */
static int uid_find(struct local_user *u)
{
	struct passwd entry, *found = NULL;
	char names[4096];

	if (u->has_uid)
		return 0;
	if (getpwnam_r(u->name, &entry, names, sizeof(names), &found) != 0 || found == NULL)
		return -1;
	u->uid = entry.pw_uid;
	return 0;
}

/* Whether a line can have an effect; if not, the log says why. */
static bool is_taken(struct local_user *u, const struct desk_user *before, uint32_t n)
{
	const char *why = NULL;

	if (uid_find(u) != 0)
		why = "no such local user";
	else if (u->uid == 0 || u->uid == geteuid())
		why = "root and the daemon's owner are admin";
	for (uint32_t i = 0; why == NULL && i < n; i++)
		if (before[i].uid == u->uid)
			why = "this user has a role already";
	if (why != NULL)
		log_line(LOG_ERROR, "config.user", "user=%s error=%s", u->name, why);
	return why == NULL;
}

void users_apply(struct desk *desk, const struct config *c)
{
	const struct setting *s = &c->settings[CONFIG_KEY_USER];
	struct desk_user *users = calloc(s->n + 1, sizeof(*users));
	uint32_t n = 0;

	must(users != NULL);
	for (uint32_t i = 0; i < s->n; i++) {
		struct local_user u;
		struct err e;

		must(user_parse(s->texts[i], &u, &e) == 0); /* config_read did */
		if (!is_taken(&u, users, n))
			continue;
		users[n].uid = u.uid;
		users[n].who.roles = u.roles;
		users[n].who.is_gateway = u.is_gateway;
		memcpy(users[n].who.name, u.name, sizeof(u.name));
		n++;
	}
	desk_set_users(desk, users, n);
	free(users);
}
