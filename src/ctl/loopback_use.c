// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/loopback_use.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "ctl/ask.h"
#include "ctl/root_file.h"
#include "ctl/soft_udc.h"
#include "protocol/field.h"

#define ASK_MS 3000 /* for the daemon to answer */

/* The use of all drives of the daemon together, as its status says. */
struct use {
	bool host, locked, burning;
};

static struct use ask_use(const char *socket)
{
	struct use u = {0};
	json_t *status = NULL;
	const json_t *drive;
	bool host;
	size_t i;

	ask_status(socket, 0, ASK_MS, &status);
	json_array_foreach(json_object_get(status, "drives"), i, drive)
	{
		host = field_flag(json_object_get(drive, "host"), "connected");
		u.host |= host;
		/* After a host has disconnected, its lock stays until the next host connects. */
		u.locked |= host && field_flag(drive, "locked");
		u.burning |= strcmp(field_text(drive, "burn"), "burning") == 0;
	}
	json_decref(status);
	return u;
}

bool loopback_has_host(const char *socket, bool locked)
{
	struct use u = ask_use(socket);

	return locked ? u.locked : u.host;
}

/*
 * udev locks a drive as soon as it sees a disc in it. Where this PC is the host itself, the lock
 * alone therefore says nothing: a disc that is mounted, or open to a burning program, cannot be
 * opened by anybody else with O_EXCL.
 */
bool loopback_in_use(
	const struct loopback_env *env, const struct loopback_unit *unit, enum loopback_kind kind)
{
	struct use u = ask_use(env->socket);
	char device[64], path[PATH_MAX];
	int fd;

	if (!u.locked)
		return false;
	if (kind != KIND_LOOPBACK || u.burning ||
		!soft_udc_drive(env->root, unit->controller, device, sizeof(device)))
		return true;
	root_path(env->root, path, sizeof(path), "%s", device);
	fd = open(path, O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
	return fd < 0;
}
