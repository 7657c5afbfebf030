/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ways of compression that this decoder knows. Each shows a compressed file as bytes that can
 * be read from any offset, and uses a library to decode them.
 */
#ifndef DECODER_CODEC_H
#define DECODER_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A file that is decoded, as the libraries read it. */
struct codec_file {
	/* Reads from the file as pread() does: bytes, 0 at its end, negative after an error. */
	long (*read)(void *ctx, void *buf, size_t len, uint64_t at);
	void *ctx;
	uint64_t size;
};

#define CODEC_HEAD 8u /* bytes by which a file is known */

struct codec {
	bool (*knows)(const uint8_t head[CODEC_HEAD]);
	/* Returns a codec without a file, for the functions below; NULL: no memory. */
	void *(*make)(void);
	/*
	 * Makes this the file to decode, in place of the one before. If it cannot be decoded,
	 * read() will say so.
	 */
	void (*turn)(void *codec, const struct codec_file *file);
	/*
	 * Decodes len bytes (1 to 65536) from byte `at` on. Returns how many there are before the
	 * end or the first that cannot be decoded; negative, never 0, if there are none.
	 */
	int32_t (*read)(void *codec, uint64_t at, uint8_t *buf, uint32_t len);
	/* Decodes the bytes that a reader will want next, unless they are decoded. */
	void (*read_ahead)(void *codec);
};

/*
 * FLAC with the format of a CD, 44.1 kHz, 16 bits, stereo: samples, little-endian. It takes any
 * file that no other codec knows.
 */
extern const struct codec codec_flac;
/* CHD of MAME: frames, as cdimage/chd_frames.h says. */
extern const struct codec codec_chd;

#endif
