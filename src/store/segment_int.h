/* One file of the journal: its name, its head, and whole reads and writes on it. No threads, no policy. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "tocsin/err.h"
#include "tocsin/journal.h"

/*
 * A segment file is a head of SEGMENT_HEAD bytes and then records, each aligned to 8. The head's struct lies
 * within the first sector, so that a power cut leaves the old or the new one. A head counts only when its CRC
 * holds and its number is the file's: a recycled file still carries the head of its former name and is free.
 */
#define SEGMENT_HEAD 4096
#define SEGMENT_MIN (2 * SEGMENT_HEAD)
#define SEGMENT_MAGIC "TocsinJ"
#define SEGMENT_ORDER 0x01020304u
#define SEGMENT_NAME 32
#define SEGMENT_NO_SPACE "no_space" /* err.reason when the disk or the quota is full */

struct segment_head {
	char magic[8];
	uint32_t order;  /* SEGMENT_ORDER: written on a little endian machine */
	uint32_t format; /* JOURNAL_FORMAT */
	uint8_t id[JOURNAL_ID_LEN];
	uint64_t number;
	uint64_t first_seq;
	uint64_t synced;           /* the last seq that was durable before this head was written */
	uint8_t chain[SHA256_LEN]; /* before first_seq */
	uint32_t crc;              /* CRC-32C of everything above */
	uint32_t zero;
};

struct segment {
	struct segment *next;
	uint64_t number;
	uint64_t first_seq; /* 0: free */
	uint64_t bytes;     /* size of the file */
	uint64_t at;        /* where the next record goes */
	int fd;
	char name[SEGMENT_NAME];
};

/* The segment with that number, not opened. */
struct segment *segment_new(uint64_t number);
/* Closes the file. NULL is fine. */
void segment_free(struct segment *);
/* Whether a directory entry is a segment's name. */
bool segment_number(const char *name, uint64_t *number);

/* Make the file at once in full size, zero-filled and synced, under its number; the directory is synced too.
 */
struct segment *segment_make(
	int dir_fd, uint64_t number, uint64_t bytes, const struct segment_head *head, struct err *e);
/* Give a file its next number; durable after dir_sync. */
int segment_rename(int dir_fd, struct segment *, uint64_t number, struct err *e) MUST_CHECK;
/* Open an existing file; fills fd and bytes. */
int segment_open(int dir_fd, struct segment *, bool is_read_only, struct err *e) MUST_CHECK;

void segment_head_fill(struct segment_head *, uint64_t number, const uint8_t id[JOURNAL_ID_LEN],
	uint64_t first_seq, uint64_t synced, const uint8_t chain[SHA256_LEN]);
/*
 * 1: in use; 0: free (no head, or one from before recycling); -1: an unknown format or byte order, or another
 * journal's (id all zero: any). Fills *head when 1.
 */
int segment_head_read(const struct segment *, const uint8_t id[JOURNAL_ID_LEN], struct segment_head *head,
	struct err *e) MUST_CHECK;

/* Whole reads and writes: EINTR and short counts are continued; an error names file, offset and cause. */
int segment_read(const struct segment *, void *p, size_t n, uint64_t at, struct err *e) MUST_CHECK;
int segment_write(const struct segment *, const void *p, size_t n, uint64_t at, struct err *e) MUST_CHECK;
/* As above; consumes iov. */
int segment_writev(
	const struct segment *, struct iovec *iov, size_t n_iov, uint64_t at, struct err *e) MUST_CHECK;
/* fdatasync. An error is final: the kernel may have dropped the pages and would answer 0 the next time. */
int segment_sync(const struct segment *, struct err *e) MUST_CHECK;
int dir_sync(int dir_fd, struct err *e) MUST_CHECK;
