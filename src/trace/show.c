// SPDX-License-Identifier: GPL-2.0-or-later
/* Prints a trace as lines of text. */
#include "trace/text.h"

#include <inttypes.h>
#include <time.h>

#include "mmc/mmc.h"
#include "util/array.h"

static void show_header(const struct trace_header *h, FILE *out)
{
	time_t t = (time_t)(h->started / 1000000);
	char when[32] = "?";
	struct tm tm;

	if (gmtime_r(&t, &tm))
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S UTC", &tm);
	fprintf(out, "trace of %s, drive %s %s %s\n", when, h->vendor, h->product, h->revision);
	if (h->lost)
		fprintf(out, "%" PRIu64 " records before the first were overwritten\n", h->lost);
}

static const char *command_name(const struct trace_command *c)
{
	const char *name = mmc_opcode_name(c->cdb[0]);

	return name ? name : "(unknown command)";
}

static void show_bytes(const uint8_t *p, unsigned len, FILE *out)
{
	for (unsigned i = 0; i < len; i++)
		fprintf(out, "%s%02x", i ? " " : "", p[i]);
}

static void show_command(const struct trace_command *c, FILE *out)
{
	static const char *const dir[] = {"", " in", " out"};
	char sense[24];

	fprintf(out, "%-29s ", command_name(c));
	show_bytes(c->cdb, c->cdb_len, out);
	if (c->dir != TRACE_DIR_NONE)
		fprintf(out, " %s %" PRIu32 "/%" PRIu32, dir[c->dir], c->moved, c->announced);
	if (c->csw == 0)
		fputs("  good", out);
	else if (c->csw == 1) {
		trace_sense_text(c->sense, sense);
		fprintf(out, "  failed %s %s", sense, trace_key_name(c->sense >> 16 & 0x0f));
	} else
		fputs(c->csw == 2 ? "  phase error" : "  no status", out);
	fprintf(out, "  %" PRIu32 " us\n", c->duration);
	if (!c->data_len)
		return;
	fprintf(out, "%26s%s ", "", c->dir == TRACE_DIR_IN ? "<" : ">");
	show_bytes(c->data, c->data_len, out);
	fputs(c->data_len < c->moved ? " ...\n" : "\n", out);
}

static void show_disc(const struct trace_disc *d, FILE *out)
{
	static const char *const cause[] = {"-- begins with", "-- inserted:", "-- now:"};
	const struct disc_medium *medium = trace_medium(d);
	static const struct {
		unsigned flag;
		const char *text;
	} flags[] = {{TRACE_LOCKED, ", locked"},
		{MMC_PENDING_RESET << 8, ", a reset not yet reported"},
		{MMC_PENDING_ATTENTION << 8, ", a disc change or eject request not yet reported"},
		{MMC_PENDING_CLOSE << 8, ", a close not yet reported"},
		{MMC_PENDING_FORMAT << 8, ", a format not yet reported"},
		{TRACE_FINALISED, ", finalised"}, {TRACE_TRAY_OUT, ", tray open"},
		{TRACE_TESTING, ", test write"}, {TRACE_AT_ONCE, ", disc-at-once"}};

	fprintf(out, "%s %s", d->cause < ARRAY_LEN(cause) ? cause[d->cause] : "--",
		medium ? medium->title : "no disc");
	if (medium)
		fprintf(out, " of %" PRIu32 " blocks, %u session%s, %u track%s", d->capacity,
			d->sessions, d->sessions == 1 ? "" : "s", d->tracks,
			d->tracks == 1 ? "" : "s");
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (d->flags & flags[i].flag)
			fputs(flags[i].text, out);
	for (uint32_t i = 0; i < d->kept; i++)
		fprintf(out, "; from %" PRIu32 " %" PRIu32 " written", d->track[i].start,
			d->track[i].written);
	fputc('\n', out);
}

static void show_event(uint8_t event, FILE *out)
{
	static const char *const text[] = {
		[TRACE_BUS_RESET] = "-- bus reset",
		[TRACE_TRANSPORT_RESET] = "-- Bulk-Only Mass Storage Reset",
		[TRACE_EJECT] = "-- the disc was taken out",
		[TRACE_EJECT_FORCE] = "-- the disc was taken out by force",
		[TRACE_EJECT_ASKS] = "-- the host was asked to eject",
		[TRACE_FINALISE] = "-- the disc was finalised from the board",
	};

	if (event < ARRAY_LEN(text) && text[event])
		fprintf(out, "%s\n", text[event]);
	else
		fprintf(out, "-- unknown event %u\n", event);
}

const char *trace_show(const uint8_t *data, size_t size, FILE *out)
{
	struct trace_reader r;
	struct trace_record record;
	const char *why = trace_open(&r, data, size);
	int got;

	if (why)
		return why;
	show_header(&r.header, out);
	while ((got = trace_next(&r, &record, &why)) == 1) {
		fprintf(out, "%6" PRIu32 " %5" PRIu64 ".%06u  ", record.number,
			record.time / 1000000, (unsigned)(record.time % 1000000));
		if (record.type == TRACE_COMMAND)
			show_command(&record.command, out);
		else if (record.type == TRACE_DISC)
			show_disc(&record.disc, out);
		else if (record.type == TRACE_EVENT)
			show_event(record.event, out);
		else
			fprintf(out, "-- a record of unknown type %u\n", record.type);
	}
	return got < 0 ? why : NULL;
}
