/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of src/web/assets, as src/web/embed.sh embeds them. */
#ifndef WEB_ASSETS_DATA_H
#define WEB_ASSETS_DATA_H

#include <stddef.h>

struct asset_data {
	const char *path, *type, *hash; /* hash: the first digits of its SHA-256 */
	const unsigned char *plain, *gzip;
	size_t plain_len, gzip_len;
};

extern const struct asset_data asset_data[];
extern const size_t asset_count;
extern const char asset_hash[];

#endif
