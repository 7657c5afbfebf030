/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The decoder's side of cdimage/samples_wire.h. */
#ifndef DECODER_SERVE_SAMPLES_H
#define DECODER_SERVE_SAMPLES_H

#include <stdbool.h>

struct samples;

/*
 * Takes memory, and the sizes of the files: the descriptors from 1 on, as many as are open. To be
 * called before the rights are given up; nothing of the files is read. NULL: no memory.
 */
struct samples *samples_prepare(void);
/*
 * Answers until the daemon closes the socket fd. It calls nothing but read(), write() and
 * pread64(), as long as the memory suffices that was taken. False: the daemon said what it must
 * not.
 */
bool samples_serve(struct samples *s, int fd);

#endif
