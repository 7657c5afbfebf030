/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rewritable discs in the media folder of control_fixture.h. */
#ifndef DAEMON_CONTROL_RW_FIXTURE_H
#define DAEMON_CONTROL_RW_FIXTURE_H

#include "daemon/control/control_fixture.h"

#include "daemon/rw_disc.h"

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
