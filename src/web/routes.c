// SPDX-License-Identifier: GPL-2.0-or-later
#include "web/routes.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/answer.h"
#include "util/array.h"
#include "web/api_drive.h"
#include "web/api_image.h"
#include "web/api_session.h"
#include "web/api_state.h"
#include "web/assets.h"
#include "web/basic.h"
#include "web/download.h"
#include "web/metrics.h"
#include "web/text.h"
#include "web/upload.h"

#define API "/api/v1"

static void get_help(struct request *r);

// clang-format off
static const struct route routes[] = {
	{"GET",    API "/health",               ROUTE_OPEN, api_health, NULL},
	{"POST",   API "/session",              ROUTE_OPEN, api_log_in, NULL},
	{"GET",    API "/session",              0, api_session, NULL},
	{"DELETE", API "/session",              0, api_log_out, NULL},
	{"GET",    API "/help",                 0, get_help, NULL},
	{"GET",    API "/status",               0, api_status, NULL},
	{"GET",    API "/events",               0, api_events, NULL},
	{"GET",    API "/doctor",               0, api_doctor, NULL},
	{"GET",    API "/stats",                0, api_stats, NULL},
	{"GET",    API "/drives",               0, api_drives, NULL},
	{"GET",    API "/drives/DRIVE",         0, api_drive, NULL},
	{"POST",   API "/drives/DRIVE/insert",  0, api_insert, NULL},
	{"POST",   API "/drives/DRIVE/eject",   0, api_eject, NULL},
	{"POST",   API "/drives/DRIVE/blank",   0, api_blank, NULL},
	{"POST",   API "/drives/DRIVE/next",    0, api_next, NULL},
	{"POST",   API "/drives/DRIVE/prev",    0, api_prev, NULL},
	{"GET",    API "/images",               0, api_images, NULL},
	{"GET",    API "/images/NAME/content",  0, download, NULL},
	{"PUT",    API "/images/NAME/content",  0, upload_put, upload_put_begin},
	{"GET",    API "/images/NAME/sha256",   0, api_sum, NULL},
	{"POST",   API "/images/NAME/sha256",   0, api_sum_start, NULL},
	{"POST",   API "/images/NAME/close",    0, api_close, NULL},
	{"POST",   API "/images/NAME/erase",    0, api_erase, NULL},
	{"GET",    API "/images/NAME",          0, api_image, NULL},
	{"PATCH",  API "/images/NAME",          0, api_rename, NULL},
	{"DELETE", API "/images/NAME",          0, api_delete, NULL},
	{"GET",    API "/uploads",              0, upload_list, NULL},
	{"POST",   API "/uploads",              0, upload_create, NULL},
	{"GET",    API "/uploads/ID",           0, upload_get, NULL},
	{"PATCH",  API "/uploads/ID",           0, upload_patch, upload_patch_begin},
	{"POST",   API "/uploads/ID/end",       0, upload_finish, NULL},
	{"DELETE", API "/uploads/ID",           0, upload_drop, NULL},
	{"GET",    "/metrics",                  0, metrics, NULL},
	{"GET",    "/basic",                    ROUTE_OPEN | ROUTE_PAGE, basic_page, NULL},
	{"POST",   "/basic/login",              ROUTE_OPEN | ROUTE_PAGE | ROUTE_FORM | ROUTE_LOGIN, basic_log_in, NULL},
	{"POST",   "/basic/logout",             ROUTE_PAGE | ROUTE_FORM, basic_log_out, NULL},
	{"POST",   "/basic/DRIVE/insert",       ROUTE_PAGE | ROUTE_FORM, basic_insert, NULL},
	{"POST",   "/basic/DRIVE/eject",        ROUTE_PAGE | ROUTE_FORM, basic_eject, NULL},
	{"POST",   "/basic/DRIVE/next",         ROUTE_PAGE | ROUTE_FORM, basic_next, NULL},
	{"POST",   "/basic/DRIVE/prev",         ROUTE_PAGE | ROUTE_FORM, basic_prev, NULL},
	{"POST",   "/basic/DRIVE/blank",        ROUTE_PAGE | ROUTE_FORM, basic_blank, NULL},
	{"GET",    "/basic/delete",             ROUTE_PAGE, basic_ask_delete, NULL},
	{"POST",   "/basic/delete",             ROUTE_PAGE | ROUTE_FORM, basic_delete, NULL},
	/* The page itself: what it is made of is no secret. */
	{"GET",    "/NAME",                     ROUTE_OPEN | ROUTE_PAGE, asset, NULL},
	{"GET",    "/",                         ROUTE_OPEN | ROUTE_PAGE, asset, NULL},
};
// clang-format on

bool route_has_effect(const struct route *route)
{
	return strcmp(route->method, "GET") != 0;
}

/* Finds what stands for the word in capitals. False: the path is another one. */
static bool matches(const char *pattern, const char *path, const char **name, size_t *len)
{
	size_t prefix = strcspn(pattern, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"), n = strlen(path);
	const char *word = pattern + prefix;
	const char *suffix = word + strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	size_t tail = strlen(suffix);

	*name = NULL;
	if (*word == '\0')
		return strcmp(pattern, path) == 0;
	if (n <= prefix + tail || strncmp(path, pattern, prefix) != 0 ||
		strcmp(path + n - tail, suffix) != 0)
		return false;
	*name = path + prefix;
	*len = n - prefix - tail;
	return strncmp(word, "NAME", 4) == 0 || !memchr(*name, '/', *len);
}

/* The assets are names, too, and only those that there are. */
static bool is_there(const struct route *route, const char *path)
{
	return route->run != asset || asset_is(path);
}

const struct route *route_find(struct request *r, const char *path, bool *other, bool *bad)
{
	const char *method = strcmp(r->method, "HEAD") == 0 ? "GET" : r->method, *name;
	size_t len;

	*other = *bad = false;
	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		if (!matches(routes[i].path, path, &name, &len) || !is_there(&routes[i], path))
			continue;
		if (strcmp(routes[i].method, method) != 0) {
			*other = true;
			continue;
		}
		if (!name)
			return &routes[i];
		r->name = malloc(TEXT_NAME);
		if (r->name && text_decode(name, len, false, r->name, TEXT_NAME))
			return &routes[i];
		*bad = true;
		return NULL;
	}
	return NULL;
}

/* The table as it is, so that a test of all routes cannot forget one. */
static void get_help(struct request *r)
{
	json_t *all = json_array(), *o = answer_ok("what can be asked");

	for (size_t i = 0; i < ARRAY_LEN(routes); i++)
		json_array_append_new(all,
			json_pack("{s:s, s:s, s:b, s:b, s:b}", "method", routes[i].method, "path",
				routes[i].path, "login", !(routes[i].flags & ROUTE_OPEN), "effect",
				(int)route_has_effect(&routes[i]), "form",
				(routes[i].flags & ROUTE_FORM) != 0));
	json_object_set_new(o, "routes", all);
	reply_json(r, 200, o);
}
