/* The libraries this program found, and what it needs of them. */
#pragma once

#include <stdio.h>

#include "tocsin/err.h"

/* "libevent 2.1.12-stable" and so on, one a line, this program first. */
void libraries_print(FILE *);
/* The same as one line of the log, event=start. */
void libraries_log(void);
/* 0, or -1 naming the library that is too old. */
int libraries_check(struct err *e) MUST_CHECK;
