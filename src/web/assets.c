// SPDX-License-Identifier: GPL-2.0-or-later
#include "web/assets.h"

#include <stdio.h>
#include <string.h>

#include "web/assets_data.h"
#include "web/range.h"

static const struct asset_data *find(const char *path)
{
	if (strcmp(path, "/") == 0)
		path = "/index.html";
	for (size_t i = 0; i < asset_count; i++) {
		if (strcmp(asset_data[i].path, path) == 0)
			return &asset_data[i];
	}
	return NULL;
}

bool asset_is(const char *path)
{
	return find(path) != NULL;
}

const char *asset_version(void)
{
	return asset_hash;
}

/* The library copies nothing of it, and changes nothing. */
static struct MHD_Response *respond(const unsigned char *data, size_t len)
{
	return MHD_create_response_from_buffer(
		len, (void *)(uintptr_t)data, MHD_RESPMEM_PERSISTENT);
}

void asset(struct request *r)
{
	const struct asset_data *a;
	const char *known = r->gate.field[GATE_IF_NONE_MATCH];
	bool gzip = gate_takes_gzip(r->gate.field[GATE_ACCEPT_ENCODING]);
	struct MHD_Response *response;
	char path[64], tag[80];
	bool same;

	snprintf(path, sizeof(path), "/%.60s", r->name ? r->name : "");
	a = find(path);
	if (!a) {
		reply_error(r, "not-found", "there is no such page");
		return;
	}
	snprintf(tag, sizeof(tag), "\"%s%s\"", a->hash, gzip ? "-gz" : "");
	same = known && range_tag_matches(known, tag, true);
	if (same)
		response = respond((const unsigned char *)"", 0);
	else
		response = gzip ? respond(a->gzip, a->gzip_len) : respond(a->plain, a->plain_len);
	if (response) {
		reply_header(response, "Content-Type", "%s", a->type);
		reply_header(response, "ETag", "%s", tag);
		reply_header(response, "Vary", "Accept-Encoding");
		/* It is asked for each time, and sent only when it has changed. */
		reply_header(response, "Cache-Control", "no-cache");
		if (gzip && !same)
			reply_header(response, "Content-Encoding", "gzip");
	}
	reply_response(r, same ? 304 : 200, response);
}
