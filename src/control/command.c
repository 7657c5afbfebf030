// SPDX-License-Identifier: GPL-2.0-or-later
#include "control/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/command_fault.h"
#include "control/command_files.h"
#include "control/command_find.h"
#include "control/command_trace.h"
#include "control/status.h"
#include "disc/cd_record.h"
#include "disc/medium.h"
#include "drive/disc_jobs.h"
#include "drive/disc_rules.h"
#include "drive/extract_jobs.h"
#include "library/image_as.h"
#include "library/name_inside.h"
#include "protocol/verbs.h"
#include "util/array.h"
#include "version.h"

/* Returns the name as the media folder has it: people type its whole path, too. */
static const char *name_of(const struct drive *d, const struct verb_call *call)
{
	return name_inside(drive_media(d), call->arg);
}

static void run_insert(const struct command_env *env, const struct verb_call *call, struct drive *d,
	struct reply *r)
{
	enum image_as as = IMAGE_AS_DRIVE;

	(void)env;
	if (call->as && !image_as_named(call->as, &as)) {
		r->final(r, answer_error("bad-arguments",
				    "insert: an image can be as=cd, as=dvd or as=auto, not "
				    "\"%.40s\"",
				    call->as));
		return;
	}
	drive_submit_as(d, DRIVE_FIND, name_of(d, call), as, call->force != NULL, r);
}

static void run_next(const struct command_env *env, const struct verb_call *call, struct drive *d,
	struct reply *r)
{
	(void)env;
	drive_submit(d, DRIVE_NEXT, NULL, call->force != NULL, r);
}

static void run_prev(const struct command_env *env, const struct verb_call *call, struct drive *d,
	struct reply *r)
{
	(void)env;
	drive_submit(d, DRIVE_PREV, NULL, call->force != NULL, r);
}

static void run_eject(const struct command_env *env, const struct verb_call *call, struct drive *d,
	struct reply *r)
{
	(void)env;
	drive_submit(d, DRIVE_EJECT, NULL, call->arg != NULL, r);
}

/* The length of a CD. NULL, or the answer to a refusal. */
static json_t *take_minutes(const char *word, struct image_blank *blank)
{
	const uint8_t *known = blank->medium->minutes;
	char all[64] = "";
	size_t n = 0;

	if (!known[0])
		return answer_error("bad-arguments",
			"blank: minutes= is for type=cd-r and type=cd-rw; a %s has one size",
			blank->medium->title);
	for (size_t i = 0; known[i]; i++) {
		char text[16];

		snprintf(text, sizeof(text), "%u", known[i]);
		if (strcmp(word, text) == 0) {
			blank->capacity = disc_cd_capacity(known[i]);
			return NULL;
		}
		n += (size_t)snprintf(all + n, sizeof(all) - n, "%s%s",
			i == 0         ? ""
			: known[i + 1] ? ", "
				       : " or ",
			text);
	}
	return answer_error("bad-arguments", "blank: a %s has %s minutes, not \"%.40s\"",
		blank->medium->title, all, word);
}

static void run_blank(const struct command_env *env, const struct verb_call *call, struct drive *d,
	struct reply *r)
{
	const struct disc_medium *medium =
		call->type ? disc_medium_named(call->type) : drive_blank(d);
	char known[160], name[WORDS_LINE_MAX + sizeof(".iso")];
	struct image_blank blank = {0};
	json_t *fault;

	(void)env;
	if (!medium || !disc_medium_is_recordable(medium)) {
		bool several = disc_medium_list(known, sizeof(known)) > 1;

		r->final(r, answer_error("bad-type", "no blank of type \"%.40s\"; %s %s supported",
				    call->type, known, several ? "are" : "is"));
		return;
	}
	blank.medium = medium;
	fault = call->minutes ? take_minutes(call->minutes, &blank) : NULL;
	if (fault) {
		r->final(r, fault);
		return;
	}
	disc_rules_blank_name(drive_media(d), name_of(d, call), name, sizeof(name));
	drive_submit_blank(d, name, &blank, call->force != NULL, r);
}

/* Returns the drive that holds the image of that name in d's media folder, or NULL. */
static struct drive *drive_with(const struct drives *all, const struct drive *d, const char *name)
{
	for (unsigned i = 0; i < all->count; i++) {
		struct drive_info info;

		drive_get_info(all->drive[i], &info);
		if (info.image && strcmp(info.image, name) == 0 &&
			strcmp(drive_media(all->drive[i]), drive_media(d)) == 0)
			return all->drive[i];
	}
	return NULL;
}

/* Without drive=, the drive that holds the image closes it: people name discs, not drives. */
static void close_found(const struct command_find *f, const char *name)
{
	struct drive *with = f->flag ? NULL : drive_with(f->env->drives, f->drive, name);

	drive_submit(with ? with : f->drive, DRIVE_CLOSE, name, false, f->reply);
}

static void run_close(const struct command_env *env, const struct verb_call *call, struct drive *d,
	struct reply *r)
{
	const struct command_find find = {.env = env,
		.drive = d,
		.reply = r,
		.flag = call->drive != NULL,
		.run = close_found};
	const char *name = name_of(d, call);

	/* The folder has no such name any more if the disc was deleted meanwhile. */
	if (drive_with(env->drives, d, name))
		close_found(&find, name);
	else
		command_find(&find, name);
}

static void run_rename(const struct command_env *env, const struct verb_call *call, struct drive *d,
	struct reply *r)
{
	(void)env;
	disc_jobs_rename(drive_jobs(d), name_of(d, call),
		name_inside(drive_media(d), call->args[1]), call->etag, r);
}

static void run_delete(const struct command_env *env, const struct verb_call *call, struct drive *d,
	struct reply *r)
{
	(void)env;
	disc_jobs_delete(drive_jobs(d), name_of(d, call), call->etag, r);
}

static void run_erase(const struct command_env *env, const struct verb_call *call, struct drive *d,
	struct reply *r)
{
	(void)env;
	disc_jobs_erase(drive_jobs(d), name_of(d, call), r);
}

/* Returns the number of a track, 1 to 99; 0: the text is no such number. */
static unsigned track_of(const char *text)
{
	char *end;
	unsigned long n = *text >= '0' && *text <= '9' ? strtoul(text, &end, 10) : 0;

	return n >= 1 && n <= 99 && *end == '\0' ? (unsigned)n : 0;
}

static void run_extract(const struct command_env *env, const struct verb_call *call,
	struct drive *d, struct reply *r)
{
	const char *to = call->to ? name_inside(drive_media(d), call->to) : NULL;
	unsigned track = call->track ? track_of(call->track) : 0;

	(void)env;
	if (call->count > 1 && strcmp(call->args[1], "stop") != 0)
		r->final(r, answer_error("bad-arguments",
				    "extract: the word behind the name can be stop, not \"%.40s\"; "
				    "names with blanks need quotes",
				    call->args[1]));
	else if (call->count > 1 && (call->track || call->to))
		r->final(r, answer_error(
				    "bad-arguments", "extract: stop takes neither track= nor to="));
	else if (call->count > 1)
		extract_jobs_stop(drive_extract(d), name_of(d, call), r);
	else if (call->track && track == 0)
		r->final(r, answer_error("bad-arguments",
				    "extract: track takes a number from 1 to 99, not \"%.40s\"",
				    call->track));
	else
		extract_jobs_add(drive_extract(d), name_of(d, call), track, to, r);
}

static void run_status(const struct command_env *env, const struct verb_call *call, struct drive *d,
	struct reply *r)
{
	json_t *a = answer_ok("mmcgadgetd %s, %u drive%s", MMCGADGET_VERSION, env->drives->count,
		env->drives->count == 1 ? "" : "s");
	json_t *drives = json_array();

	for (unsigned i = 0; i < env->drives->count; i++) {
		if (!call->drive || env->drives->drive[i] == d)
			json_array_append_new(
				drives, status_drive(env->drives->drive[i], env->uploads));
	}
	json_object_set_new(a, "drives", drives);
	json_object_set_new(
		a, "functions", env->functions ? env->functions(env->ctx) : json_array());
	json_object_set_new(a, "udc", json_string(env->udc ? env->udc(env->ctx) : ""));
	json_object_set_new(a, "problem", json_string(env->problem ? env->problem(env->ctx) : ""));
	json_object_set_new(a, "version", json_string(MMCGADGET_VERSION));
	r->final(r, a);
}

static void run_events(const struct command_env *env, const struct verb_call *call, struct drive *d,
	struct reply *r)
{
	(void)env;
	(void)d;
	if (r->listen)
		r->listen(r, call->drive_at);
	else
		r->final(r, answer_error("socket-only",
				    "events: what follows would have no reader; connect to the "
				    "socket, or type: mmcgadgetctl events"));
}

/* A list command that waits for its scan. */
struct list_request {
	struct catalog_request base;
	const struct command_env *env;
	struct drive *drive;
	struct reply *reply;
};

static void on_list(struct catalog_request *request, const struct catalog_list *list)
{
	struct list_request *l = (struct list_request *)request;

	if (!list)
		l->reply->final(l->reply, answer_error("stopping", "the daemon is stopping"));
	else if (l->reply->final_text)
		l->reply->final_text(l->reply, status_list_text(list, l->env, l->drive));
	else
		l->reply->final(l->reply, status_list(list, l->env, l->drive));
	free(l);
}

static void run_list(const struct command_env *env, const struct verb_call *call, struct drive *d,
	struct reply *r)
{
	struct list_request *l = calloc(1, sizeof(*l));

	(void)call;
	if (!l) {
		r->final(r, answer_error("io-error", "out of memory"));
		return;
	}
	l->base.done = on_list;
	l->base.labels = true;
	l->env = env;
	l->drive = d;
	l->reply = r;
	(void)drive_folder_problem(d);
	catalog_request(drive_catalog(d), &l->base);
}

static void run_stats(const struct command_env *env, const struct verb_call *call, struct drive *d,
	struct reply *r)
{
	json_t *a = answer_ok("commands of the host"), *drives = json_array();

	for (unsigned i = 0; i < env->drives->count; i++) {
		struct drive *each = env->drives->drive[i];

		if (call->drive && each != d)
			continue;
		json_array_append_new(drives, command_stats(each));
		if (call->arg)
			recorder_reset_stats(drive_recorder(each));
	}
	json_object_set_new(a, "stats", drives);
	r->final(r, a);
}

static void run_trace(const struct command_env *env, const struct verb_call *call, struct drive *d,
	struct reply *r)
{
	(void)env;
	r->final(r, command_trace(d, call));
}

static void run_fault(const struct command_env *env, const struct verb_call *call, struct drive *d,
	struct reply *r)
{
	(void)env;
	command_fault(d, call, r);
}

static void run_help(const struct command_env *env, const struct verb_call *call, struct drive *d,
	struct reply *r)
{
	json_t *a = answer_ok("commands of mmcgadgetd %s", MMCGADGET_VERSION);
	json_t *verbs = json_array();
	char why[160];

	(void)env;
	(void)d;
	for (size_t i = 0; i < VERB_COUNT; i++) {
		const struct verb *v = &verb_table[i];

		if (!call->arg || strcmp(call->arg, v->name) == 0)
			json_array_append_new(
				verbs, json_pack("{s:s, s:s, s:s}", "verb", v->name, "synopsis",
					       v->synopsis, "help", v->help));
	}
	json_object_set_new(a, "verbs", verbs);
	json_object_set_new(a, "api", json_integer(VERB_API));
	if (json_array_size(verbs) == 0) {
		json_decref(a);
		verb_unknown(call->arg, NULL, why, sizeof(why));
		a = answer_error("unknown-verb", "%s", why);
	}
	r->final(r, a);
}

static const struct {
	void (*run)(const struct command_env *env, const struct verb_call *call, struct drive *d,
		struct reply *r);
	bool changes; /* the status file keeps its answer, as the last result */
} handlers[VERB_COUNT] = {
	[VERB_INSERT] = {run_insert, true},
	[VERB_NEXT] = {run_next, true},
	[VERB_PREV] = {run_prev, true},
	[VERB_EJECT] = {run_eject, true},
	[VERB_BLANK] = {run_blank, true},
	[VERB_CLOSE] = {run_close, true},
	[VERB_RENAME] = {run_rename, true},
	[VERB_DELETE] = {run_delete, true},
	[VERB_ERASE] = {run_erase, true},
	[VERB_EXTRACT] = {run_extract, true},
	[VERB_STATUS] = {run_status, false},
	[VERB_LIST] = {run_list, false},
	[VERB_STATS] = {run_stats, false},
	[VERB_TRACE] = {run_trace, false},
	[VERB_FAULT] = {run_fault, true},
	[VERB_EVENTS] = {run_events, false},
	[VERB_SUM] = {command_sum, false},
	[VERB_OPEN] = {command_open, false},
	[VERB_UPLOAD] = {command_upload, true},
	[VERB_UPLOADS] = {command_uploads, false},
	[VERB_UPLOAD_OPEN] = {command_upload_open, false},
	[VERB_UPLOAD_AT] = {command_upload_at, false},
	[VERB_UPLOAD_END] = {command_upload_end, true},
	[VERB_UPLOAD_DROP] = {command_upload_drop, true},
	[VERB_HELP] = {run_help, false},
};

/* The drive may be one that was configured after the daemon had read the configuration. */
static void add_changed_config(const struct command_env *env, char *why, size_t size)
{
	const char *path = env->changed_config ? env->changed_config(env->ctx) : NULL;
	size_t n = strlen(why);

	if (path)
		snprintf(why + n, size - n,
			"; %.200s was changed after the daemon had read it, and counts from the "
			"next start: sudo systemctl restart mmcgadgetd",
			path);
}

static void refuse_line(const struct command_env *env, const struct verb_call *call,
	const char *code, char *why, size_t size, struct reply *r)
{
	json_t *a;

	if (call->no_such_drive)
		add_changed_config(env, why, size);
	a = answer_error(code, "%s", why);
	/* If there is no such drive, the words are right, and how to write them is no help. */
	if (strcmp(code, "no-such-drive") != 0)
		json_object_set_new(
			a, "usage", json_string(call->verb ? call->verb->synopsis : "help [VERB]"));
	r->final(r, a);
}

void command_run(const struct command_env *env, char *line, size_t len, struct reply *r)
{
	const char *names[DRIVE_MAX];
	const struct verb_drives drives = {.name = names, .count = env->drives->count};
	struct words words;
	struct verb_call call;
	const char *fault = words_split(line, len, &words), *code;
	char why[1024];

	for (unsigned i = 0; i < drives.count; i++)
		names[i] = drive_name(env->drives->drive[i]);
	if (fault) {
		r->final(r, answer_error("bad-line", "%s; nothing was done", fault));
		return;
	}
	if (verb_parse(&words, &drives, &call, &code, why, sizeof(why)) < 0) {
		refuse_line(env, &call, code, why, sizeof(why), r);
		return;
	}
	if (r->from_web && (call.verb->options & VERB_NOT_FOR_WEB)) {
		r->final(r, answer_error("not-allowed",
				    "%s is not for the web page; use mmcgadgetctl on the board",
				    call.verb->name));
		return;
	}
	r->changes = handlers[call.id].changes;
	handlers[call.id].run(
		env, &call, env->drives->drive[call.drive_at < 0 ? 0 : call.drive_at], r);
}

json_t *command_too_long(void)
{
	return answer_error(
		"line-too-long", "a line has at most %u bytes; nothing was done", WORDS_LINE_MAX);
}
