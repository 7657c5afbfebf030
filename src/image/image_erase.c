// SPDX-License-Identifier: GPL-2.0-or-later
#include "image/image_erase.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disc/disc.h"
#include "disc/disc_state.h"
#include "library/checksum.h"
#include "library/disc_file.h"

/* Refuses a disc that nothing erases, and says what to do instead. */
static int refuse_kept(const struct image_erase *e, const char *is, struct refusal *why)
{
	return image_refuse(why, -EPERM, "not-erasable",
		"\"%s\" %s; if its data is not needed, delete it and make a new blank: "
		"mmcgadgetctl delete \"%s\" && mmcgadgetctl blank \"%s\"",
		e->name, is, e->name, e->name);
}

/*
 * True if nothing is recorded on a disc of that state, and erasing it would change nothing. What a
 * burn has left that had only begun (a reservation, a cue sheet, texts) is in the way of the next.
 */
static bool is_blank(const struct disc_state *s)
{
	bool begun = s->layout.track[0].state == DISC_TRACK_RESERVED || s->cd.tracks ||
		     s->cd.cue_len || s->cd.text_packs || s->cd.mcn[0];

	return disc_layout_end(&s->layout) == 0 && !s->truncate && s->layout.sessions <= 1 &&
	       s->format == DISC_UNFORMATTED && !(begun && s->medium->erasable);
}

/*
 * Finds the medium of the disc, without changing anything. 0, and out->was_blank if nothing is
 * recorded on it; or -errno with *why.
 */
static int look(const struct image_erase *e, const struct stat *st, struct image_erased *out,
	struct refusal *why)
{
	char text[STORE_TEXT_MAX], is[80];
	struct disc_state s;
	const char *fault;
	int n = store_load(e->store, text, sizeof(text));

	if (n == -ENOENT) {
		out->medium = e->plain;
		out->was_blank = st->st_size == 0;
		return out->was_blank
			       ? 0
			       : refuse_kept(
					 e, "is a ROM (a plain image), which nothing erases", why);
	}
	fault = n < 0 ? "its state file cannot be read"
		      : disc_state_decode(text, (size_t)n, NULL, &s);
	if (fault)
		return image_refuse(why, -EBADMSG, "bad-state",
			"\"%s\" is not erased: %s (\"%s%s\")", e->name, fault, e->name,
			STORE_SUFFIX);
	out->medium = s.medium;
	out->was_blank = st->st_size == 0 && is_blank(&s);
	if (out->was_blank || s.medium->erasable)
		return 0;
	snprintf(is, sizeof(is), "is a %s, which is recorded once only", s.medium->title);
	return refuse_kept(e, is, why);
}

static int open_disc(
	const struct image_erase *e, struct store *store, uint16_t unit, struct disc **out)
{
	struct disc_options o = {.medium = e->plain, .store = store, .erasing = true};
	int fd = fcntl(e->fd, F_DUPFD_CLOEXEC, 0);
	int r = fd < 0 ? -errno : media_file_open_units(fd, unit, true, &o.media);

	if (r < 0) {
		store_close(store);
		return r;
	}
	*out = disc_open(&o);
	return *out ? 0 : -ENOMEM;
}

static int erase(const struct image_erase *e, struct store *store, const struct image_erased *out,
	struct refusal *why)
{
	struct disc *d = NULL;
	int r = open_disc(e, store, out->medium->unit, &d);

	if (r == 0 && (d->read_only || d->medium != out->medium)) {
		image_refuse(why, -EBADMSG, "bad-state",
			"\"%s\" is not erased, as its state file \"%s%s\" does not fit it: %s",
			e->name, e->name, STORE_SUFFIX,
			d->read_only ? d->read_only : "it is a DVD-ROM");
		disc_put(d);
		return -EBADMSG;
	}
	if (r == 0)
		r = disc_erase(d);
	disc_put(d);
	if (r == 0)
		return 0;
	r = r < 0 ? r : -EIO;
	return image_refuse(why, r, r == -ENOSPC ? "no-room" : "io-error",
		"\"%s\" could not be erased: %s; list says whether it is blank", e->name,
		strerror(-r));
}

/*
 * Removes the checksum, whose data is gone. False: there was none, or it could not be removed; the
 * disc is blank all the same.
 */
static bool remove_checksum(const struct image_erase *e)
{
	char file[2 * STORE_NAME_MAX];

	snprintf(file, sizeof(file), "%s%s", e->base, CHECKSUM_SUFFIX);
	return e->folder->ops->unlink(e->folder, file) == 0 &&
	       e->folder->ops->sync_names(e->folder) == 0;
}

int image_erase(const struct image_erase *e, struct image_erased *out, struct refusal *why)
{
	struct stat st = {0};
	struct cd_set set;
	int r = 0;

	memset(out, 0, sizeof(*out));
	if (e->fd < 0 || fstat(e->fd, &st) < 0)
		r = image_refuse(why, -EROFS, "not-writable",
			"\"%s\" cannot be erased, as the daemon cannot write to it; only a "
			"rewritable "
			"disc can be, such as a DVD-RW",
			e->name);
	if (r == 0)
		r = look(e, &st, out, why);
	if (r == 0 && !out->was_blank && st.st_nlink > 1)
		r = image_refuse(why, -EMLINK, "not-erasable",
			"\"%s\" is not erased: its file has another name (a hard link), under "
			"which "
			"the data would be gone, too",
			e->name);
	if (r < 0 || out->was_blank) {
		store_close(e->store);
		return r;
	}
	r = erase(e, e->store, out, why);
	if (r < 0)
		return r;
	out->dropped = (uint64_t)st.st_size;
	out->had_checksum = remove_checksum(e);
	/* The disc is blank: what was beside a burned CD goes. */
	(void)disc_file_update_set(e->folder, e->base, &set);
	return 0;
}
