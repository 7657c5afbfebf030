// SPDX-License-Identifier: GPL-2.0-or-later
/* What a list shows of an image, which is not opened for that: its size, its state file, its
 * checksum. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cd/map.h"
#include "disc/cd_record.h"
#include "disc/disc_state.h"
#include "image/image.h"
#include "library/checksum.h"
#include "library/library.h"

bool image_is_damaged(int folder, const char *name)
{
	char path[PATH_MAX], text[CHECKSUM_TEXT];
	int n;

	if (snprintf(path, sizeof(path), "%s" CHECKSUM_SUFFIX, name) >= (int)sizeof(path))
		return false;
	n = library_read(folder, path, text, sizeof(text));
	return n > 0 && checksum_is_bad(text, (size_t)n);
}

void image_peek_alone(uint64_t size, struct image_peek *out)
{
	*out = (struct image_peek){.kind = size > 0 ? "iso" : "blank",
		.medium = size > 0 ? disc_medium_of_image((size + MEDIA_BLOCK - 1) / MEDIA_BLOCK)
				   : disc_medium_of_blank()};
}

/* True if something was recorded after the last closed session. */
static bool cd_is_open(const struct disc_cd_record *r, uint64_t size)
{
	static const struct cd_cue none;

	if (r->finalised)
		return false;
	return r->open || disc_cd_open_session(r) > 0 ||
	       (r->cue_len == 0 ? size > disc_cd_end_in_image(r, &none)
				: r->next > disc_cd_program_start(r));
}

/*
 * Tracks and state of a CD, and the byte of the image where its last session begins, if that has
 * sectors of 2048 bytes: no file system can be read in others.
 */
static void peek_cd(const struct disc_cd_record *r, uint64_t size, struct image_peek *out)
{
	for (unsigned i = 0; i < r->tracks; i++) {
		const struct disc_cd_track *t = &r->track[i];

		cd_tally_add(&out->tracks, t->form, (int64_t)t->start + t->written + t->silent);
		if (t->session == out->sessions && t->form == CD_MODE1 && t->unit == MEDIA_BLOCK &&
			out->session == 0)
			out->session = (uint64_t)t->start * MEDIA_BLOCK;
	}
	if (cd_is_open(r, size))
		out->kind = "open";
	else if (!r->finalised && r->tracks > 0)
		out->kind = "appendable";
}

/* The same of a disc whose image has 2048 bytes for each block of the layout. */
static void peek_layout(const struct disc_state *s, uint64_t size, struct image_peek *out)
{
	const struct disc_layout *l = &s->layout;
	uint32_t end = disc_layout_end(l), closed_end = 0;
	bool formatting = s->format == DISC_INTERMEDIATE; /* cuts such blocks when it is opened */

	for (uint32_t i = l->tracks; i-- > 0;) {
		const struct disc_track *t = &l->track[i];

		if (t->session == out->sessions)
			out->session = (uint64_t)t->start * MEDIA_BLOCK;
		if (t->session <= out->sessions && closed_end == 0)
			closed_end = t->start + t->written;
	}
	if (disc_medium_is_overwritable(s->medium, s->format))
		out->kind = "rewritable";
	else if (l->finalised)
		return;
	/*
	 * Blocks after the last closed session, or ones that are not counted yet: being burned, or
	 * cut off.
	 */
	else if (end > closed_end || (!formatting && size > (uint64_t)end * MEDIA_BLOCK))
		out->kind = "open";
	else if (closed_end > 0)
		out->kind = "appendable";
	else if (l->tracks > 1 || l->track[0].state != DISC_TRACK_INVISIBLE)
		out->kind = "open"; /* reserved */
}

void image_peek(int folder, const char *name, uint64_t size, struct image_peek *out)
{
	char path[PATH_MAX], text[STORE_TEXT_MAX];
	struct disc_state s;
	int n;

	image_peek_alone(size, out);
	out->damaged = size > 0 && image_is_damaged(folder, name);
	if (snprintf(path, sizeof(path), "%s%s", name, STORE_SUFFIX) >= (int)sizeof(path))
		return;
	n = library_read(folder, path, text, sizeof(text));
	if (n == -ENOENT || n == -ENAMETOOLONG)
		return;
	out->has_state = true;
	out->problem = n < 0 ? "its state file cannot be read"
			     : disc_state_decode(text, (size_t)n, NULL, &s);
	if (out->problem)
		return;
	out->medium = s.layout.finalised ? disc_medium_of(s.medium->when_finalised) : s.medium;
	out->sessions = disc_closed_sessions(&s.layout, s.format);
	out->format = s.format;
	if (disc_medium_is_cd_recordable(s.medium))
		peek_cd(&s.cd, size, out);
	else
		peek_layout(&s, size, out);
}

bool image_is_usable(const char *base, uint64_t size, bool may_read, bool may_write,
	const struct image_peek *peek)
{
	if (!may_read || size > IMAGE_MAX_BLOCKS * MEDIA_BLOCK ||
		strlen(base) + strlen(STORE_SPARE_SUFFIX) > STORE_NAME_MAX)
		return false;
	/* A blank is only of use if it can be recorded. */
	return size > 0 || (may_write && !peek->problem);
}
