/* What a count is of. */
#pragma once

#include "tocsin/buf.h"

#define STREAM_PARTS 4

/* Borrows its parts; an absent one is empty. */
struct stream_name {
	char what; /* 'c' complaints, 's' signals; of a recording also 'a', numbers that are affected by then */
	union {
		struct {
			struct slice city, category /* of signals their kind */, service, component;
		};
		struct slice part[STREAM_PARTS];
	};
};
