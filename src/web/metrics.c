// SPDX-License-Identifier: GPL-2.0-or-later
#include "web/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/answer.h"
#include "protocol/field.h"
#include "util/array.h"
#include "version.h"
#include "web/link.h"

/* Numbers of a drive, as the daemon's status has them. flag: true is 1. */
static const struct {
	const char *name, *type, *help, *member;
	bool flag;
} rows[] = {
	{"drive_loaded", "gauge", "1: a disc is in the drive", "loaded", true},
	{"drive_locked", "gauge", "1: the host has locked the drive", "locked", true},
	{"drive_capacity_blocks", "gauge", "blocks of the disc", "capacity_blocks", false},
	{"drive_recorded_blocks", "gauge", "blocks recorded on the disc", "recorded_blocks", false},
	{"drive_unsynced_blocks", "gauge", "blocks that are not on storage yet", "unsynced_blocks",
		false},
	{"drive_commands_total", "counter", "commands of the host", "commands", false},
	{"drive_errors_total", "counter", "commands of the host that failed", "errors", false},
	{"drive_blocks_read_total", "counter", "blocks sent to the host", "blocks_read", false},
	{"drive_blocks_written_total", "counter", "blocks recorded by the host", "blocks_written",
		false},
	{"drive_resets_total", "counter", "Bulk-Only resets", "resets", false},
	{"media_free_bytes", "gauge", "free space of the drive's media folder", "card_free_bytes",
		false},
	{"media_size_bytes", "gauge", "size of the file system of the media folder",
		"card_total_bytes", false},
	{"media_reserved_bytes", "gauge", "space that burns and uploads may still take",
		"card_reserved_bytes", false},
};

/* A value of a label, in quotes. */
static void put_label(FILE *f, const char *value)
{
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			putc('\\', f);
		putc(*value, f);
	}
}

static void put_row(FILE *f, size_t i, const json_t *drives)
{
	const json_t *drive;
	size_t at;

	fprintf(f, "# HELP mmcgadget_%s %s\n# TYPE mmcgadget_%s %s\n", rows[i].name, rows[i].help,
		rows[i].name, rows[i].type);
	json_array_foreach(drives, at, drive)
	{
		if (!json_object_get(drive, rows[i].member))
			continue;
		fprintf(f, "mmcgadget_%s{drive=\"", rows[i].name);
		put_label(f, field_text(drive, "name"));
		fprintf(f, "\"} %" PRIu64 "\n",
			rows[i].flag ? (uint64_t)field_flag(drive, rows[i].member)
				     : field_number(drive, rows[i].member));
	}
}

static void put_burns(FILE *f, const json_t *drives)
{
	static const char *const results[] = {"finalised", "sessions", "unfinished"};
	const json_t *drive;
	size_t at;

	fputs("# HELP mmcgadget_drive_burns_total discs that were finalised, sessions that were "
	      "closed, "
	      "discs that left the drive unfinished\n"
	      "# TYPE mmcgadget_drive_burns_total counter\n",
		f);
	json_array_foreach(drives, at, drive)
	{
		for (size_t i = 0; i < ARRAY_LEN(results); i++) {
			fputs("mmcgadget_drive_burns_total{drive=\"", f);
			put_label(f, field_text(drive, "name"));
			fprintf(f, "\",result=\"%s\"} %" PRIu64 "\n", results[i],
				field_number(json_object_get(drive, "burns"), results[i]));
		}
	}
}

/* Sums the buckets 0 to end of a command's log2_us. Bucket n counts what took less than 2^n us. */
static uint64_t count_until(const json_t *buckets, size_t end)
{
	uint64_t sum = 0;

	for (size_t n = 0; n <= end && n < json_array_size(buckets); n++) {
		json_int_t count = json_integer_value(json_array_get(buckets, n));

		sum += count > 0 ? (uint64_t)count : 0;
	}
	return sum;
}

static void put_command(FILE *f, const char *drive, const json_t *command)
{
	static const struct {
		size_t bucket;
		const char *seconds;
	} ends[] = {{7, "0.000128"}, {10, "0.001024"}, {13, "0.008192"}, {16, "0.065536"},
		{19, "0.524288"}, {22, "4.194304"}, {SIZE_MAX, "+Inf"}};
	const json_t *buckets = json_object_get(command, "log2_us");

	for (size_t i = 0; i <= ARRAY_LEN(ends); i++) {
		bool total = i == ARRAY_LEN(ends);

		fprintf(f, "mmcgadget_drive_command_seconds_%s{drive=\"",
			total ? "count" : "bucket");
		put_label(f, drive);
		fputs("\",command=\"", f);
		put_label(f, field_text(command, "command"));
		if (total)
			fprintf(f, "\"} %" PRIu64 "\n", count_until(buckets, SIZE_MAX - 1));
		else
			fprintf(f, "\",le=\"%s\"} %" PRIu64 "\n", ends[i].seconds,
				count_until(buckets, ends[i].bucket));
	}
}

/* The daemon counts no sum of durations, so there is none here. */
static void put_commands(FILE *f, const json_t *stats)
{
	const json_t *drive, *command;
	size_t at, i;

	fputs("# HELP mmcgadget_drive_command_seconds how long commands of the host took\n"
	      "# TYPE mmcgadget_drive_command_seconds histogram\n",
		f);
	json_array_foreach(stats, at, drive)
	{
		json_array_foreach(json_object_get(drive, "per_command"), i, command)
			put_command(f, field_text(drive, "name"), command);
	}
}

static void put_drives(FILE *f, const json_t *drives)
{
	const json_t *drive;
	size_t at;

	fputs("# HELP mmcgadget_drive_host_connected 1: a host has configured the drive\n"
	      "# TYPE mmcgadget_drive_host_connected gauge\n",
		f);
	json_array_foreach(drives, at, drive)
	{
		fputs("mmcgadget_drive_host_connected{drive=\"", f);
		put_label(f, field_text(drive, "name"));
		fprintf(f, "\"} %d\n", field_flag(json_object_get(drive, "host"), "connected"));
	}
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		put_row(f, i, drives);
	put_burns(f, drives);
}

static void drop_status(struct request *r)
{
	json_decref(r->work);
	r->work = NULL;
}

/* The last of two answers is here; the status waits in r->work. */
static void on_stats(void *request, const json_t *stats, int fd)
{
	struct request *r = request;
	const json_t *status = r->work;
	bool up = status && answer_is_ok(status);
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	(void)fd;
	if (f) {
		fprintf(f,
			"# HELP mmcgadget_up 1: the daemon answers\n# TYPE mmcgadget_up gauge\n"
			"mmcgadget_up %d\n"
			"# HELP mmcgadget_web_info version of the web page\n"
			"# TYPE mmcgadget_web_info gauge\n"
			"mmcgadget_web_info{version=\"%s\"} 1\n",
			up, MMCGADGET_VERSION);
		if (up)
			put_drives(f, json_object_get(status, "drives"));
		if (up && stats && answer_is_ok(stats))
			put_commands(f, json_object_get(stats, "stats"));
		if (fclose(f) != 0) {
			free(text);
			text = NULL;
		}
	}
	drop_status(r);
	r->work_free = NULL;
	reply_text(r, 200, "text/plain; version=0.0.4; charset=utf-8", text);
}

static void on_status(void *request, const json_t *answer, int fd)
{
	struct request *r = request;
	const struct link_reader reader = {.done = on_stats, .ctx = r};

	(void)fd;
	r->work = json_incref((json_t *)(uintptr_t)answer);
	r->work_free = drop_status;
	link_ask(r->web->link, "stats\n", &reader);
}

void metrics(struct request *r)
{
	const struct link_reader reader = {.done = on_status, .ctx = r};

	request_wait(r);
	link_ask(r->web->link, "status\n", &reader);
}
