/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration of mmcgadget-web, mmcgadget-web(8). All of it has defaults. */
#ifndef WEB_CONFIG_H
#define WEB_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "web/peer.h"

#define WEB_CONFIG_FILE  SYSCONFDIR "/mmcgadget/web.conf"
#define WEB_CONFIG_PATH  256u
#define WEB_CONFIG_NETS  16u
#define WEB_CONFIG_NAMES 8u

struct web_config {
	char socket[108]; /* of the daemon */
	char password_file[WEB_CONFIG_PATH], token_file[WEB_CONFIG_PATH];
	char state[WEB_CONFIG_PATH]; /* the directory for the key of sessions */
	struct peer_net allow[WEB_CONFIG_NETS];
	unsigned allowed; /* 0: neighbours, see peer_is_near() */
	char name[WEB_CONFIG_NAMES][256];
	const char *names[WEB_CONFIG_NAMES + 1]; /* the same, ended by NULL */
	uint64_t max_upload;                     /* bytes */
	unsigned idle;                           /* seconds without a connection; 0 = for ever */
	bool proxy;                              /* X-Forwarded-Proto says which scheme it is */
	bool debug;
};

/* Writes the defaults. */
void web_config_defaults(struct web_config *c);
/* Reads the file over the defaults. 0; -ENOENT; -EINVAL with what is wrong in why. */
int web_config_load(const char *path, struct web_config *c, char *why, unsigned size);

#endif
