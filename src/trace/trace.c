// SPDX-License-Identifier: GPL-2.0-or-later
/* Encodes and decodes trace files. */
#include "trace/trace.h"

#include <stdio.h>
#include <string.h>

#include "disc/medium.h"
#include "util/array.h"
#include "util/be.h"

#define RECORD_HEAD  16u /* bytes */
#define COMMAND_SIZE 52u
#define DISC_SIZE    32u
#define EVENT_SIZE   17u
#define TRACK_SIZE   16u

#define HEADER_STRICT     1u
#define HEADER_DVD_PLUS_R 2u
#define HEADER_DVD_ONLY   4u

static void put_be64(uint8_t *p, uint64_t v)
{
	put_be32(p, (uint32_t)(v >> 32));
	put_be32(p + 4, (uint32_t)v);
}

/* ---- writing ------------------------------------------------------------------------------- */

static void put_text(uint8_t *out, const char *text, size_t size)
{
	memset(out, 0, size);
	memcpy(out, text, strnlen(text, size));
}

void trace_put_header(uint8_t out[TRACE_HEADER_SIZE], const struct trace_header *h)
{
	memcpy(out, TRACE_MAGIC, 8);
	put_be16(out + 8, TRACE_VERSION);
	put_be16(out + 10, TRACE_HEADER_SIZE);
	put_be32(out + 12, (h->strict_cdb ? HEADER_STRICT : 0) |
				   (h->finalised_dvd_plus_r ? HEADER_DVD_PLUS_R : 0) |
				   (h->dvd_only ? HEADER_DVD_ONLY : 0));
	put_be64(out + 16, h->started);
	put_be64(out + TRACE_LOST_AT, h->lost);
	put_be32(out + 32, h->buffer);
	put_text(out + 36, h->vendor, 8);
	put_text(out + 44, h->product, 16);
	put_text(out + 60, h->revision, 4);
	put_text(out + 64, h->serial, 32);
}

static size_t put_command(uint8_t *out, const struct trace_command *c)
{
	uint8_t data_len = (uint8_t)MIN(c->data_len, TRACE_DATA);

	put_be32(out + 16, c->duration);
	put_be32(out + 20, c->announced);
	put_be32(out + 24, c->moved);
	put_be32(out + 28, c->sense);
	out[32] = c->dir;
	out[33] = c->csw;
	out[34] = c->cdb_len;
	out[35] = data_len;
	memcpy(out + 36, c->cdb, 16);
	memcpy(out + COMMAND_SIZE, c->data, data_len);
	return COMMAND_SIZE + data_len;
}

static size_t put_disc(uint8_t *out, const struct trace_disc *d)
{
	uint32_t kept = MIN(d->kept, TRACE_TRACKS);

	out[16] = d->cause;
	out[17] = d->medium;
	put_be16(out + 18, d->flags);
	put_be32(out + 20, d->capacity);
	put_be32(out + 24, d->readable);
	put_be16(out + 28, d->sessions);
	put_be16(out + 30, d->tracks);
	for (uint32_t i = 0; i < kept; i++) {
		uint8_t *p = out + DISC_SIZE + i * TRACK_SIZE;

		put_be32(p, d->track[i].start);
		put_be32(p + 4, d->track[i].written);
		put_be32(p + 8, d->track[i].reserved);
		put_be16(p + 12, d->track[i].session);
		p[14] = d->track[i].state;
		p[15] = 0;
	}
	if (!(d->flags & TRACE_LAYER_BREAK))
		return DISC_SIZE + kept * TRACK_SIZE;
	put_be32(out + DISC_SIZE + kept * TRACK_SIZE, d->layer_break);
	return DISC_SIZE + kept * TRACK_SIZE + 4;
}

size_t trace_put_record(uint8_t out[TRACE_RECORD_MAX], const struct trace_record *r)
{
	size_t size = EVENT_SIZE;

	if (r->type == TRACE_COMMAND)
		size = put_command(out, &r->command);
	else if (r->type == TRACE_DISC)
		size = put_disc(out, &r->disc);
	else
		out[16] = r->event;
	put_be16(out, (uint32_t)size);
	out[2] = r->type;
	out[3] = 0;
	put_be32(out + 4, r->number);
	put_be64(out + 8, r->time);
	return size;
}

/* ---- reading ------------------------------------------------------------------------------- */

/* Decodes a text that is safe in a terminal or a script: printable ASCII. */
static void get_text(char *out, const uint8_t *p, size_t size)
{
	size_t n = 0;

	for (; n < size && p[n]; n++)
		out[n] = p[n] >= 0x20 && p[n] <= 0x7e ? (char)p[n] : '?';
	out[n] = '\0';
}

const char *trace_open(struct trace_reader *r, const uint8_t *data, size_t size)
{
	struct trace_header *h = &r->header;
	uint32_t flags;

	*r = (struct trace_reader){.data = data, .size = size};
	if (size < 12 || memcmp(data, TRACE_MAGIC, 8) != 0)
		return "this is not a trace of mmcgadget";
	h->version = get_be16(data + 8);
	if (h->version != TRACE_VERSION)
		return "a trace of another version than this program knows";
	r->at = get_be16(data + 10);
	if (r->at < TRACE_HEADER_SIZE || r->at > size)
		return "the header is cut or its length is wrong";
	flags = get_be32(data + 12);
	h->strict_cdb = flags & HEADER_STRICT;
	h->finalised_dvd_plus_r = flags & HEADER_DVD_PLUS_R;
	h->dvd_only = flags & HEADER_DVD_ONLY;
	h->started = get_be64(data + 16);
	h->lost = get_be64(data + TRACE_LOST_AT);
	h->buffer = get_be32(data + 32);
	get_text(h->vendor, data + 36, 8);
	get_text(h->product, data + 44, 16);
	get_text(h->revision, data + 60, 4);
	get_text(h->serial, data + 64, 32);
	return NULL;
}

static const char *get_command(struct trace_command *c, const uint8_t *p, size_t len)
{
	if (len < COMMAND_SIZE)
		return "a command's record is too short";
	*c = (struct trace_command){.duration = get_be32(p + 16),
		.announced = get_be32(p + 20),
		.moved = get_be32(p + 24),
		.sense = get_be32(p + 28),
		.dir = p[32],
		.csw = p[33],
		.cdb_len = p[34],
		.data_len = p[35]};
	if (c->cdb_len < 1 || c->cdb_len > sizeof(c->cdb))
		return "a CDB has 1 to 16 bytes";
	if (c->data_len > TRACE_DATA || c->data_len > len - COMMAND_SIZE)
		return "a command's data is longer than its record";
	if (c->dir > TRACE_DIR_OUT || c->moved > c->announced || c->data_len > c->moved)
		return "a command's lengths do not fit each other";
	memcpy(c->cdb, p + 36, 16);
	memcpy(c->data, p + COMMAND_SIZE, c->data_len);
	return NULL;
}

const struct disc_medium *trace_medium(const struct trace_disc *d)
{
	return d->medium == TRACE_NO_MEDIUM ? NULL
					    : disc_medium_of((enum disc_type)(d->medium - 1));
}

static const char *get_disc(struct trace_disc *d, const uint8_t *p, size_t len)
{
	if (len < DISC_SIZE)
		return "a disc's record is too short";
	*d = (struct trace_disc){.cause = p[16],
		.medium = p[17],
		.flags = get_be16(p + 18),
		.capacity = get_be32(p + 20),
		.readable = get_be32(p + 24),
		.sessions = get_be16(p + 28),
		.tracks = get_be16(p + 30)};
	if (d->medium > DISC_TYPES)
		return "a disc of an unknown kind";
	d->kept = MIN(d->tracks, TRACE_TRACKS);
	if (len < DISC_SIZE + d->kept * TRACK_SIZE + (d->flags & TRACE_LAYER_BREAK ? 4 : 0))
		return "a disc's tracks are longer than its record";
	if (d->flags & TRACE_LAYER_BREAK)
		d->layer_break = get_be32(p + DISC_SIZE + d->kept * TRACK_SIZE);
	for (uint32_t i = 0; i < d->kept; i++) {
		const uint8_t *t = p + DISC_SIZE + i * TRACK_SIZE;

		d->track[i] = (struct trace_track){.start = get_be32(t),
			.written = get_be32(t + 4),
			.reserved = get_be32(t + 8),
			.session = get_be16(t + 12),
			.state = t[14]};
		if ((uint64_t)d->track[i].start + d->track[i].written > d->capacity)
			return "a track is past the end of its disc";
	}
	return NULL;
}

int trace_next(struct trace_reader *r, struct trace_record *record, const char **why)
{
	const uint8_t *p = r->data + r->at;
	size_t left = r->size - r->at, len;

	if (left == 0)
		return 0;
	*why = "the file is cut in the middle of a record";
	if (left < RECORD_HEAD)
		return -1;
	len = get_be16(p);
	if (len > left)
		return -1;
	*why = len < RECORD_HEAD ? "a record's length is wrong" : NULL;
	*record = (struct trace_record){
		.type = p[2], .number = get_be32(p + 4), .time = get_be64(p + 8)};
	if (!*why && record->type == TRACE_COMMAND)
		*why = get_command(&record->command, p, len);
	else if (!*why && record->type == TRACE_DISC)
		*why = get_disc(&record->disc, p, len);
	else if (!*why && record->type == TRACE_EVENT && len < EVENT_SIZE)
		*why = "an event's record is too short";
	else if (!*why && record->type == TRACE_EVENT)
		record->event = p[16];
	if (*why)
		return -1;
	r->at += len;
	return 1;
}

/* ---- sense --------------------------------------------------------------------------------- */

const char *trace_key_name(unsigned key)
{
	/* SPC-4 4.5.6 */
	static const char *const names[16] = {"NO SENSE", "RECOVERED ERROR", "NOT READY",
		"MEDIUM ERROR", "HARDWARE ERROR", "ILLEGAL REQUEST", "UNIT ATTENTION",
		"DATA PROTECT", "BLANK CHECK", "VENDOR SPECIFIC", "COPY ABORTED", "ABORTED COMMAND",
		"RESERVED", "VOLUME OVERFLOW", "MISCOMPARE", "COMPLETED"};

	return names[key & 0x0f];
}

void trace_sense_text(uint32_t sense, char out[24])
{
	snprintf(out, 24, "%x/%02x/%02x%s", sense >> 16 & 0x0f, sense >> 8 & 0xff, sense & 0xff,
		sense >> 24 & 1 ? " deferred" : "");
}

bool trace_is_usual(const struct trace_command *c)
{
	/* Hosts probe optional commands, and read discs that differ from what they expect. */
	static const uint8_t usual[] = {
		0x20, /* invalid command operation code */
		0x24, /* invalid field in CDB */
		0x26, /* invalid field in parameter list */
		0x39, /* saving parameters not supported */
		0x53, /* medium removal prevented */
		0x64, /* illegal mode for this track */
		0x6f, /* copy protection */
	};
	unsigned key = c->sense >> 16 & 0x0f, asc = c->sense >> 8 & 0xff;

	if (c->csw != 1)
		return c->csw == 0;
	if (c->sense >> 24 & 1)
		return false;
	if (key == 0x6 || (key == 0x2 && asc == 0x3a))
		return true;
	if (key != 0x5)
		return false;
	/* LBA out of range: a read-ahead past the end of the disc. */
	if (asc == 0x21 && c->dir == TRACE_DIR_IN)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(usual); i++)
		if (usual[i] == asc)
			return true;
	return false;
}
