// SPDX-License-Identifier: GPL-2.0-or-later
#include "control/command_trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/answer.h"
#include "util/array.h"

#define PIECE (16u * 1024u) /* bytes of records in one answer; hexadecimal doubles them */

static void set_number(json_t *o, const char *key, uint64_t value)
{
	json_object_set_new(o, key, json_integer((json_int_t)MIN(value, (uint64_t)INT64_MAX)));
}

/* ---- stats --------------------------------------------------------------------------------- */

static json_t *report_command(const struct stats_index *index, const struct stats *s, unsigned i)
{
	const struct stats_command *c = &s->command[i];
	const char *name = i ? mmc_opcode_name(index->opcode[i]) : NULL;
	json_t *o = json_object(), *buckets = json_array();
	unsigned last = STATS_BUCKETS;

	json_object_set_new(o, "command", json_string(name ? name : "(unknown)"));
	json_object_set_new(o, "opcode", i ? json_integer(index->opcode[i]) : json_null());
	set_number(o, "count", c->count);
	set_number(o, "errors", c->errors);
	set_number(o, "bytes", c->bytes);
	set_number(o, "median_us", stats_percentile(c, 50));
	set_number(o, "p99_us", stats_percentile(c, 99));
	set_number(o, "max_us", c->max);
	while (last > 0 && c->bucket[last - 1] == 0)
		last--;
	for (unsigned n = 0; n < last; n++)
		json_array_append_new(buckets, json_integer((json_int_t)c->bucket[n]));
	json_object_set_new(o, "log2_us", buckets);
	return o;
}

json_t *command_stats(struct drive *d)
{
	const struct stats_index *index = recorder_index(drive_recorder(d));
	json_t *o = json_object(), *keys = json_object(), *commands = json_array();
	struct drive_info info;
	struct stats s;
	uint64_t seconds;

	recorder_get_stats(drive_recorder(d), &s, &seconds);
	drive_get_info(d, &info);
	json_object_set_new(o, "name", json_string(drive_name(d)));
	set_number(o, "seconds", seconds);
	set_number(o, "commands", s.commands);
	set_number(o, "failed", s.failed);
	set_number(o, "phase_errors", s.phase_errors);
	set_number(o, "aborted", s.aborted);
	set_number(o, "bytes_in", s.bytes_in);
	set_number(o, "bytes_out", s.bytes_out);
	set_number(o, "resets", s.resets);
	set_number(o, "bus_resets", s.bus_resets);
	set_number(o, "inserted", s.inserted);
	set_number(o, "ejected", s.ejected);
	set_number(o, "eject_requests", s.eject_asked);
	/* Counted by the transport since the daemon started. */
	set_number(o, "invalid_cbws", info.usb.bot.invalid_cbws);
	set_number(o, "transfer_errors", info.usb.bot.errors);
	for (unsigned i = 0; i < ARRAY_LEN(s.key); i++)
		if (s.key[i])
			set_number(keys, trace_key_name(i), s.key[i]);
	json_object_set_new(o, "sense_keys", keys);
	for (unsigned i = 0; i < index->count; i++)
		if (s.command[i].count)
			json_array_append_new(commands, report_command(index, &s, i));
	json_object_set_new(o, "per_command", commands);
	return o;
}

/* ---- trace --------------------------------------------------------------------------------- */

static const char *state_name(enum recorder_state state)
{
	static const char *const names[] = {
		[RECORDER_EMPTY] = "none",
		[RECORDER_ARMED] = "waiting",
		[RECORDER_RUNS] = "running",
		[RECORDER_STOPPED] = "stopped",
		[RECORDER_ERROR] = "error",
	};

	return names[state];
}

static json_t *report_state(struct drive *d)
{
	static const char *const text[] = {
		[RECORDER_EMPTY] = "no trace",
		[RECORDER_ARMED] = "a trace begins with the host's next command",
		[RECORDER_RUNS] = "a trace is running",
		[RECORDER_STOPPED] = "a trace was stopped",
		[RECORDER_ERROR] = "a trace stopped at a failed command",
	};
	struct recorder_trace t;
	json_t *a, *o = json_object();

	recorder_get_trace(drive_recorder(d), &t);
	a = answer_ok("%s: %s, %" PRIu64 " of %" PRIu32 " records%s", drive_name(d), text[t.state],
		t.next - t.first, t.size, t.first > 1 ? ", older ones are overwritten" : "");
	json_object_set_new(o, "drive", json_string(drive_name(d)));
	json_object_set_new(o, "state", json_string(state_name(t.state)));
	json_object_set_new(o, "until_error", json_boolean(t.until_error));
	set_number(o, "records", t.next - t.first);
	set_number(o, "lost", t.first - 1);
	set_number(o, "room", t.size);
	json_object_set_new(a, "trace", o);
	return a;
}

/* Parses an option's decimal number; NULL keeps *out. False: not a number, or out of range. */
static bool parse_number(const char *text, uint64_t least, uint64_t most, uint64_t *out)
{
	char *end;

	if (!text)
		return true;
	errno = 0;
	*out = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && *end == '\0' && !errno && *out >= least &&
	       *out <= most;
}

static json_t *bad_option(const char *fault, const char *value)
{
	char text[160];

	snprintf(text, sizeof(text), "trace: %s \"%.40s\"", fault, value);
	return answer_error("bad-arguments", "%s", text);
}

static json_t *start(struct drive *d, const struct verb_call *call)
{
	uint64_t records = RECORDER_RECORDS;
	int r;

	if (call->until && strcmp(call->until, "error") != 0)
		return bad_option("until takes error, not", call->until);
	if (!parse_number(call->records, RECORDER_RECORDS_LEAST, RECORDER_RECORDS_MOST, &records))
		return bad_option("records takes a number from 64 to 65536, not", call->records);
	r = recorder_start(drive_recorder(d), (uint32_t)records, call->until != NULL);
	if (r == -EBUSY)
		return answer_error("busy", "%s: a trace is running; stop it first", drive_name(d));
	if (r < 0)
		return answer_error(
			"io-error", "%s: cannot start a trace: %s", drive_name(d), strerror(-r));
	return report_state(d);
}

static json_t *hex_string(const uint8_t *p, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	char *text = malloc(2 * len + 1);
	json_t *s;

	if (!text)
		return NULL;
	for (size_t i = 0; i < len; i++) {
		text[2 * i] = digits[p[i] >> 4];
		text[2 * i + 1] = digits[p[i] & 15];
	}
	s = json_stringn(text, 2 * len);
	free(text);
	return s;
}

/* Answers with a piece of the records. A client asks again, from "next" on, until it has all. */
static json_t *read_piece(struct drive *d, const struct verb_call *call)
{
	struct recorder *rec = drive_recorder(d);
	uint8_t header[TRACE_HEADER_SIZE], *piece = malloc(PIECE);
	struct recorder_trace t;
	uint64_t from = 1, next;
	json_t *a, *o = json_object();
	size_t n;

	recorder_get_trace(rec, &t);
	if (!parse_number(call->from, 1, UINT32_MAX, &from) || t.next == 1 || !piece) {
		free(piece);
		json_decref(o);
		return t.next == 1 ? answer_error("no-trace", "%s: there is no trace to read",
					     drive_name(d))
		       : piece ? bad_option("from takes the number of a record, not", call->from)
			       : answer_error("io-error", "out of memory");
	}
	recorder_header(rec, header);
	n = recorder_read(rec, &from, &next, piece, PIECE);
	a = answer_ok("%s: records %" PRIu64 " to %" PRIu64, drive_name(d), from, next - 1);
	set_number(o, "first", from);
	set_number(o, "next", next);
	set_number(o, "end", t.next);
	json_object_set_new(o, "header", hex_string(header, sizeof(header)));
	json_object_set_new(o, "records", hex_string(piece, n));
	json_object_set_new(a, "trace", o);
	free(piece);
	return a;
}

json_t *command_trace(struct drive *d, const struct verb_call *call)
{
	bool starts = strcmp(call->arg, "start") == 0, reads = strcmp(call->arg, "read") == 0;

	if (!starts && (call->until || call->records))
		return answer_error("bad-arguments", "trace: until and records are for start");
	if (!reads && call->from)
		return answer_error("bad-arguments", "trace: from is for read");
	if (starts)
		return start(d, call);
	if (reads)
		return read_piece(d, call);
	if (strcmp(call->arg, "stop") == 0)
		recorder_stop(drive_recorder(d));
	return report_state(d);
}
