/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The samples of a FLAC file, from any place: libFLAC, and what it has decoded beyond what was
 * asked for. Only files with the format of a CD, 44.1 kHz, 16 bits, stereo.
 */
#ifndef DECODER_FLAC_H
#define DECODER_FLAC_H

#include <stddef.h>
#include <stdint.h>

struct flac;

struct flac_file {
	/* Reads from the file as pread() does: bytes, 0 at its end, negative after an error. */
	long (*read)(void *ctx, void *buf, size_t len, uint64_t at);
	void *ctx;
	uint64_t size;
};

/* NULL: no memory. It has no file yet. */
struct flac *flac_new(void);
void flac_free(struct flac *f);

/* Goes on with this file; a file that is no FLAC is found by flac_read(). */
void flac_turn(struct flac *f, const struct flac_file *file);
/*
 * Reads len bytes of samples, little-endian, from byte `at` on. Returns how many there are before
 * the first that cannot be decoded, or the end; negative: the first cannot.
 */
int32_t flac_read(struct flac *f, uint64_t at, uint8_t *buf, uint32_t len);
/* Decodes the bytes that a reader will want next, unless it has them. */
void flac_read_ahead(struct flac *f);

#endif
