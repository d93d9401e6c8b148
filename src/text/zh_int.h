/* What the files of text share. */
#pragma once

#include <stddef.h>

struct zh_pair {
	const char *en, *zh;
};

/* By the area of who says it; a text that two areas say stands once. The last pair is NULL. */
extern const struct zh_pair zh_rpc[], zh_desk[], zh_model[], zh_start[], zh_wire[], zh_words[];
