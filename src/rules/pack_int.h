/* Packs as bytes: shared by reading, storing and loading. */
#pragma once

#include "tocsin/rules.h"

#define PACK_NAME_MAX 120

/* The file of that name, or NULL. */
const struct pack_file *pack_find(const struct pack_files *, const char *name);
/* The text of `base = "…"` in pack.lua, copied into out; false if it names none. */
bool pack_base(const struct pack_files *, char *out, size_t out_n);
/* Whether a file belongs to the base ("default/routing.lua" where default/pack.lua is). */
bool pack_is_base_file(const struct pack_files *, const char *name);
/* Sort, and hash the whole. */
void pack_seal(struct pack_files *);

/*
 * Without its byte-order mark, turned into UTF-8 from GBK (GB 18030) or UTF-16 if need be; the result may be
 * in the arena. False: none of these.
 */
bool text_to_utf8(struct arena *, struct slice in, struct slice *out);
