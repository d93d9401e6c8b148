/* A model of a disk that a shim log is played on: what is durable, and what is pending, by file and by name.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shim_log.h"
#include "tocsin/util.h"

enum cut { CUT_ALL, CUT_NOTHING, CUT_TORN, CUT_SUBSET, N_CUTS };

struct disk;

/* The files of a directory, all durable. */
struct disk *disk_new(const char *dir);
void disk_free(struct disk *);
/* The next event of the log; `data` stays borrowed until disk_free. Notes are ignored. */
void disk_play(struct disk *, const struct shim_event *, const uint8_t *data);
/*
 * The process dies, the machine does not: write what the page cache shows into an empty directory, whose
 * files the next log is about. Pending changes stay pending; with is_failed, changes of content never get to
 * the disk unless written again, as after a failed sync whose pages the kernel then calls clean, and names
 * are durable.
 */
void disk_kill(struct disk *, bool is_failed, const char *dir);
/* Write one possible state after a power cut now into an empty directory. */
void disk_cut(const struct disk *, enum cut, struct rng *, const char *dir);
