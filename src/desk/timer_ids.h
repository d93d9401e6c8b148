/*
 * Whose timer an id is: one bit says the owner, none: a ticket, whose id it is. What stands below the bit is
 * the owner's own (a task's id, a job's, a change's number). Who works them: the table in fire.c.
 */
#pragma once

#include <stdint.h>

#define TIMER_OF_TICKET UINT64_C(0)
#define TIMER_OF_CHANGE (UINT64_C(1) << 58) /* planned work that is to be settled */
#define TIMER_OF_JOB (UINT64_C(1) << 59)
#define TIMER_OF_AFFECTED (UINT64_C(1) << 60) /* of the lists of numbers */
#define TIMER_OF_WARN (UINT64_C(1) << 61)     /* of the closes of bins */
#define TIMER_OF_LEARN (TIMER_OF_WARN | 1)    /* of lessons */
#define TIMER_OF_TASK (UINT64_C(1) << 62)
#define TIMER_OWNERS (TIMER_OF_CHANGE | TIMER_OF_JOB | TIMER_OF_AFFECTED | TIMER_OF_WARN | TIMER_OF_TASK)

/* TIMER_OF_… of an id, TIMER_OF_WARN for lessons, too. */
static inline uint64_t timer_owner(uint64_t id)
{
	return id & TIMER_OWNERS;
}
