/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ways in which files are compressed that this decoder knows. Each makes bytes of a file that
 * can be read from any place, and lets a library decode them.
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
	/* NULL: no memory. It has no file yet. */
	void *(*make)(void);
	/* Goes on with this file; one that cannot be decoded is found by read(). */
	void (*turn)(void *codec, const struct codec_file *file);
	/*
	 * Reads len bytes, at most 64 KiB, from byte `at` on. Returns how many there are before the
	 * first that cannot be decoded, or the end; negative: the first cannot.
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
