/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The messages between the daemon and the decoder, the process that decodes FLAC files and CHDs:
 * each message is one packet of a socket pair. The daemon sends a struct samples_ask, and the
 * decoder answers with a struct samples_answer that ends with the last byte that it has decoded.
 */
#ifndef CDIMAGE_SAMPLES_WIRE_H
#define CDIMAGE_SAMPLES_WIRE_H

#include <stdint.h>

#define SAMPLES_MOST 65536u /* bytes of one answer */

struct samples_ask {
	uint32_t file;   /* the descriptor that the decoder has of it, less 1 */
	uint32_t length; /* bytes, at most SAMPLES_MOST */
	/* First byte: of samples (little-endian, 16 bits, stereo), or of chd_frames.h's rows. */
	uint64_t at;
};

struct samples_answer {
	int32_t result; /* bytes; negative: the first of them cannot be decoded */
	uint8_t bytes[SAMPLES_MOST];
};

#endif
