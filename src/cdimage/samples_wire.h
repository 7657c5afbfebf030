/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon and the decoder, the process that decodes FLAC files and CHDs, say to each other:
 * each message is one packet of a socket pair. The daemon sends a struct samples_ask, and the
 * decoder answers it with a struct samples_answer, of which only the bytes that there are are sent.
 */
#ifndef CDIMAGE_SAMPLES_WIRE_H
#define CDIMAGE_SAMPLES_WIRE_H

#include <stdint.h>

#define SAMPLES_MOST 65536u /* bytes of one answer */

struct samples_ask {
	uint32_t file; /* number of the descriptor, less 1 */
	uint32_t length;
	uint64_t at; /* byte of the samples (little-endian, 16 bits, stereo), or of chd_frames.h */
};

struct samples_answer {
	int32_t result; /* bytes; negative: the first of them cannot be decoded */
	uint8_t bytes[SAMPLES_MOST];
};

#endif
