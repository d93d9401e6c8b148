/* Private to the bytes of ledgers. */
#pragma once

#include "model/ledger_int.h"
#include "tocsin/ledgers.h"

#define INSTANT_MAX (INT64_C(1) << 60)
#define LEDGERS_VERSION 2

enum ledger_flags {
	LEDGER_STATUTORY = 1,
	LEDGER_STOPPED = 2,
	LEDGER_DUE_KNOWN = 4,
	LEDGER_DUE_PAUSED = 8,
	LEDGER_ARMED = 16,
	LEDGER_PAUSES = 32, /* lists of pauses and voids follow */
	LEDGER_FLAGS = 63,
};
enum ledger_terms_flags { LEDGER_UNIT = 3, LEDGER_CALENDAR = 4, LEDGER_HASH = 8 };

/* Texts written out so far. */
#define LEDGER_WORDS_MAX 64
struct ledger_words {
	uint32_t n;
	const char *texts[LEDGER_WORDS_MAX]; /* what comes when it is full is always written out */
};

/* Both 0 or -1. A text without NUL; an instant as a difference to base_ms. */
int ledger_take_text(struct slice *rest, struct slice *out) MUST_CHECK;
int ledger_take_instant(struct slice *rest, int64_t base_ms, int64_t *out) MUST_CHECK;
