// SPDX-License-Identifier: GPL-2.0-or-later
#include "decoder/codec.h"

#include <FLAC/stream_decoder.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"

#define SAMPLE    4u            /* bytes, of both channels */
#define AHEAD     (128u * 1024) /* bytes that read_ahead() decodes beyond the last answer */
#define FRAME_MAX 65535u        /* samples (RFC 9639, 8.2) */
/* Bytes of an answer, of the read-ahead after it, and of a frame that ends after both. */
#define ROOM      (2 * AHEAD + FRAME_MAX * SAMPLE)

struct flac {
	FLAC__StreamDecoder *decoder;
	struct codec_file file;
	bool open;         /* libFLAC has begun with the file, and has met no error */
	bool failed;       /* libFLAC has reported one since */
	uint64_t position; /* of libFLAC in the file */
	uint64_t at;       /* byte of the samples that pcm[0] is */
	uint32_t have;
	uint8_t pcm[ROOM];
};

/* ---- what libFLAC calls ------------------------------------------------------------------- */

static FLAC__StreamDecoderReadStatus on_read(
	const FLAC__StreamDecoder *d, FLAC__byte buf[], size_t *len, void *flac)
{
	struct flac *f = flac;
	long n = f->file.read(f->file.ctx, buf, *len, f->position);

	(void)d;
	*len = n > 0 ? (size_t)n : 0;
	f->position += *len;
	return n < 0    ? FLAC__STREAM_DECODER_READ_STATUS_ABORT
	       : n == 0 ? FLAC__STREAM_DECODER_READ_STATUS_END_OF_STREAM
			: FLAC__STREAM_DECODER_READ_STATUS_CONTINUE;
}

static FLAC__StreamDecoderSeekStatus on_seek(
	const FLAC__StreamDecoder *d, FLAC__uint64 to, void *flac)
{
	struct flac *f = flac;

	(void)d;
	if (to > f->file.size)
		return FLAC__STREAM_DECODER_SEEK_STATUS_ERROR;
	f->position = to;
	return FLAC__STREAM_DECODER_SEEK_STATUS_OK;
}

static FLAC__StreamDecoderTellStatus on_tell(
	const FLAC__StreamDecoder *d, FLAC__uint64 *at, void *flac)
{
	(void)d;
	*at = ((struct flac *)flac)->position;
	return FLAC__STREAM_DECODER_TELL_STATUS_OK;
}

static FLAC__StreamDecoderLengthStatus on_length(
	const FLAC__StreamDecoder *d, FLAC__uint64 *length, void *flac)
{
	(void)d;
	*length = ((struct flac *)flac)->file.size;
	return FLAC__STREAM_DECODER_LENGTH_STATUS_OK;
}

static FLAC__bool on_eof(const FLAC__StreamDecoder *d, void *flac)
{
	const struct flac *f = flac;

	(void)d;
	return f->position >= f->file.size;
}

/* Frames must follow each other: libFLAC says which sample each begins with. */
static FLAC__StreamDecoderWriteStatus on_write(const FLAC__StreamDecoder *d,
	const FLAC__Frame *frame, const FLAC__int32 *const channel[], void *flac)
{
	struct flac *f = flac;
	uint32_t n = frame->header.blocksize;
	uint8_t *to = f->pcm + f->have;

	(void)d;
	if (frame->header.channels != 2 || frame->header.bits_per_sample != 16 ||
		frame->header.number.sample_number * SAMPLE != f->at + f->have ||
		n > (ROOM - f->have) / SAMPLE) {
		f->failed = true;
		return FLAC__STREAM_DECODER_WRITE_STATUS_ABORT;
	}
	for (uint32_t i = 0; i < n; i++, to += SAMPLE) {
		uint16_t left = (uint16_t)channel[0][i], right = (uint16_t)channel[1][i];

		to[0] = (uint8_t)left;
		to[1] = (uint8_t)(left >> 8);
		to[2] = (uint8_t)right;
		to[3] = (uint8_t)(right >> 8);
	}
	f->have += n * SAMPLE;
	return FLAC__STREAM_DECODER_WRITE_STATUS_CONTINUE;
}

/* Outside of a seek: a frame is damaged, and what libFLAC makes of it is not what was there. */
static void on_error(
	const FLAC__StreamDecoder *d, FLAC__StreamDecoderErrorStatus status, void *flac)
{
	(void)d;
	(void)status;
	((struct flac *)flac)->failed = true;
}

/* ---- decoding ----------------------------------------------------------------------------- */

static void stop(struct flac *f)
{
	if (f->open)
		(void)FLAC__stream_decoder_finish(f->decoder);
	f->open = false;
}

static bool begin(struct flac *f)
{
	f->position = 0;
	f->failed = false;
	f->at = f->have = 0;
	f->open =
		FLAC__stream_decoder_init_stream(f->decoder, on_read, on_seek, on_tell, on_length,
			on_eof, on_write, NULL, on_error, f) == FLAC__STREAM_DECODER_INIT_STATUS_OK;
	if (f->open && FLAC__stream_decoder_process_until_end_of_metadata(f->decoder) && !f->failed)
		return true;
	stop(f);
	return false;
}

/* Begins to decode at that byte, which is the first of a sample. */
static bool seek(struct flac *f, uint64_t at)
{
	bool begun = f->open;

	if (!begun && !begin(f))
		return false;
	f->at = at;
	f->have = 0;
	if (at == 0 && !begun)
		return true;
	return FLAC__stream_decoder_seek_absolute(f->decoder, at / SAMPLE) && !f->failed;
}

/* Decodes until pcm[] has the bytes before `end`. False: they do not come. */
static bool decode(struct flac *f, uint64_t end)
{
	while (f->at + f->have < end) {
		uint32_t had = f->have;

		if (!f->open || !FLAC__stream_decoder_process_single(f->decoder))
			return false;
		if (f->failed) {
			/* Drops the samples of the damaged frame. */
			f->have = had;
			return false;
		}
		if (FLAC__stream_decoder_get_state(f->decoder) ==
			FLAC__STREAM_DECODER_END_OF_STREAM)
			return f->at + f->have >= end;
	}
	return true;
}

/* Drops what lies before that byte of the samples. */
static void drop(struct flac *f, uint64_t at)
{
	uint32_t n = (uint32_t)(at - f->at);

	memmove(f->pcm, f->pcm + n, f->have - n);
	f->have -= n;
	f->at = at;
}

static int32_t read(void *codec, uint64_t at, uint8_t *buf, uint32_t len)
{
	struct flac *f = codec;
	uint64_t first = at - at % SAMPLE;
	bool ok = true;

	if (len == 0 || len > AHEAD)
		return -1;
	/* Samples that were decoded before an error are used. */
	if (first >= f->at && (first < f->at + f->have || (f->open && first == f->at + f->have)))
		drop(f, first);
	else
		ok = seek(f, first);
	if (!ok || !decode(f, at + len))
		stop(f);
	if (f->at + f->have <= at)
		return -1;
	len = (uint32_t)MIN((uint64_t)len, f->at + f->have - at);
	memcpy(buf, f->pcm + (at - f->at), len);
	drop(f, MIN(at + len, f->at + f->have) / SAMPLE * SAMPLE);
	return (int32_t)len;
}

static void read_ahead(void *codec)
{
	struct flac *f = codec;

	if (f->open && f->have < AHEAD && !decode(f, f->at + AHEAD))
		stop(f);
}

/* ---- files -------------------------------------------------------------------------------- */

static void *make(void)
{
	struct flac *f = calloc(1, sizeof(*f));

	if (f)
		f->decoder = FLAC__stream_decoder_new();
	if (f && f->decoder)
		return f;
	free(f);
	return NULL;
}

static void turn(void *codec, const struct codec_file *file)
{
	struct flac *f = codec;

	stop(f);
	f->file = *file;
	f->at = f->have = 0;
}

static bool knows(const uint8_t head[CODEC_HEAD])
{
	(void)head;
	return true;
}

const struct codec codec_flac = {knows, make, turn, read, read_ahead};
