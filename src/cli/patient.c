/* What commands that run until the user ends them have in common. */
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <time.h>

#include "cli_int.h"

int end_fd_open(void)
{
	sigset_t ends;
	int fd;

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	fd = signalfd(-1, &ends, SFD_CLOEXEC);
	must(fd >= 0);
	return fd;
}

bool is_ended(int end_fd, int64_t within_ms)
{
	struct pollfd end = {.fd = end_fd, .events = POLLIN};

	return poll(&end, 1, (int)within_ms) > 0;
}

int64_t wall_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
