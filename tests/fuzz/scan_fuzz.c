/* The walker: never reads behind its bytes, says the same dripped as whole, stays within its limits. */
#include <string.h>

#include "fuzz.h"
#include "tocsin/err.h"
#include "tocsin/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct frame_scan whole, drip;
	enum frame_state at_once, dripped = FRAME_MORE;
	uint32_t msgid;
	struct err e;

	frame_scan_init(&whole, FRAME_BYTES_MAX);
	frame_scan_init(&drip, FRAME_BYTES_MAX);
	at_once = frame_scan(&whole, p, n, &e);
	for (size_t have = 0; have <= n && dripped == FRAME_MORE; have++)
		dripped = frame_scan(&drip, p, have, &e);
	must(at_once == dripped);
	must(whole.at == drip.at);
	must(at_once != FRAME_WHOLE || (whole.at <= n && whole.at <= FRAME_BYTES_MAX && whole.depth == 0));
	(void)frame_peek_msgid(p, n, &msgid);
	return 0;
}
