/* Pieces of manual pages (man(7)) made from tables. */
#pragma once

#include <stdio.h>

/* Text as roff takes it: hyphens that can be copied, no line that begins a request. */
void roff_text(FILE *, const char *text);
/* A tagged paragraph: the tag in bold, `value` (or "") in italics, then the sentence with a full stop. */
void roff_item(FILE *, const char *tag, const char *value, const char *sentence);
