/*
 * Which key a watch makes of a stream, and which watch makes a key: of several the first, so what is said in
 * front of a general watch is an exception from it. Pure; any thread.
 */
#include <string.h>

#include "warn_int.h"

static bool is_one_of(const struct texts *t, struct slice s)
{
	for (uint32_t i = 0; i < t->n; i++)
		if (slice_is(s, t->p[i]))
			return true;
	return t->n == 0;
}

static bool counts_complaint(const struct watches *all, const struct watch *w, const struct stream_name *s)
{
	char category[STREAM_TEXT_MAX + 1];

	if (w->of != WATCH_COMPLAINTS || s->what != 'c' || ((w->by & BY_CITY) && s->city.n == 0) ||
		((w->by & BY_CATEGORY) && s->category.n == 0))
		return false;
	if (s->category.n > 0)
		memcpy(category, s->category.p, s->category.n);
	category[s->category.n] = '\0';
	return watch_has_category(all, w, category);
}

static bool counts_signal(const struct watch *w, const struct stream_name *s)
{
	return w->of == WATCH_SIGNALS && s->what == 's' && is_one_of(&w->kinds, s->category) &&
	       !((w->by & BY_CITY) && s->city.n == 0) &&
	       (w->service == NULL || slice_is(s->service, w->service)) &&
	       (w->component == NULL || slice_is(s->component, w->component));
}

static struct slice by_or(const struct watch *w, enum watch_by by, struct slice part, const char *fixed)
{
	if (w->by & (uint32_t)by)
		return part;
	return fixed != NULL ? slice_of(fixed, strlen(fixed)) : SLICE_TEXT("*");
}

/* The key that the watch makes of this stream; nothing when it would be too long. */
static struct slice key_of(const struct watch *w, const struct stream_name *s, char out[KEY_TEXT_MAX])
{
	struct slice city = by_or(w, BY_CITY, s->city, NULL),
		     category = by_or(w, BY_CATEGORY, s->category, NULL);
	int n;

	if (w->of == WATCH_SIGNALS) {
		struct slice kind = by_or(w, BY_KIND, s->category, w->kinds.n == 1 ? w->kinds.p[0] : NULL),
			     service = by_or(w, BY_SERVICE, s->service, w->service),
			     component = by_or(w, BY_COMPONENT, s->component, w->component);

		n = snprintf(out, KEY_TEXT_MAX, SIGNAL_PREFIX "%.*s/%.*s/%.*s/%.*s", (int)city.n,
			(const char *)city.p, (int)kind.n, (const char *)kind.p, (int)service.n,
			(const char *)service.p, (int)component.n, (const char *)component.p);
		while (n > 2 && n < KEY_TEXT_MAX && memcmp(out + n - 2, "/*", 2) == 0)
			n -= 2;
	} else if (w->cluster != NULL && !(w->by & BY_CATEGORY)) {
		n = (w->by & BY_CITY) ? snprintf(out, KEY_TEXT_MAX, "%.*s/" CLUSTER_PREFIX "%s", (int)city.n,
						(const char *)city.p, w->cluster)
				      : snprintf(out, KEY_TEXT_MAX, CLUSTER_PREFIX "%s", w->cluster);
	} else {
		n = snprintf(out, KEY_TEXT_MAX, "%.*s/%.*s", (int)city.n, (const char *)city.p,
			(int)category.n, (const char *)category.p);
	}
	return n > 0 && n < KEY_TEXT_MAX ? slice_of(out, (size_t)n) : slice_of(out, 0);
}

struct slice watch_key(
	const struct watches *all, const struct watch *w, const struct stream_name *s, char out[KEY_TEXT_MAX])
{
	return counts_complaint(all, w, s) || counts_signal(w, s) ? key_of(w, s, out) : slice_of(out, 0);
}

/* ---- and back: which watch would make this key --------------------------------------------------------- */
static struct slice first_or(const struct texts *t, struct slice otherwise)
{
	return t->n == 0 ? otherwise : slice_of(t->p[0], strlen(t->p[0]));
}

static struct slice text_or(const char *text, struct slice otherwise)
{
	return text == NULL ? otherwise : slice_of(text, strlen(text));
}

/* Something that the watch counts, with the parts of the key where the watch tells streams apart. */
static void stream_of(const struct watches *all, const struct watch *w, struct slice key,
	char text[KEY_TEXT_MAX + 2], struct stream_name *s)
{
	static const struct slice any = {.p = "-", .n = 1};
	const struct cluster *c = w->cluster == NULL ? NULL : cluster_find(all, w->cluster);
	bool is_signal = w->of == WATCH_SIGNALS;
	size_t skip = is_signal ? strlen(SIGNAL_PREFIX) : 0, n = key.n > skip ? key.n - skip : 0;
	struct slice fixed[STREAM_PARTS] = {
		any, first_or(&w->categories, c == NULL ? any : first_or(&c->categories, any)), any, any};
	uint32_t bits[STREAM_PARTS] = {BY_CITY, is_signal ? BY_KIND : BY_CATEGORY, BY_SERVICE, BY_COMPONENT};

	if (is_signal) {
		fixed[1] = first_or(&w->kinds, any);
		fixed[2] = text_or(w->service, any);
		fixed[3] = text_or(w->component, any);
	}
	text[0] =
		is_signal ? 's' : 'c'; /* as streams write their parts: a letter, then each behind a slash */
	text[1] = '/';
	if (n > 0)
		memcpy(text + 2, (const char *)key.p + skip, n);
	stream_split(slice_of(text, n + 2), s);
	for (int i = 0; i < STREAM_PARTS; i++)
		if (!(w->by & bits[i]))
			s->part[i] = fixed[i];
		else if (warn_is_all(s->part[i]))
			s->part[i] = slice_of("", 0); /* a key of more than one */
}

const struct watch *watch_of_key(const struct watches *all, struct slice key)
{
	char text[KEY_TEXT_MAX + 2], made[KEY_TEXT_MAX];
	struct stream_name s;

	for (uint32_t i = 0; key.n < KEY_TEXT_MAX && i < all->n; i++) {
		const struct watch *w = &all->list[i];

		if (w->of == WATCH_SERIES)
			continue;
		stream_of(all, w, key, text, &s);
		if (slice_cmp(watch_key(all, w, &s, made), key) == 0)
			return w;
	}
	return NULL;
}
