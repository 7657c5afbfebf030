// SPDX-License-Identifier: GPL-2.0-or-later
#include "drive/disc_opener.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "disc/cd_record.h"
#include "drive/cue_keeper.h"
#include "library/library.h"

/* A descriptor of the media folder, or -errno with *why. */
static int open_folder(const struct disc_opener *o, struct refusal *why)
{
	int fd = library_open_folder(o->media);

	if (fd < 0) {
		why->code = library_folder_code(fd);
		snprintf(why->text, sizeof(why->text), "the media folder %s cannot be opened: %s",
			o->media, strerror(-fd));
	}
	return fd;
}

int disc_opener_open_image(const struct disc_opener *o, const char *name, enum image_as as,
	struct image *out, struct refusal *why)
{
	int folder = open_folder(o, why), r = folder;
	struct image_policy policy = o->policy;

	policy.as = as;
	memset(out, 0, sizeof(*out));
	if (r >= 0) {
		r = image_open(folder, o->media, name, &policy, out, why);
		close(folder);
	}

	/* Refused or not: the drive's closer will close this disc. */
	if (out->disc)
		disc_closer_count(o->closer);
	return r;
}

static enum disc_opening refuse(json_t **answer, json_t *why)
{
	*answer = why;
	return DISC_REFUSED;
}

static int create_blank(const struct disc_opener *o, const char *name,
	const struct image_blank *blank, struct refusal *why)
{
	int folder = open_folder(o, why), r = folder;

	if (r >= 0) {
		r = image_create_blank(folder, o->media, name, blank, o->policy.blank, why);
		close(folder);
	}
	return r;
}

enum disc_opening disc_opener_open(const struct disc_opener *o, const char *name,
	const struct image_blank *blank, enum image_as as, bool may_wait, struct image *out,
	json_t **answer)
{
	const struct holder *has;
	struct refusal why;
	int r;

	if (blank && create_blank(o, name, blank, &why) < 0)
		return refuse(answer, answer_error(why.code, "%s", why.text));
	r = disc_opener_open_image(o, name, as, out, &why);
	if ((r == 0 || r == -EBUSY) && holders_is_changing(o->holders, out->dev, out->ino)) {
		image_fini(out);
		return refuse(answer, answer_error("in-use",
					      "\"%s\" is being renamed, deleted or erased at this "
					      "moment; ask again",
					      name));
	}
	if (r < 0) {
		/* "in drive1" is a better reason than "another program holds it". */
		has = r == -EBUSY ? holders_find(o->holders, out->dev, out->ino) : NULL;
		image_fini(out);
		if (may_wait && r == -EBUSY &&
			(has == o->self || (!has && holders_any_leaving(o->holders))))
			return DISC_HELD_BY_OLD;
		return refuse(
			answer, has ? answer_error("in-use", "\"%s\" is in %s", name, has->drive)
				    : answer_error(why.code, "%s", why.text));
	}
	if (!holders_claim(o->holders, out->dev, out->ino))
		return refuse(answer,
			answer_error("in-use",
				"\"%s\" was just burned and is being renamed; ask again", name));
	return DISC_OPENED;
}

int disc_opener_finalise(const struct image *in, const char *drive, uint64_t *bytes)
{
	struct disc *disc = in->disc;
	int r;

	if (disc_medium_is_overwritable(disc->medium, disc->format))
		return -EOPNOTSUPP;
	r = disc_finalise(disc);
	*bytes = disc_is_cd_recordable(disc) ? disc->media->blocks
					     : (uint64_t)disc_end(disc) * MEDIA_BLOCK;
	if (r == 0 && disc_is_cd_recordable(disc) && in->place)
		(void)cue_keeper_look(in->place->dir_fd, in->place->base, drive);
	if (r > 0)
		r = r == DISC_NO_SUCH_TRACK ? -ENODATA : -EIO;
	return r;
}
