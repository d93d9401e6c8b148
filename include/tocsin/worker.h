/*
 * One worker thread: long work aside from the loop (pack building, backup). Jobs run one after the other;
 * `done` runs on the loop.
 */
#pragma once

struct worker;
struct server;

struct worker *worker_new(struct server *);
/* Loop thread, before the server's end. Waits for the running job; jobs that wait never run, their `done` does. */
void worker_free(struct worker *);
/* Loop thread. run(udata) on the worker, then done(udata) on the loop. */
void worker_submit(struct worker *, void (*run)(void *udata), void (*done)(void *udata), void *udata);
