/* Values written as a format with places to fill in: tocsin.h says what it may hold. */
#pragma once

#include <stdarg.h>

#include "tocsin/err.h"
#include "tocsin/value.h"

/* Build it in the arena (texts are copied; NULL is an empty map). 0, or -1 with ERR_BAD_REQUEST. */
int format_value(struct arena *, const char *format, va_list, struct value *out, struct err *e) MUST_CHECK;
