#include "tocsin/notify.h"

#include <stdarg.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>

#include "tocsin/clock.h"

/* A manager that cannot be told (its socket is gone) changes nothing for those we serve: results are dropped.
 */
void notify_status(const char *format, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	(void)sd_notifyf(0, "STATUS=%s", text);
}

void notify_ready(const char *status)
{
	(void)sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

void notify_reloading(const char *status)
{
	(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%jd\nSTATUS=%s", (intmax_t)clock_mono_us(), status);
}

void notify_stopping(void)
{
	(void)sd_notify(0, "STOPPING=1\nSTATUS=finishing the turn, writing a checkpoint");
}

void notify_alive(void)
{
	(void)sd_notify(0, "WATCHDOG=1");
}

int64_t notify_watchdog_us(void)
{
	uint64_t us = 0;

	return sd_watchdog_enabled(0, &us) > 0 && us <= INT64_MAX ? (int64_t)us : 0;
}
