// SPDX-License-Identifier: GPL-2.0-or-later
#include "web/codes.h"

#include <string.h>

#include "util/array.h"

/* A name that ends in "*" stands for all codes that begin like it. The first row that fits counts.
 */
static const struct {
	const char *code;
	unsigned status;
} rows[] = {
	{"no-such-*", 404},
	{"not-found", 404},
	{"exists", 409},
	{"ambiguous", 409},
	{"busy", 409},
	{"cancelled", 409},
	{"blank", 409},
	{"unfinished", 409},
	{"not-blank", 409},
	{"other-blank", 409},
	{"not-closable", 409},
	{"not-erasable", 409},
	{"not-a-file", 409},
	{"not-an-image", 409},
	{"bad-state", 409},
	{"labels-unread", 409},
	{"too-many-images", 409},
	{"bad-offset", 409},
	{"incomplete", 409},
	{"other-folder", 409},
	{"too-many", 409},
	{"no-lease", 409},
	{"nothing-to-*", 409},
	{"changed", 412},
	{"locked", 423},
	{"in-use", 423},
	{"too-large", 413},
	{"bad-content-type", 415},
	{"range", 416},
	{"damaged", 422},
	{"checksum", 422},
	{"no-room", 507},
	{"login", 401},
	{"bad-password", 401},
	{"forbidden", 403},
	{"no-permission", 403},
	{"not-allowed", 403},
	{"shared", 403},
	{"outside", 403}, /* the name leads out of the media folder */
	{"other-site", 403},
	{"read-only", 403},
	{"bad-method", 405},
	{"too-many-tries", 429},
	{"io-error", 500},
	{"no-memory", 500},
	{"not-writable", 500},
	{"unreadable", 500},
	{"resolver-failed", 500},
	{"no-daemon", 503},
	{"no-answer", 503},
	{"no-password", 503},
	{"stopping", 503},
	{"too-many-clients", 503},
	{"too-many-listeners", 503},
	{"too-many-uploads", 503},
};

static const struct {
	unsigned status;
	const char *words;
} words[] = {
	{400, "Bad Request"},
	{401, "Unauthorized"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{409, "Conflict"},
	{411, "Length Required"},
	{412, "Precondition Failed"},
	{413, "Content Too Large"},
	{415, "Unsupported Media Type"},
	{416, "Range Not Satisfiable"},
	{421, "Misdirected Request"},
	{422, "Unprocessable Content"},
	{423, "Locked"},
	{429, "Too Many Requests"},
	{431, "Request Header Fields Too Large"},
	{500, "Internal Server Error"},
	{503, "Service Unavailable"},
	{507, "Insufficient Storage"},
};

unsigned codes_status(const char *code)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t n = strlen(rows[i].code);

		if (rows[i].code[n - 1] == '*' ? strncmp(code, rows[i].code, n - 1) == 0
					       : strcmp(code, rows[i].code) == 0)
			return rows[i].status;
	}
	return 400;
}

const char *codes_words(unsigned status)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (words[i].status == status)
			return words[i].words;
	}
	return "";
}
