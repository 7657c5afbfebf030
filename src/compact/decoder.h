/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The samples of the FLAC files of a compact disc, or the frames of a CHD (cdimage/chd_frames.h).
 * The daemon decodes nothing itself: a process
 * without rights does, which lives as long as the disc is open, and is handed these files for
 * reading (decision 020). If it dies, stalls or talks nonsense, a read fails, and the next one
 * starts another.
 */
#ifndef COMPACT_DECODER_H
#define COMPACT_DECODER_H

#include <stdbool.h>
#include <stdint.h>

#define DECODER_WAIT 5000u /* ms for an answer */

struct decoder;

enum decoder_codec { DECODER_FLAC, DECODER_CHD };
/* True if the program is installed, or was built, and was built to decode such files. */
bool decoder_decodes(enum decoder_codec codec);

/*
 * fd[i] is a descriptor of file i for reading, which must stay open until decoder_free(), or -1 for
 * a file that is not decoded. 0 and *out, with the process running; -errno.
 */
int decoder_new(const int *fd, unsigned count, struct decoder **out);
/* Ends the process. NULL is fine. */
void decoder_free(struct decoder *d);

/*
 * Reads what a file is decoded to, samples as they are on a CD or frames: len bytes from byte `at`
 * on. Bytes, fewer only at the end of the file, or before what cannot be decoded; -EIO. Any thread,
 * one at a time; waits for storage and the process, at most DECODER_WAIT for each 64 KiB.
 */
int32_t decoder_read(struct decoder *d, unsigned file, uint64_t at, void *buf, uint32_t len);

/* For tests: the program to start instead; NULL: the usual one. The string must stay valid. */
void decoder_use(const char *program, unsigned wait_ms);

#endif
