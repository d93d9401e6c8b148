/*
 * What the recorder (shim.c) writes and the replayer (powercut.c) reads: a stream of struct shim_event, each
 * followed by n_data bytes. One machine, one build: no byte order, no version.
 */
#pragma once

#include <stdint.h>

enum shim_kind {
	SHIM_CREATE,     /* file: its inode; data: path. Did not exist before */
	SHIM_SIZE,       /* file; offset: the new size (ftruncate, fallocate that grew, O_TRUNC) */
	SHIM_WRITE,      /* file; offset; data */
	SHIM_DSYNC,      /* the same through O_DSYNC or O_SYNC: durable at once, alone */
	SHIM_SYNC_BEGIN, /* file; writes before this are durable at the matching SYNC_END */
	SHIM_SYNC_END,   /* file; offset: index of its SYNC_BEGIN */
	SHIM_DIR_BEGIN,  /* sync of a directory; data: path */
	SHIM_DIR_END,    /* offset: index of its DIR_BEGIN */
	SHIM_RENAME,     /* data: old path, NUL, new path */
	SHIM_UNLINK,     /* data: path */
	SHIM_NOTE,       /* data: what the program wrote to the note descriptor */
};

struct shim_event {
	uint32_t kind;
	uint32_t n_data;
	uint64_t file;
	uint64_t offset;
};

/*
 * Environment of the shim.
 *   SHIM_DIR      only files under this absolute path count
 *   SHIM_LOG      record into this file (made anew)
 *   SHIM_NOTE_FD  writes to this descriptor are notes
 *   SHIM_SYNC_US  a sync takes at least so long, so that what runs beside it shows
 *   SHIM_FAULT    KIND:N:HOW:once|sticky   the N-th call of that kind fails (sticky: and all later ones)
 *                 KIND = open write dsync fdatasync fsync truncate allocate rename unlink
 *                 HOW  = EIO ENOSPC EDQUOT EINTR EROFS, short (half is written), late (written, then EIO)
 *   SHIM_FIRED    this file is made when the fault fires
 */
