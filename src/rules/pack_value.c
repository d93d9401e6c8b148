/* Packs as the store keeps them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lex.h"
#include "pack_int.h"

static int file_cmp(const void *a, const void *b)
{
	return strcmp(((const struct pack_file *)a)->name, ((const struct pack_file *)b)->name);
}

void pack_seal(struct pack_files *p)
{
	struct slice *parts = arena_alloc(&p->arena, (2 * (size_t)p->n_files + 1) * sizeof(*parts));

	if (p->n_files > 0)
		qsort(p->files, p->n_files, sizeof(*p->files), file_cmp);
	for (uint32_t i = 0; i < p->n_files; i++) {
		parts[2 * i] = slice_of(p->files[i].name, strlen(p->files[i].name) + 1);
		parts[2 * i + 1] = slice_of(p->files[i].sha, SHA256_LEN);
	}
	sha256_slices(parts, 2 * (size_t)p->n_files, p->sha);
}

const struct pack_file *pack_find(const struct pack_files *p, const char *name)
{
	struct pack_file wanted = {.name = name};

	if (p->n_files == 0)
		return NULL;
	return bsearch(&wanted, p->files, p->n_files, sizeof(*p->files), file_cmp);
}

static bool is_token(const struct lex *x, struct token t, const char *text)
{
	return t.n == strlen(text) && memcmp(x->p + t.at, text, t.n) == 0;
}

bool pack_base(const struct pack_files *p, char *out, size_t out_n)
{
	const struct pack_file *f = NULL;
	struct token a = {TOKEN_END, 0, 0}, b = a, c;
	struct lex x;

	for (uint32_t i = 0; i < p->n_files && f == NULL; i++) /* perhaps not sorted yet */
		f = strcmp(p->files[i].name, "pack.lua") == 0 ? &p->files[i] : NULL;
	if (f == NULL)
		return false;
	for (x = lex_of(f->bytes); (c = lex_next(&x)).kind != TOKEN_END; a = b, b = c) {
		if (c.kind != TOKEN_TEXT || a.kind != TOKEN_NAME || !is_token(&x, a, "base") ||
			!is_token(&x, b, "="))
			continue;
		if (c.n < 3 || c.n - 2 >= out_n)
			return false;
		memcpy(out, x.p + c.at + 1, c.n - 2);
		out[c.n - 2] = '\0';
		return true;
	}
	return false;
}

bool pack_is_base_file(const struct pack_files *p, const char *name)
{
	const char *slash = strchr(name, '/');
	char head[PACK_NAME_MAX + 16];

	if (slash == NULL || slash - name > PACK_NAME_MAX)
		return false;
	snprintf(head, sizeof(head), "%.*s/pack.lua", (int)(slash - name), name);
	return pack_find(p, head) != NULL;
}

static int take_files(struct pack_files *out, const struct value *files)
{
	out->files = arena_zalloc(&out->arena, ((size_t)files->n + 1) * sizeof(*out->files));
	for (uint32_t i = 0; i < files->n; i++) {
		struct pack_file *f = &out->files[out->n_files];
		const struct pair *p = &files->as.pairs[i];
		struct slice bytes = value_slice(&p->val);

		f->name = value_cstr(&out->arena, &p->key);
		if (f->name == NULL || !value_is(&p->val, VALUE_BIN))
			return -1;
		f->bytes = slice_of(arena_text(&out->arena, bytes.p, bytes.n), bytes.n);
		sha256(f->bytes.p, f->bytes.n, f->sha);
		out->n_files++;
	}
	pack_seal(out);
	return 0;
}

int pack_from_value(struct pack_files *out, const struct value *v, struct err *e)
{
	const struct value *files = value_get(v, "files");
	struct slice sha = value_slice(value_get(v, "sha"));

	memset(out, 0, sizeof(*out));
	arena_init(&out->arena, 0);
	if (value_is(files, VALUE_MAP) && take_files(out, files) == 0 && sha.n == SHA256_LEN &&
		memcmp(out->sha, sha.p, SHA256_LEN) == 0)
		return 0;
	pack_files_fini(out);
	return err_set(e, ERR_STORAGE, "the stored pack is damaged: its SHA-256 does not hold");
}

void pack_files_fini(struct pack_files *p)
{
	arena_fini(&p->arena);
	memset(p, 0, sizeof(*p));
}
