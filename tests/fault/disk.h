/* A model of a disk that a shim log is played on: what is durable, and what is pending, by file and by name. */
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
/* Write one possible state after a power cut now into an empty directory. */
void disk_cut(const struct disk *, enum cut, struct rng *, const char *dir);
