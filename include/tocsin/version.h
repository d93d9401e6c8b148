/* The version of this source; the Makefile reads it for the package. */
#pragma once

#define TOCSIN_VERSION "0.1.0"
