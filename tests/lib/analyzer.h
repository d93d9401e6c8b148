/*
 * Included before every file that clang-tidy reads (tests/lint.sh). The analyzer does not look into err.c: that
 * a failure is always -1 it must be told, or it believes in paths on which an error was set and 0 returned.
 */
#include "tocsin/err.h"

#define err_set(...) (err_set(__VA_ARGS__), -1)
#define err_arg(...) (err_arg(__VA_ARGS__), -1)
#define err_prefix(...) (err_prefix(__VA_ARGS__), -1)
