// SPDX-License-Identifier: GPL-2.0-or-later
#include "control/status.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/command_fault.h"
#include "disc/medium.h"
#include "drive/extract_jobs.h"
#include "image/image.h"
#include "library/etag.h"
#include "library/free_room.h"
#include "library/library.h"
#include "protocol/answer.h"
#include "transfer/uploads.h"

static bool has_disc(const struct mmc_state *m)
{
	return m->loaded || m->ejected_by_host;
}

/* People see the disc as the host sees it. */
static const char *medium_of(const struct mmc_state *m)
{
	if (!has_disc(m))
		return "none";
	return disc_medium_of(m->shown_as)->name;
}

static const char *format_of(const struct mmc_state *m)
{
	return has_disc(m) ? disc_medium_format_name(disc_medium_of(m->type), m->format) : "";
}

static const char *state_of(const struct mmc_state *m)
{
	if (!has_disc(m))
		return "empty";
	if (m->ejected_by_host)
		return "ejected";
	if (mmc_state_is_overwritable(m))
		return "rewritable";
	if (m->finalised)
		return "complete";
	if (m->blank)
		return "blank";
	/* Appendable: nothing is recorded after the last closed session. */
	return m->recorded > 0 && m->end == m->readable ? "appendable" : "open";
}

static const char *speed_of(const struct ffs_state *usb)
{
	switch (usb->speed) {
	case FFS_SPEED_FULL:
		return "full";
	case FFS_SPEED_HIGH:
		return "high";
	case FFS_SPEED_SUPER:
		return "super";
	case FFS_SPEED_NONE:
		break;
	}
	return "none";
}

static json_t *tally_of(const struct cd_tally *t)
{
	return json_pack("{s:i, s:i, s:i}", "audio", (int)t->audio, "data", (int)t->data, "seconds",
		(int)t->seconds);
}

/* Returns the contents of a compact disc, and which track is being recorded. */
static json_t *cd_of(const struct mmc_state *m)
{
	json_t *o = tally_of(&m->cd);

	if (m->open_track) {
		json_object_set_new(o, "open_track", json_integer(m->open_track));
		json_object_set_new(
			o, "open_kind", json_string(m->open_track_audio ? "audio" : "data"));
	}
	return o;
}

/* As a list counts them: the one that is open, or can be opened, is no session yet. */
static int closed_sessions(const struct mmc_state *m)
{
	return m->sessions - (m->sessions > 0 && !m->finalised ? 1 : 0);
}

/* For the host, all blocks of an overwritable disc are recorded; status counts those written. */
static uint32_t recorded_blocks(const struct mmc_state *m)
{
	return mmc_state_is_overwritable(m) ? m->image_blocks : m->recorded;
}

/* "" or a warning that the card has less room than the disc: the burn would end in an error. */
static const char *room_warning(
	const struct drive *d, const struct mmc_state *m, char *text, size_t size)
{
	text[0] = '\0';
	if (has_disc(m) && m->free > 0)
		drive_warn_room(d, image_largest(disc_medium_of(m->type), m->free), text, size);
	return text[0] ? text + strlen("; ") : text;
}

/* A full disc is one of the kind that a plain blank is in the drive. */
static void set_room(json_t *o, const struct drive *d, const struct uploads *u, uint64_t free_bytes)
{
	uint64_t total;
	bool read_only;
	const struct disc_medium *blank = drive_blank(d);
	uint64_t full = image_largest(blank, blank->capacity);

	json_object_set_new(o, "card_free_bytes", json_integer((json_int_t)free_bytes));
	json_object_set_new(o, "card_full_discs", json_integer((json_int_t)(free_bytes / full)));
	if (total_room_at(drive_media(d), &total, &read_only) == 0) {
		json_object_set_new(o, "card_total_bytes", json_integer((json_int_t)total));
		json_object_set_new(o, "card_read_only", json_boolean(read_only));
	}
	if (u)
		json_object_set_new(o, "card_reserved_bytes",
			json_integer((json_int_t)uploads_kept(u, drive_media(d))));
}

/* How far the songs of a disc are copied, if they are. */
static void set_extracting(json_t *o, const struct drive *d)
{
	struct extract_status s;

	extract_jobs_status(drive_extract(d), &s);
	json_object_set_new(o, "extracting",
		json_pack("{s:s, s:i, s:i, s:i, s:i, s:b}", "image", s.image, "track", (int)s.track,
			"nth", (int)s.nth, "tracks", (int)s.tracks, "percent", (int)s.percent,
			"waits", s.waits));
}

static void set_unfinished(json_t *o, struct drive *d)
{
	uint64_t bytes = 0;
	const char *image = drive_unfinished(d, &bytes);

	json_object_set_new(o, "unfinished", json_string(image ? image : ""));
	json_object_set_new(o, "unfinished_bytes", json_integer((json_int_t)bytes));
}

static void set_speed(json_t *o, struct drive *d, const struct mmc_state *m)
{
	static const char *const stages[] = {[BURN_NONE] = "",
		[BURN_RUNS] = "burning",
		[BURN_WAITS] = "waiting",
		[BURN_CUT] = "cut-off"};
	struct burn_speed speed;

	drive_burn_speed(d, m, &speed);
	json_object_set_new(o, "burn", json_string(stages[speed.stage]));
	json_object_set_new(o, "silent_seconds", json_integer((json_int_t)speed.silent));
	json_object_set_new(o, "writing", json_boolean(speed.writing));
	json_object_set_new(o, "burn_rate_kb_s", json_integer((json_int_t)speed.kb_s));
	json_object_set_new(o, "seconds_left", json_integer((json_int_t)speed.seconds));
}

/* Counters that only grow while the daemon runs. */
static void set_counters(json_t *o, const struct drive_info *info)
{
	const struct mmc_state *m = &info->mmc;

	json_object_set_new(o, "burns",
		json_pack("{s:I, s:I, s:I}", "finalised", (json_int_t)info->burns.finalised,
			"sessions", (json_int_t)info->burns.sessions, "unfinished",
			(json_int_t)info->burns.unfinished));
	json_object_set_new(o, "commands", json_integer((json_int_t)m->commands));
	json_object_set_new(o, "errors", json_integer((json_int_t)m->errors));
	json_object_set_new(o, "blocks_read", json_integer((json_int_t)m->blocks_read));
	json_object_set_new(o, "blocks_written", json_integer((json_int_t)m->blocks_written));
	json_object_set_new(
		o, "phase_errors", json_integer((json_int_t)info->usb.bot.phase_errors));
	json_object_set_new(o, "resets", json_integer((json_int_t)info->usb.bot.resets));
}

json_t *status_drive(struct drive *d, const struct uploads *u)
{
	struct drive_info info;
	char text[160];
	const struct mmc_state *m = &info.mmc;
	uint64_t room;
	json_t *host, *o;
	const char *problem;

	/* Before the image's name is read: it may have another one. */
	(void)drive_image_problem(d);
	drive_get_info(d, &info);
	host = json_pack("{s:b, s:b, s:s}", "connected", info.usb.enabled, "suspended",
		info.usb.suspended, "speed", speed_of(&info.usb));
	o = json_pack("{s:s, s:b, s:s, s:i, s:s, s:s, s:s, s:I, s:s}", "name", drive_name(d),
		"loaded", m->loaded, "medium", medium_of(m), "profile", (int)m->profile, "state",
		state_of(m), "image", info.image ? info.image : "", "path",
		info.path ? info.path : "", "size", (json_int_t)info.size, "pending", info.pending);
	if (!o || !host) {
		json_decref(host);
		json_decref(o);
		return NULL;
	}
	json_object_set_new(o, "format_state", json_string(format_of(m)));
	json_object_set_new(o, "capacity_blocks", json_integer(m->capacity));
	json_object_set_new(o, "recorded_blocks", json_integer(recorded_blocks(m)));
	json_object_set_new(o, "nwa", json_integer(m->nwa));
	json_object_set_new(o, "free_blocks", json_integer(m->free));
	json_object_set_new(o, "burn_end", json_integer(drive_burn_end(d, m)));
	json_object_set_new(o, "sessions", json_integer(m->sessions));
	json_object_set_new(o, "closed_sessions", json_integer(closed_sessions(m)));
	json_object_set_new(o, "tracks", json_integer(m->tracks));
	json_object_set_new(o, "cd", cd_of(m));
	json_object_set_new(o, "locked", json_boolean(m->locked));
	json_object_set_new(o, "eject_requested", json_boolean(m->eject_requested));
	json_object_set_new(o, "test_write", json_boolean(m->testing));
	json_object_set_new(o, "unsynced_blocks", json_integer(m->unsynced));
	set_speed(o, d, m);
	json_object_set_new(o, "read_only", json_string(m->read_only ? m->read_only : ""));
	json_object_set_new(o, "warning", json_string(room_warning(d, m, text, sizeof(text))));
	if (free_room_at(drive_media(d), &room) == 0)
		set_room(o, d, u, room);
	if (info.has_postburn)
		json_object_set_new(o, "burned",
			json_pack("{s:s, s:s, s:i, s:i, s:s, s:s}", "state", info.postburn.state,
				"image", info.postburn.image, "percent", (int)info.postburn.percent,
				"waiting", (int)info.postburn.waiting, "last", info.postburn.last,
				"problem", info.postburn.problem));
	json_object_set_new(o, "folder", json_string(drive_media(d)));
	set_extracting(o, d);
	set_unfinished(o, d);
	json_object_set_new(o, "image_problem", json_string(drive_image_problem(d)));
	problem = drive_folder_problem(d);
	json_object_set_new(o, "folder_problem", json_string(problem ? problem : ""));
	if (drive_requested_faults(d))
		json_object_set_new(o, "faults", command_faults_of(d));
	json_object_set_new(o, "host", host);
	set_counters(o, &info);
	return o;
}

/* Returns the image's medium in the drive that holds it; holder NULL: as it would be in drive d. */
static const struct disc_medium *medium_of_entry(
	const struct catalog_entry *e, const struct drive *d, struct drive *holder)
{
	struct drive_info info;

	if (e->plain_blank)
		return drive_blank(d);
	if (!e->plain_image)
		return disc_medium_named(e->medium);
	if (!holder)
		return drive_image_medium(d, e->size, e->udf);
	drive_get_info(holder, &info);
	return disc_medium_of(info.mmc.shown_as);
}

/*
 * Returns what people should know of the image; copy: what image_describe_copy() says of it.
 * holder: as above.
 */
static const char *remark_of(const struct catalog_entry *e, const struct drive *d,
	const struct drive *holder, const char *copy)
{
	if (e->remark)
		return e->remark;
	if (!holder && drive_image_is_too_large(d, e))
		return "larger than a CD; insert it with as=dvd";
	return copy;
}

/* Sets the identity of the file, for programs that read or delete it. */
static void set_file(json_t *o, const struct catalog_entry *e)
{
	const struct stat st = {.st_dev = e->dev,
		.st_ino = e->ino,
		.st_mtim = e->written,
		.st_size = (off_t)e->file_size};
	char etag[ETAG_TEXT];

	etag_of(&st, etag);
	json_object_set_new(o, "mtime", json_integer((json_int_t)e->written.tv_sec));
	json_object_set_new(o, "etag", json_string(etag));
	json_object_set_new(o, "sha256", json_string(e->sha256 ? e->sha256 : ""));
	/* A burn is over with the last change of its image. */
	if (e->burned)
		json_object_set_new(o, "burned",
			json_pack("{s:I, s:b}", "time", (json_int_t)e->written.tv_sec, "verified",
				e->verified));
}

/* The image as it is in the drive that holds it, or as it would be in drive d. */
static json_t *image_entry(
	const struct catalog_entry *e, const struct drives *all, const struct drive *d)
{
	json_t *in = json_array(), *o;
	const char *kind = e->kind;
	const struct disc_medium *medium;
	struct drive *holder = NULL;
	const char *format;
	char copy[160];

	for (unsigned i = 0; i < all->count; i++) {
		if (!drive_holds(all->drive[i], e->dev, e->ino))
			continue;
		json_array_append_new(in, json_string(drive_name(all->drive[i])));
		d = holder = all->drive[i];
	}
	/* A drive records its disc: the file grows, and is not a copy. */
	if (strcmp(kind, "copying") == 0 && json_array_size(in) > 0)
		kind = "iso";
	/* A drive goes on with the file that it has opened, whatever becomes of its mode. */
	if (e->unreadable && json_array_size(in) == 0)
		kind = "unreadable";
	image_describe_copy(strcmp(kind, "iso") == 0 ? e->volume : 0, e->size, copy, sizeof(copy));
	medium = medium_of_entry(e, d, holder);
	format = e->plain_blank ? disc_medium_format_name(medium, DISC_UNFORMATTED) : e->format;
	o = json_pack("{s:s, s:s?, s:s, s:b, s:I, s:i, s:s, s:b, s:b, s:o}", "name", e->name,
		"label", e->label, "kind", kind, "erasable", medium->erasable, "size",
		(json_int_t)e->size, "sessions", (int)e->sessions, "problem",
		e->problem ? e->problem : "", "damaged", e->damaged, "insertable", e->usable,
		"loaded_in", in);
	json_object_set_new(o, "medium", json_string(medium->name));
	/* Most images have none, and a list can have many thousands. */
	if (format && *format)
		json_object_set_new(o, "format_state", json_string(format));
	if (e->tracks.seconds)
		json_object_set_new(o, "tracks", tally_of(&e->tracks));
	json_object_set_new(o, "volume_size", json_integer((json_int_t)e->volume));
	json_object_set_new(o, "disc", json_boolean(e->is_disc));
	json_object_set_new(o, "remark", json_string(remark_of(e, d, holder, copy)));
	set_file(o, e);
	return o;
}

/* The members of the answer that stand before the images. */
static json_t *list_head(const struct catalog_list *l, const char *folder)
{
	if (l->error < 0)
		return answer_error(library_folder_code(l->error),
			"the media folder %s cannot be read: %s", folder, strerror(-l->error));
	if (l->count == 0)
		return answer_ok(
			"0 images in %s; copy an ISO there, or: mmcgadgetctl blank NAME.iso",
			folder);
	return answer_ok("%zu image%s in %s", l->count, l->count == 1 ? "" : "s", folder);
}

/* Adds the members that stand after the images. */
static void add_list_tail(
	const struct catalog_list *l, const struct uploads *u, const struct drive *d, json_t *a)
{
	json_t *states = json_array();

	for (size_t i = 0; i < l->states; i++)
		json_array_append_new(states, json_string(l->state[i]));
	json_object_set_new(a, "labels_unread", json_integer((json_int_t)l->unread));
	json_object_set_new(a, "unnamed", json_integer(l->unnamed));
	json_object_set_new(a, "unfinished", json_integer(l->unfinished));
	json_object_set_new(a, "states", states);
	json_object_set_new(a, "more", json_boolean(l->more));
	if (l->free_known)
		set_room(a, d, u, l->free_bytes);
}

json_t *status_list(
	const struct catalog_list *l, const struct command_env *env, const struct drive *d)
{
	json_t *a = list_head(l, drive_media(d)), *images;

	if (l->error < 0)
		return a;
	images = json_array();
	for (size_t i = 0; i < l->count; i++)
		json_array_append_new(images, image_entry(&l->entry[i], env->drives, d));
	json_object_set_new(a, "images", images);
	add_list_tail(l, env->uploads, d, a);
	return a;
}

/* Takes o, and writes it without the `skip` bytes at its beginning and the `cut` at its end. */
static bool put_object(json_t *o, size_t skip, size_t cut, FILE *to)
{
	char *text = answer_text(o);
	size_t n = text ? strlen(text) : 0;
	bool ok = text && fwrite(text + skip, 1, n - skip - cut, to) == n - skip - cut;

	free(text);
	json_decref(o);
	return ok;
}

char *status_list_text(
	const struct catalog_list *l, const struct command_env *env, const struct drive *d)
{
	json_t *tail = json_object();
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	bool ok = to && put_object(list_head(l, drive_media(d)), 0, 1, to);

	/* An error is an object without images. */
	if (ok && l->error == 0)
		ok = fputs(",\"images\":[", to) >= 0;
	for (size_t i = 0; ok && l->error == 0 && i < l->count; i++)
		ok = (i == 0 || putc(',', to) != EOF) &&
		     put_object(image_entry(&l->entry[i], env->drives, d), 0, 0, to);
	add_list_tail(l, env->uploads, d, tail);
	if (ok && l->error == 0)
		ok = fputs("],", to) >= 0 && put_object(json_incref(tail), 1, 0, to);
	else if (ok)
		ok = putc('}', to) != EOF;
	json_decref(tail);
	if (to && fclose(to) != 0)
		ok = false;
	if (!ok) {
		free(text);
		return NULL;
	}
	return text;
}
