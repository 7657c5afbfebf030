/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The drop-in below /run that gives the service mmcgadgetd another user, folder and controller: as
 * long as the file is there, the service is the burner of this PC itself, or of a PC at the other
 * end of a network. The file also records what "loopback on" or "network on" has done, so that
 * "off" can undo it.
 */
#ifndef CTL_LOOPBACK_UNIT_H
#define CTL_LOOPBACK_UNIT_H

#include <stdbool.h>
#include <sys/types.h>

#include "ctl/network_socket.h"

#define LOOPBACK_DROP_IN "/run/systemd/system/mmcgadgetd.service.d/loopback.conf"
#define NETWORK_DROP_IN  "/run/systemd/system/mmcgadgetd.service.d/network.conf"

/* There is one service, so at most one kind is on. */
enum loopback_kind { KIND_LOOPBACK, KIND_NETWORK };

struct loopback_unit {
	enum loopback_kind kind;
	char user[64];
	uid_t uid;
	gid_t gid;
	char folder[256]; /* absolute; UTF-8 without control characters */
	char controller[64];
	char listen[NETWORK_LISTEN_BYTES]; /* of KIND_NETWORK: as network_listen() writes it */
	char modules[96]; /* kernel modules that "on" found not loaded, separated by spaces */
};

/* Writes the drop-in below root, with its folder. 0 or -errno. */
int loopback_unit_write(const char *root, const struct loopback_unit *u);
/* Reads all but uid and gid. False if there is no drop-in, or "on" has not written it. */
bool loopback_unit_read(const char *root, enum loopback_kind kind, struct loopback_unit *u);
/* Removes it, and its folder if that is empty. */
void loopback_unit_remove(const char *root, enum loopback_kind kind);

#endif
