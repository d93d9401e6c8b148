/* What every target defines: one input. Linked with libFuzzer (make fuzz), or with replay.c (make test). */
#pragma once

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
