#include "tocsin/worker.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

#include "tocsin/err.h"
#include "tocsin/net.h"

struct job {
	struct job *next;
	void (*run)(void *);
	void (*done)(void *);
	void *udata;
};

struct worker {
	struct server *server;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct job *first, **last;
	bool is_ending;
};

static void *work_loop(void *udata)
{
	struct worker *w = udata;

	pthread_mutex_lock(&w->lock);
	while (!w->is_ending) {
		struct job *job = w->first;

		if (job == NULL) {
			pthread_cond_wait(&w->wake, &w->lock);
			continue;
		}
		w->first = job->next;
		if (w->first == NULL)
			w->last = &w->first;
		pthread_mutex_unlock(&w->lock);
		job->run(job->udata);
		server_post(w->server, job->done, job->udata);
		free(job);
		pthread_mutex_lock(&w->lock);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

struct worker *worker_new(struct server *server)
{
	struct worker *w = calloc(1, sizeof(*w));
	sigset_t all, old;

	must(w != NULL);
	w->server = server;
	w->last = &w->first;
	must(pthread_mutex_init(&w->lock, NULL) == 0 && pthread_cond_init(&w->wake, NULL) == 0);
	/* signals belong to the loop */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	must(pthread_create(&w->thread, NULL, work_loop, w) == 0);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return w;
}

void worker_submit(struct worker *w, void (*run)(void *), void (*done)(void *), void *udata)
{
	struct job *job = calloc(1, sizeof(*job));

	must(job != NULL);
	job->run = run;
	job->done = done;
	job->udata = udata;
	pthread_mutex_lock(&w->lock);
	*w->last = job;
	w->last = &job->next;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
}

/* Ends when nothing is left that was posted (done of those that ran) or submitted, also by what ended here. */
static void drop_waiting(struct worker *w)
{
	while (server_run_posted(w->server) || w->first != NULL) {
		struct job *job = w->first;

		if (job == NULL)
			continue;
		w->first = job->next;
		if (w->first == NULL)
			w->last = &w->first;
		job->done(job->udata);
		free(job);
	}
}

void worker_free(struct worker *w)
{
	if (w == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	w->is_ending = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	drop_waiting(w);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->wake);
	free(w);
}
