/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Refusals of images: a code for scripts and a text for people. Any thread. */
#ifndef LIBRARY_IMAGE_REFUSAL_H
#define LIBRARY_IMAGE_REFUSAL_H

#include <stdint.h>

/*
 * Blocks of a disc at most: READ CAPACITY(10) reports the last address in 32 bits, and
 * FFFFFFFFh means that it does not fit (SBC-3 5.15).
 */
#define IMAGE_MAX_BLOCKS UINT64_C(0xfffffffe)

/* Why an operation was refused: a fixed code for scripts, a text for people. */
struct refusal {
	const char *code;
	char text[512];
};

/* Fills in *why. Returns error, a -errno. */
int image_refuse(struct refusal *why, int error, const char *code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* The same for the -errno with which the image of that name could not be found or opened. */
int image_refuse_open(struct refusal *why, int error, const char *name, const char *folder);

#endif
