/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The decoder's side of cdimage/samples_wire.h. */
#ifndef DECODER_SERVE_SAMPLES_H
#define DECODER_SERVE_SAMPLES_H

#include <stdbool.h>

struct samples;

/*
 * Allocates all memory, and asks for the sizes of the files, which are the descriptors 1, 2 and so
 * on, as many as are open. To be called before the rights are given up. Reads nothing from the
 * files. NULL: no memory.
 */
struct samples *samples_prepare(void);
/*
 * Answers until the daemon closes the socket fd. Its only system calls are read(), write() and
 * pread64(), as long as that memory suffices. False: the daemon asked for a file that is not there,
 * or for more than SAMPLES_MOST bytes.
 */
bool samples_serve(struct samples *s, int fd);

#endif
