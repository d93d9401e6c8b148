/* Small file work of the store: names that appear whole and durable, or not at all. Errors are ERR_STORAGE
 * with the path. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tocsin/buf.h"
#include "tocsin/err.h"
#include "tocsin/util.h"

/* dir + "/" + name; aborts when it does not fit. */
void path_join(char out[4096], const char *dir, const char *name);
bool path_exists(const char *path);
/* True for a directory that is missing or has no entries. */
bool dir_is_free(const char *path);

/* fsync of a file or a directory. */
int file_sync(const char *path, struct err *e) MUST_CHECK;
/* Rename, then sync the directory. */
int file_rename(const char *from, const char *to, const char *dir, struct err *e) MUST_CHECK;
/* A new file with these bytes: written as NAME.new, synced, renamed. */
int file_write(const char *dir, const char *name, struct slice bytes, struct err *e) MUST_CHECK;
/* The whole file as NUL-terminated text in the buffer, at most b->max - 1 bytes. */
int file_read(const char *path, struct buf *b, struct err *e) MUST_CHECK;
/* Size and SHA-256 of a file. */
int file_digest(const char *path, uint64_t *n_bytes, uint8_t digest[SHA256_LEN], struct err *e) MUST_CHECK;
/* A synced copy under a name that must not exist. */
int file_copy(const char *from, const char *to, struct err *e) MUST_CHECK;
