// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/status.h"

#include <errno.h>
#include <string.h>

#include "core/image.h"
#include "core/library.h"

static bool has_disc(const struct mmc_state *m)
{
	return m->loaded || m->ejected_by_host;
}

/* A DVD+R that was finalised and taken for a DVD-ROM by the engine is one to people, too. */
static const char *medium_of(const struct mmc_state *m)
{
	if (!has_disc(m))
		return "none";
	if (m->profile == 0x0010 || m->type == DISC_DVD_ROM)
		return "dvd-rom";
	return "dvd+r";
}

static const char *state_of(const struct mmc_state *m)
{
	uint64_t begin;

	if (!has_disc(m))
		return "empty";
	if (m->ejected_by_host)
		return "ejected";
	if (m->type == DISC_DVD_ROM || m->finalised)
		return "complete";
	if (m->blank)
		return "blank";
	/* A session begins on an ECC block; "open" is one that has begun. */
	begin = ((uint64_t)m->readable + DISC_ECC_BLOCKS - 1) / DISC_ECC_BLOCKS * DISC_ECC_BLOCKS;
	return m->recorded > 0 && m->nwa == begin ? "appendable" : "open";
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

/* A burn that the card has no room for is better stopped now than at the full card. */
static const char *room_warning(
	const struct drive *d, const struct mmc_state *m, char *text, size_t size)
{
	text[0] = '\0';
	if (has_disc(m) && m->free > 0)
		image_warn_room(drive_folder(d), drive_media(d), m->free, text, size);
	return text[0] ? text + strlen("; ") : text;
}

json_t *status_drive(struct drive *d)
{
	struct drive_info info;
	char text[160];
	const struct mmc_state *m = &info.mmc;
	json_t *host, *o;

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
	json_object_set_new(o, "capacity_blocks", json_integer(m->capacity));
	json_object_set_new(o, "recorded_blocks", json_integer(m->recorded));
	json_object_set_new(o, "nwa", json_integer(m->nwa));
	json_object_set_new(o, "free_blocks", json_integer(m->free));
	json_object_set_new(o, "sessions", json_integer(m->sessions));
	json_object_set_new(o, "tracks", json_integer(m->tracks));
	json_object_set_new(o, "locked", json_boolean(m->locked));
	json_object_set_new(o, "eject_requested", json_boolean(m->eject_requested));
	json_object_set_new(o, "test_write", json_boolean(m->testing));
	json_object_set_new(o, "unsynced_blocks", json_integer(m->unsynced));
	json_object_set_new(o, "read_only", json_string(m->read_only ? m->read_only : ""));
	json_object_set_new(o, "warning", json_string(room_warning(d, m, text, sizeof(text))));
	json_object_set_new(o, "host", host);
	json_object_set_new(o, "commands", json_integer((json_int_t)m->commands));
	json_object_set_new(o, "errors", json_integer((json_int_t)m->errors));
	json_object_set_new(o, "blocks_read", json_integer((json_int_t)m->blocks_read));
	json_object_set_new(o, "blocks_written", json_integer((json_int_t)m->blocks_written));
	json_object_set_new(o, "phase_errors", json_integer((json_int_t)info.usb.bot.phase_errors));
	json_object_set_new(o, "resets", json_integer((json_int_t)info.usb.bot.resets));
	return o;
}

struct listing {
	const struct drives *all;
	int folder;
	json_t *images;
};

static bool add_image(const struct library_entry *e, void *ctx)
{
	struct listing *l = ctx;
	json_t *in = json_array();
	struct image_peek peek;

	for (unsigned i = 0; i < l->all->count; i++) {
		if (drive_holds(l->all->drive[i], e->dev, e->ino))
			json_array_append_new(in, json_string(drive_name(l->all->drive[i])));
	}
	image_peek(l->folder, e->name, e->size, &peek);
	json_array_append_new(l->images,
		json_pack("{s:s, s:I, s:s, s:i, s:s, s:o}", "name", e->name, "size",
			(json_int_t)e->size, "kind", peek.kind, "sessions", (int)peek.sessions,
			"problem", peek.problem ? peek.problem : "", "loaded_in", in));
	return true;
}

json_t *status_images(const struct drive *d, const struct drives *all, int *error)
{
	struct listing l = {.all = all, .folder = drive_folder(d), .images = json_array()};

	*error = l.images ? library_list(drive_folder(d), add_image, &l) : -ENOMEM;
	if (*error < 0) {
		json_decref(l.images);
		return NULL;
	}
	return l.images;
}
