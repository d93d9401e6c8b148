/* The daemon's settings: one table of keys gives the command line, the config file and --help. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tocsin/err.h"

#define LISTEN_MAX 16

struct config {
	char *data_dir, *rules_dir, *share_dir, *zone, *clock_text;
	char *listen[LISTEN_MAX];
	uint32_t n_listen;
	bool is_virtual, is_help, is_methods;
	int64_t virtual_ms;
};

/*
 * Command line over config file (--config; `key = value`, # comments) over defaults. 0, or -1 with
 * ERR_BAD_REQUEST naming the option, or file and line.
 */
int config_read(struct config *, int argc, char **argv, struct err *e) MUST_CHECK;
/* Read --clock; after the zone is set. */
int config_times(struct config *, struct err *e) MUST_CHECK;
void config_fini(struct config *);
void config_help(FILE *);
