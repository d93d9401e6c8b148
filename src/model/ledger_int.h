/* Private to the ledger. */
#pragma once

#include "tocsin/ledger.h"

#define LEDGER_MS_MAX INT64_C(7258118399999) /* 2199-12-31T23:59:59.999Z */

/* Goal, unit, start and percentages within their bounds; ERR_BAD_REQUEST. */
int terms_check(const struct ledger_terms *, int64_t started_ms, struct err *) MUST_CHECK;

/* Elapsed time that is paused and not void, as of now_ms. */
int64_t ledger_paused_ms(const struct ledger *, int64_t now_ms);
