/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rewritable discs in the media folder of control_fixture.h. */
#ifndef DAEMON_CONTROL_RW_FIXTURE_H
#define DAEMON_CONTROL_RW_FIXTURE_H

#include "daemon/control/control_fixture.h"

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

static inline bool is_there(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "media/%s", name);
	return access(in_scratch(path), F_OK) == 0;
}

/* Sends a line through the socket. Returns its answer, to be freed with json_decref(). */
static inline json_t *answer_to(const char *line)
{
	int fd = connect_client();
	json_t *a;

	send_text(fd, line);
	a = json_loads(receive_line(fd), 0, NULL);
	assert_non_null(a);
	close(fd);
	return a;
}

#endif
