/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recordable discs in a test's media folder, made of an image and a state file. */
#ifndef DAEMON_RW_DISC_H
#define DAEMON_RW_DISC_H

#include "daemon/scratch.h"

#include "disc/disc_state.h"

static inline const struct disc_medium *dvd_rw(void)
{
	return disc_medium_named("dvd+rw");
}

/* Writes the state file of an image of the media folder. */
static inline void put_state(const char *name, struct disc_state *s)
{
	char path[128], text[STORE_TEXT_MAX];
	size_t n = disc_state_encode(s, text);

	snprintf(path, sizeof(path), "media/%s.mmcdisc", name);
	text[n] = '\0';
	put_text(path, text);
}

/* Makes a formatted DVD+RW, whose image has that many bytes. */
static inline void put_rw(const char *name, off_t bytes)
{
	struct disc_state s;
	char path[128];

	disc_state_of_blank(dvd_rw(), &s);
	s.format = DISC_FORMATTED;
	disc_layout_one_track(&s.layout, s.capacity, DISC_TRACK_CLOSED);
	snprintf(path, sizeof(path), "media/%s", name);
	put_size(path, bytes);
	put_state(name, &s);
}

/* Makes a DVD+R with one closed session of 16 blocks, to which another can be added. */
static inline void put_appendable(const char *name)
{
	struct disc_state s;
	char path[128];

	disc_state_of_blank(disc_medium_named("dvd+r"), &s);
	s.layout.track[0] =
		(struct disc_track){.session = 1, .written = 16, .state = DISC_TRACK_CLOSED};
	s.layout.track[1] = (struct disc_track){.session = 2, .start = 16};
	s.layout.tracks = s.layout.sessions = 2;
	snprintf(path, sizeof(path), "media/%s", name);
	put_size(path, 16 * MEDIA_BLOCK);
	put_state(name, &s);
}

#endif
