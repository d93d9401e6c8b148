/*
 * What errors say in Chinese (src/text/), found by the English format: one pair for each text that a person
 * may meet, with the same conversions in the same order. tests/rpc/language_test.py fails where a text of
 * the areas that people meet has no pair.
 */
#pragma once

/* Let errors have their Chinese from now on (err.h); before there are threads. */
void zh_speak(void);
