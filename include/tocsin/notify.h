/*
 * What the service manager is told (sd_notify(3)): nothing happens where there is none. The environment that
 * names it is read here.
 */
#pragma once

#include <stdint.h>

/* One line of status for `systemctl status`; printf's format. */
void notify_status(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Serving, or serving again after a reload; with a status. */
void notify_ready(const char *status);
void notify_reloading(const char *status);
void notify_stopping(void);
/* The loop still turns (WATCHDOG=1). */
void notify_alive(void);
/* How often notify_alive is wanted at least, us; 0: not at all. */
int64_t notify_watchdog_us(void);
