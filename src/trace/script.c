// SPDX-License-Identifier: GPL-2.0-or-later
/* Writes a trace as a conversation in the language of test/lib/script.h. */
#include "trace/text.h"

#include <inttypes.h>
#include <string.h>

#include "mmc/mmc.h"
#include "util/array.h"
#include "util/be.h"

#define LARGEST  (1024u * 1024u) /* bytes of one command, SCRIPT_MAX_DATA of test/lib/script.h */
#define STEP_MAX 64u             /* blocks of one WRITE in a "write" line */
#define PREVENT  "> 1e 00 00 00 01 00\n"

#define OP_REQUEST_SENSE       0x03
#define OP_INQUIRY             0x12
#define OP_WRITE_10            0x2a
#define OP_WRITE_AND_VERIFY_10 0x2e
#define OP_GET_CONFIGURATION   0x46
#define OP_WRITE_12            0xaa

struct writer {
	FILE *out;
	struct trace_script *result;
	bool serial;               /* the drive's serial number can be written in a config line */
	bool started;              /* a disc record was found and written */
	bool failed;               /* the previous command ended in CHECK CONDITION */
	struct trace_command held; /* the last command, which is not written yet */
	uint32_t times;            /* that it was sent in a row; 0 = no command is held */
	/* WRITE(10)s of adjacent blocks, not written yet; run_from == run_end: none. */
	uint32_t run_from, run_end, run_step;
};

/* ---- the disc ------------------------------------------------------------------------------ */

/* Writes commands that read the events which the traced host had read already. */
static void write_event_drain(struct writer *w, unsigned pending)
{
	if (!(pending & MMC_PENDING_OPERATIONAL))
		fputs("repeat 4\n> 4a 01 00 00 02 00 00 00 08 00 in=8\n", w->out);
	if (!(pending & MMC_PENDING_MEDIA))
		fputs("repeat 4\n> 4a 01 00 00 10 00 00 00 08 00 in=8\n", w->out);
}

/*
 * After the insert, unit attention and events are pending. Writes the commands that read those
 * which the traced host had read already.
 */
static void write_attention_drain(struct writer *w, unsigned pending, bool disc)
{
	if (!(pending & MMC_PENDING_ATTENTION))
		fputs(disc ? "ready\n" : "> 00 00 00 00 00 00\n! 2/3a/01\n", w->out);
	write_event_drain(w, pending);
}

/* Selects write parameters (mode page 05h): bytes 2 and 3 of the page. */
static void write_parameters(struct writer *w, unsigned type, unsigned session)
{
	fprintf(w->out,
		"ready\n> 55 10 00 00 00 00 00 00 3c 00  out=00*8 05 32 %02x %02x 08 10 "
		"00*7 10 00 96 00*36\n",
		type, session);
}

/* Says how a disc is recorded that takes this from the mode page. */
static void write_recording_mode(struct writer *w, const struct trace_disc *d)
{
	const struct disc_medium *m = trace_medium(d);

	if (d->flags & TRACE_AT_ONCE)
		write_parameters(w, 0x42, 0x05);
	else if (m && m->asks_for_next_session)
		write_parameters(w, 0x40, 0xc5);
}

static void write_format_unit(
	struct writer *w, uint32_t blocks, const struct disc_format_offer *offer, unsigned sub_type)
{
	fprintf(w->out,
		"ready\n> 04 11 00 00 00 00  out=00 02 00 08 %02x %02x %02x %02x %02x 00 00 00\n",
		blocks >> 24, blocks >> 16 & 0xff, blocks >> 8 & 0xff, blocks & 0xff,
		(unsigned)offer->type << 2 | sub_type);
}

/* Formats a disc that is overwritten in place: its one track spans all that was formatted. */
static void write_format(struct writer *w, const struct trace_disc *d)
{
	const struct disc_format_offer *first = trace_medium(d)->format, *offer = first;
	uint32_t n = d->track[0].written;

	bool closed = d->track[0].state != DISC_TRACK_OPEN;
	/* The host's CLOSE made the size of a DVD-RW, and its attention is pending. */
	bool by_close = closed && disc_medium_has_tracks(trace_medium(d)) && n < 65536 &&
			TRACE_PENDING(d->flags) & MMC_PENDING_CLOSE;

	if (!closed || by_close) {
		/* The intermediate state of a DVD-RW: a quick format, and what was recorded since
		 */
		fputs("ready\n> 04 11 00 00 00 00  out=00 02 00 08 00*4 54 00 00 10\n", w->out);
		if (n)
			fprintf(w->out, "write 0..%" PRIu32 "\n", n);
		if (by_close)
			fputs("> 5b 00 02 00 00 00 00 00 00 00\n", w->out);
		return;
	}
	/* A format type has its own sizes. */
	for (size_t i = 0; i < DISC_FORMAT_OFFERS && first[i].blocks; i++)
		if (first[i].blocks == n) {
			offer = &first[i];
			break;
		}

	write_format_unit(w, n, offer, 0);
}

/*
 * The format that took the spare area of a BD-R from its capacity: the first that leaves as many
 * blocks, or the first at all. NULL: the disc has no spare area.
 */
static const struct disc_format_offer *spare_area_format(const struct trace_disc *d)
{
	const struct disc_medium *m = trace_medium(d);
	const struct disc_format_offer *offers, *found = NULL;
	bool pow = d->flags & TRACE_FORMATTED_POW;

	if (!m || !(d->flags & TRACE_FORMATTED) || !disc_medium_is_recordable(m) ||
		!disc_medium_has_tracks(m) || m->formatted_model)
		return NULL;
	offers = m->format;
	for (size_t i = 0; i < DISC_FORMAT_OFFERS && offers[i].blocks; i++) {
		if (!!(offers[i].flags & DISC_FORMAT_POW) != pow)
			continue;
		if (offers[i].blocks == d->capacity)
			return &offers[i];
		if (!found)
			found = &offers[i];
	}
	return found;
}

static void write_spare_area_format(struct writer *w, const struct trace_disc *d)
{
	const struct disc_format_offer *offer = spare_area_format(d);

	if (!offer)
		return;
	write_format_unit(w, d->capacity, offer, !(d->flags & TRACE_FORMATTED_POW));
	/* The host sees the format before it records. */
	fputs("> 4a 01 00 00 10 00 00 00 08 00  in=8\nready\n", w->out);
}

/* Records the layout of the disc track by track, as a host would. */
static void write_layout(struct writer *w, const struct trace_disc *d)
{
	if (d->kept && (!disc_medium_has_tracks(trace_medium(d)) ||
			       (d->flags & TRACE_FORMATTED && trace_medium(d)->formatted_model))) {
		write_format(w, d);
		return;
	}
	write_spare_area_format(w, d);
	if (d->layer_break)
		fprintf(w->out,
			"ready\n> bf 00 00 00 00 00 00 20 00 0c 00 00  "
			"out=00 0a 00 00 00 00 00 00 %02x %02x %02x %02x\n",
			d->layer_break >> 24, d->layer_break >> 16 & 0xff,
			d->layer_break >> 8 & 0xff, d->layer_break & 0xff);
	write_recording_mode(w, d);
	for (uint32_t i = 0; i < d->kept; i++) {
		const struct trace_track *t = &d->track[i];
		bool last = i + 1 == d->kept, closed = t->state == DISC_TRACK_CLOSED;

		if (t->state == DISC_TRACK_INVISIBLE)
			continue;
		fputs("ready\n", w->out);
		if (t->reserved)
			fprintf(w->out, "> 53 00 00 00 00 %02x %02x %02x %02x 00\n",
				t->reserved >> 24, t->reserved >> 16 & 0xff,
				t->reserved >> 8 & 0xff, t->reserved & 0xff);
		if (t->written)
			fprintf(w->out, "write %" PRIu32 "..%" PRIu32 "\n", t->start,
				t->start + t->written);
		if (closed)
			fprintf(w->out, "> 5b 00 01 00 00 %02x 00 00 00 00\n", i + 1);
		if (closed && !last && d->track[i + 1].session != t->session)
			fputs("> 5b 00 02 00 00 00 00 00 00 00\n", w->out);
		if (closed && last &&
			(d->flags & TRACE_FINALISED || !disc_medium_is_recordable(trace_medium(d))))
			fputs("> 5b 00 06 00 00 00 00 00 00 00\n", w->out);
	}
}

/* True if nothing was done to a blank. */
static bool is_blank(const struct trace_disc *d)
{
	if (d->layer_break || spare_area_format(d))
		return false;
	return d->tracks == 0 || (d->tracks == 1 && d->track[0].state == DISC_TRACK_INVISIBLE);
}

static bool is_cd(const struct trace_disc *d)
{
	return trace_medium(d)->type == DISC_CD_ROM;
}

/* True for a disc that an image without a state file is. */
static bool is_plain_image(const struct trace_disc *d)
{
	return d->tracks <= 1 && (is_cd(d) || trace_medium(d) == disc_medium_of_image(d->readable));
}

/* Has tracks that the script must record, because no media line makes them. */
static bool has_layout(const struct trace_disc *d)
{
	const struct disc_medium *m = trace_medium(d);

	if (!m)
		return false;
	return disc_medium_is_recordable(m) ? !is_blank(d) : !is_plain_image(d);
}

static void write_recorded(struct writer *w, const struct trace_disc *d, unsigned pending)
{
	bool locked = d->flags & TRACE_LOCKED && !(d->flags & TRACE_TRAY_OUT);
	const char *lock = locked ? PREVENT : "";

	fputs(lock, w->out);
	write_layout(w, d);
	if (pending & (MMC_PENDING_CLOSE | MMC_PENDING_FORMAT) &&
		!(pending & MMC_PENDING_ATTENTION)) {
		write_event_drain(w, pending);
		return;
	}
	/*
	 * Inserts the disc again: the host sees a new disc with the layout just recorded. Taking
	 * it out has undone the lock.
	 */
	fprintf(w->out, "eject force\n%sinsert-again\n", lock);
	if (d->cause != TRACE_INSERTED)
		write_attention_drain(w, pending, true);
}

/* Writes the lines that put the disc into the drive. NULL, or why that is impossible. */
static const char *write_media(
	struct writer *w, const struct trace_disc *d, unsigned pending, const char *ua)
{
	const struct disc_medium *m = trace_medium(d);
	const struct disc_format_offer *spare;
	bool blank = m && disc_medium_is_recordable(m);

	if (!m) {
		fprintf(w->out, "media none%s\n", ua);
		return NULL;
	}
	if (!blank && is_plain_image(d)) {
		if (d->readable == 0)
			return "a DVD-ROM without blocks";
		fprintf(w->out, "media %s %" PRIu32 "%s\n", is_cd(d) ? "cd" : "rom", d->readable,
			ua);
		return NULL;
	}
	if (is_cd(d))
		return "a compact disc of several tracks";
	/* A record has neither pregaps nor the kinds of tracks. */
	if (disc_medium_is_cd_recordable(m) && has_layout(d))
		return "a CD-R or CD-RW on which something is recorded";
	fputs("media blank", w->out);
	/* A format takes the spare area from the capacity. */
	spare = spare_area_format(d);
	if (blank && d->capacity != m->capacity && !(spare && spare->blocks == d->capacity))
		fprintf(w->out, " %" PRIu32, d->capacity);
	if (disc_medium_before(m) != disc_medium_of_blank())
		fprintf(w->out, " type=%s", disc_medium_before(m)->name);
	fprintf(w->out, "%s\n", has_layout(d) ? "" : ua);
	if (has_layout(d))
		write_recorded(w, d, pending);
	return NULL;
}

/*
 * Writes the lines that make the drive and disc of a record. first: nothing is written yet, so the
 * drive's lock is made as well; later the commands of the host have made it. NULL, or why that is
 * impossible.
 */
static const char *write_disc(struct writer *w, const struct trace_disc *d, bool first)
{
	unsigned pending = TRACE_PENDING(d->flags);
	bool inserted = d->cause == TRACE_INSERTED, unseen = inserted || pending;
	bool tray_out = d->flags & TRACE_TRAY_OUT, empty = d->medium == TRACE_NO_MEDIUM;
	bool lock = first && d->flags & TRACE_LOCKED, layout = has_layout(d);
	const char *why;

	if (d->flags & TRACE_TESTING)
		return "it begins in a test write, which cannot be repeated";
	if (d->tracks > TRACE_TRACKS)
		return "the disc has more tracks than a trace keeps";
	/* Before the disc: a PREVENT after it would take the unit attention from the host. */
	if (lock && !tray_out && !empty && !layout)
		fputs("media none\n" PREVENT, w->out);
	why = write_media(w, d, pending, unseen ? " ua" : "");
	if (why)
		return why;
	if (unseen && !inserted && !layout)
		write_attention_drain(w, pending, !empty);
	if (tray_out) {
		fputs("> 1e 00 00 00 00 00\n> 1b 00 00 00 02 00\n", w->out);
		write_event_drain(w, pending);
	}
	if (lock && (tray_out || empty))
		fputs(PREVENT, w->out);
	/* Last: every command above would report it. It undoes no lock, as nobody can lock before.
	 */
	if (pending & MMC_PENDING_RESET && (first || layout))
		fputs("busreset\n", w->out);
	return NULL;
}

/* ---- commands ------------------------------------------------------------------------------ */

static void write_bytes(struct writer *w, const uint8_t *p, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		fprintf(w->out, " %02x", p[i]);
}

/* The data of a WRITE is not kept in a trace: any blocks will do. */
static bool is_write(const struct trace_command *c)
{
	return c->cdb[0] == OP_WRITE_10 || c->cdb[0] == OP_WRITE_AND_VERIFY_10 ||
	       c->cdb[0] == OP_WRITE_12;
}

/* Blocks of a WRITE; 0 if it is another command, or if blocks and bytes do not agree. */
static uint32_t write_blocks(const struct trace_command *c)
{
	uint32_t n = 0;

	if (is_write(c))
		n = c->cdb[0] == OP_WRITE_12 ? get_be32(c->cdb + 6) : get_be16(c->cdb + 7);

	return (uint64_t)n * MEDIA_BLOCK == c->announced ? n : 0;
}

static void write_data_out(struct writer *w, const struct trace_command *c)
{
	uint32_t blocks = write_blocks(c);

	fputs(" out=", w->out);
	/* Blocks stamped with their addresses, so that people can check a later READ. */
	if (blocks) {
		fprintf(w->out, "block %" PRIu32 "*%" PRIu32, get_be32(c->cdb + 2), blocks);
		return;
	}
	write_bytes(w, c->data, c->data_len);
	if (c->announced > c->data_len)
		fprintf(w->out, " zero*%" PRIu32, c->announced - c->data_len);
}

/* Returns how many bytes of an answer are the same on every drive with this history. */
static uint32_t predictable_bytes(const struct writer *w, const struct trace_command *c)
{
	/* Names and serial number differ between drives. */
	if (c->cdb[0] == OP_INQUIRY || (c->cdb[0] == OP_GET_CONFIGURATION && !w->serial))
		return MIN(c->data_len, 8u);
	return c->data_len;
}

static void write_expectations(struct writer *w, const struct trace_command *c)
{
	uint32_t known = c->dir == TRACE_DIR_IN ? predictable_bytes(w, c) : 0;

	if (c->csw == 1)
		fprintf(w->out, "! %x/%02x/%02x\n", c->sense >> 16 & 0x0f, c->sense >> 8 & 0xff,
			c->sense & 0xff);
	for (uint32_t at = 0; at < known; at += 16) {
		fprintf(w->out, "<");
		write_bytes(w, c->data + at, MIN(known - at, 16u));
		fputc('\n', w->out);
	}
	if ((c->dir == TRACE_DIR_IN && (c->csw == 0 || c->moved)) ||
		(c->dir == TRACE_DIR_OUT && c->csw == 0))
		fprintf(w->out, "<= %" PRIu32 "\n", c->moved);
}

static void flush_held(struct writer *w)
{
	const struct trace_command *c = &w->held;

	if (!w->times)
		return;
	if (w->times > 1)
		fprintf(w->out, "repeat %" PRIu32 "\n", w->times);
	fputs(">", w->out);
	write_bytes(w, c->cdb, c->cdb_len);
	if (c->dir == TRACE_DIR_IN && c->announced)
		fprintf(w->out, " in=%" PRIu32, c->announced);
	else if (c->dir == TRACE_DIR_OUT && c->announced)
		write_data_out(w, c);
	fputc('\n', w->out);
	write_expectations(w, c);
	w->times = 0;
}

static void flush_run(struct writer *w)
{
	if (w->run_end != w->run_from)
		fprintf(w->out, "write %" PRIu32 "..%" PRIu32 " step %" PRIu32 "\n", w->run_from,
			w->run_end, w->run_step);
	w->run_from = w->run_end = 0;
}

static void flush(struct writer *w)
{
	flush_run(w);
	flush_held(w);
}

/* Adds a plain, successful WRITE(10) to the run, or begins a new run. False: c is not one. */
static bool add_to_run(struct writer *w, const struct trace_command *c)
{
	uint32_t lba = get_be32(c->cdb + 2), n = write_blocks(c);

	if (c->cdb[0] != OP_WRITE_10 || c->cdb_len != 10 || c->cdb[1] || c->cdb[6] || c->cdb[9] ||
		c->csw || c->dir != TRACE_DIR_OUT || c->moved != c->announced || n == 0 ||
		n > STEP_MAX || n > UINT32_MAX - lba)
		return false;
	if (w->run_end == w->run_from || lba != w->run_end || n != w->run_step) {
		flush(w);
		w->run_from = lba;
		w->run_step = n;
	}
	w->run_end = lba + n;
	return true;
}

/* Returns why the command cannot be repeated, NULL if it can. */
static const char *check_repeatable(const struct trace_command *c)
{
	unsigned key = c->sense >> 16 & 0x0f;

	if (c->csw == 2)
		return "a phase error";
	if (c->csw > 2)
		return "ended by a reset";
	if (c->csw == 1 && (c->sense >> 24 & 1 || key == 3 || key == 4 || key == 0xb))
		return "storage or transport failed";
	if (c->announced > LARGEST)
		return "too much data";
	if (c->dir == TRACE_DIR_OUT && !is_write(c) && c->moved > c->data_len)
		return "a trace does not keep all of its data";
	return NULL;
}

static bool same(const struct trace_command *a, const struct trace_command *b)
{
	return a->announced == b->announced && a->moved == b->moved && a->sense == b->sense &&
	       a->dir == b->dir && a->csw == b->csw && a->cdb_len == b->cdb_len &&
	       a->data_len == b->data_len && memcmp(a->cdb, b->cdb, sizeof(a->cdb)) == 0 &&
	       memcmp(a->data, b->data, a->data_len) == 0;
}

static void take_command(struct writer *w, const struct trace_command *c)
{
	const char *why = check_repeatable(c);
	bool autosense = w->failed && c->cdb[0] == OP_REQUEST_SENSE;

	w->failed = c->csw == 1;
	/* Every program that runs conversations sends REQUEST SENSE after a failure anyway. */
	if (autosense)
		return;
	if (why) {
		flush(w);
		fputs("# left out:", w->out);
		write_bytes(w, c->cdb, c->cdb_len);
		fprintf(w->out, " - %s\n", why);
		w->result->left_out++;
		return;
	}
	w->result->commands++;
	if (add_to_run(w, c))
		return;
	flush_run(w);
	if (w->times && same(&w->held, c)) {
		w->times++;
		return;
	}
	flush_held(w);
	w->held = *c;
	w->times = 1;
}

static void take_event(struct writer *w, uint8_t event)
{
	static const char *const line[] = {
		[TRACE_BUS_RESET] = "busreset",
		[TRACE_TRANSPORT_RESET] = "transportreset",
		[TRACE_EJECT] = "eject",
		[TRACE_EJECT_FORCE] = "eject force",
		[TRACE_EJECT_ASKS] = "eject asks",
		[TRACE_FINALISE] = "> 5b 00 06 00 00 00 00 00 00 00",
	};

	flush(w);
	w->failed = false;
	if (event < ARRAY_LEN(line) && line[event])
		fprintf(w->out, "%s\n", line[event]);
}

/* ---- the conversation ---------------------------------------------------------------------- */

static void write_head(struct writer *w, const struct trace_header *h, uint64_t skipped)
{
	size_t serial = strspn(h->serial, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					  "abcdefghijklmnopqrstuvwxyz-_.");
	bool config = h->finalised_dvd_plus_r || h->dvd_only || h->strict_cdb || h->serial[0] ||
		      (h->buffer && h->buffer != MEDIA_RING);

	w->serial = h->serial[serial] == '\0';
	fprintf(w->out, "# from a trace; %" PRIu64 " records before this are not in it\n", skipped);
	/* A drive behind /dev/sgN may have neither this disc nor this configuration. */
	fputs("requires direct bot\n", w->out);
	if (!config)
		return;
	fputs("config", w->out);
	if (h->finalised_dvd_plus_r)
		fputs(" finalised=dvd+r", w->out);
	if (h->dvd_only)
		fputs(" large=dvd-rom", w->out);
	if (h->strict_cdb)
		fputs(" strict=1", w->out);
	if (h->serial[0] && w->serial)
		fprintf(w->out, " serial=%s", h->serial);
	if (h->buffer && h->buffer != MEDIA_RING)
		fprintf(w->out, " buffer=%" PRIu32, h->buffer);
	fputc('\n', w->out);
}

/* Handles one record. NULL, or why the trace cannot become a conversation. */
static const char *take_record(struct writer *w, const struct trace_header *h,
	const struct trace_record *r, uint64_t skipped)
{
	const char *why = NULL;

	if (r->type == TRACE_DISC && !w->started) {
		w->started = true;
		write_head(w, h, skipped);
		return write_disc(w, &r->disc, true);
	}
	if (!w->started) {
		w->failed = r->type == TRACE_COMMAND && r->command.csw == 1;
		return NULL;
	}
	if (r->type == TRACE_DISC && r->disc.cause == TRACE_INSERTED) {
		flush(w);
		why = write_disc(w, &r->disc, false);
	} else if (r->type == TRACE_COMMAND) {
		take_command(w, &r->command);
	} else if (r->type == TRACE_EVENT) {
		take_event(w, r->event);
	}
	return why;
}

const char *trace_write_script(
	const uint8_t *data, size_t size, FILE *out, struct trace_script *result)
{
	struct writer w = {.out = out, .result = result};
	struct trace_reader r;
	struct trace_record record;
	const char *why = trace_open(&r, data, size);
	uint64_t skipped = r.header.lost;
	uint32_t last = 0;
	int got = 0;

	*result = (struct trace_script){0};
	while (!why && (got = trace_next(&r, &record, &why)) == 1) {
		if (w.started && record.number != last + 1)
			return "records are missing in the middle";
		last = record.number;
		why = take_record(&w, &r.header, &record, skipped);
		skipped += !w.started;
	}
	if (why)
		return why;
	flush(&w);
	return w.started ? NULL : "it does not say which disc is in the drive";
}
