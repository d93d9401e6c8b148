/*
 * Frames: where one MessagePack value of a byte stream ends, before anything is decoded. The walker does not
 * allocate or recurse; its state is resumable, so that a frame which arrives byte by byte costs O(n) in all.
 *
 * A declared length or count that cannot fit into what is left of the frame breaks it at the header: the five
 * bytes dd 0f ff ff ff never reach the codec, which would set aside 8 GiB for them (msgpack-c issue 1013).
 *
 * The whole format is accepted (https://github.com/msgpack/msgpack/blob/master/spec.md), extensions and NaN
 * too; 0xc1 alone is broken. What arguments may hold is checked later (rpc.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tocsin/buf.h"
#include "tocsin/err.h"

#define FRAME_BYTES_MAX ((size_t)256 * 1024)
#define FRAME_DEPTH_MAX 16 /* containers inside each other, the outermost counted */

enum frame_state { FRAME_MORE, FRAME_WHOLE, FRAME_BROKEN };

struct frame_scan {
	size_t at;     /* bytes walked, and payload to skip: may be ahead of the bytes seen so far */
	uint32_t max;  /* ceiling of this frame in bytes */
	uint32_t owed; /* values declared and not begun, of all open containers; at + owed <= max */
	uint32_t depth;
	uint32_t left[FRAME_DEPTH_MAX +
		      1]; /* values not begun of each open container; [0]: the frame itself */
};

/* Stand before the first byte of a frame of at most `max` bytes. */
void frame_scan_init(struct frame_scan *, size_t max);

/*
 * Go on walking. `p` is the first byte of the frame, `n` the bytes there are; earlier bytes must be the same
 * as in the call before. FRAME_WHOLE: scan->at is the frame's length. FRAME_MORE: call again with more bytes.
 * FRAME_BROKEN: the stream cannot be resumed; *e is ERR_TOO_LARGE (size, depth, count) or ERR_BAD_REQUEST
 * (0xc1).
 */
enum frame_state frame_scan(struct frame_scan *, const uint8_t *p, size_t n, struct err *e) MUST_CHECK;

/* The bytes hold exactly one value within the limits: 0, or -1 with the reason. */
int frame_check(struct slice bytes, size_t max, struct err *e) MUST_CHECK;

/* Read the msgid of the beginning of a request, [0, msgid, …; false if it is none or not there yet. */
bool frame_peek_msgid(const uint8_t *p, size_t n, uint32_t *msgid);

/* "4.0.0": the msgpack-c this was built with; what is used of it are templates. */
const char *wire_library(void);
