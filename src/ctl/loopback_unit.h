/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The drop-in below /run that makes the service mmcgadgetd the burner of this PC itself, or of a PC
 * at the other end of a network, as long as the file is there: another user, folder and controller.
 * It is also the record of what "loopback on" or "network on" has done, so that "off" can undo it.
 */
#ifndef CTL_LOOPBACK_UNIT_H
#define CTL_LOOPBACK_UNIT_H

#include <stdbool.h>
#include <sys/types.h>

#include "ctl/network_socket.h"

#define LOOPBACK_DROP_IN "/run/systemd/system/mmcgadgetd.service.d/loopback.conf"
#define NETWORK_DROP_IN  "/run/systemd/system/mmcgadgetd.service.d/network.conf"

/* There is one service, so at most one of them is on. */
enum loopback_kind { KIND_LOOPBACK, KIND_NETWORK };

struct loopback_unit {
	enum loopback_kind kind;
	char user[64];
	uid_t uid;
	gid_t gid;
	char folder[256]; /* absolute; UTF-8 without control characters */
	char controller[64];
	char listen[NETWORK_LISTEN_BYTES]; /* of KIND_NETWORK: as network_listen() has it */
	char modules[96]; /* kernel modules that were not there before, separated by spaces */
};

/* Writes the drop-in below root, with its folder. 0 or -errno. */
int loopback_unit_write(const char *root, const struct loopback_unit *u);
/* Reads it: all but uid and gid. False if there is none, or it is not of "on". */
bool loopback_unit_read(const char *root, enum loopback_kind kind, struct loopback_unit *u);
/* Removes it, and its folder if that is empty. */
void loopback_unit_remove(const char *root, enum loopback_kind kind);

#endif
