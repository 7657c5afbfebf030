// SPDX-License-Identifier: GPL-2.0-or-later
#include "library/image_name.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "media/store.h"
#include "util/array.h"

// clang-format off
static const struct { const char *suffix; enum image_suffix kind; } suffixes[] = {
	{ ".iso", IMAGE_SUFFIX_DISC }, { ".img", IMAGE_SUFFIX_DISC }, { ".udf", IMAGE_SUFFIX_DISC },
	{ ".bin", IMAGE_SUFFIX_FOREIGN }, { ".nrg", IMAGE_SUFFIX_FOREIGN },
	{ ".mdf", IMAGE_SUFFIX_FOREIGN }, { ".mds", IMAGE_SUFFIX_FOREIGN },
	{ ".chd", IMAGE_SUFFIX_FOREIGN },
	{ ".wav", IMAGE_SUFFIX_SONG },
	/* wget and Firefox, Chromium, many, WinSCP, Safari */
	{ ".part", IMAGE_SUFFIX_UNFINISHED }, { ".crdownload", IMAGE_SUFFIX_UNFINISHED },
	{ ".tmp", IMAGE_SUFFIX_UNFINISHED }, { ".filepart", IMAGE_SUFFIX_UNFINISHED },
	{ ".download", IMAGE_SUFFIX_UNFINISHED },
};
// clang-format on

enum image_suffix image_suffix_of(const char *name)
{
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < ARRAY_LEN(suffixes); i++) {
		if (strcasecmp(dot, suffixes[i].suffix) == 0)
			return suffixes[i].kind;
	}
	return IMAGE_SUFFIX_OTHER;
}

bool image_name_is_for_people(const char *name)
{
	size_t n = strlen(name), suffix = strlen(STORE_SUFFIX);

	return name[0] != '.' && !(n > suffix && strcmp(name + n - suffix, STORE_SUFFIX) == 0);
}

bool image_name_is_bin(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && strcasecmp(dot, ".bin") == 0;
}

const char *image_name_remark(const char *name)
{
	switch (image_suffix_of(name)) {
	case IMAGE_SUFFIX_DISC:
		return NULL;
	case IMAGE_SUFFIX_FOREIGN:
		return "this format is not read; only plain images, and CDs by their .cue, .ccd or "
		       ".toc";
	case IMAGE_SUFFIX_UNFINISHED:
		return "no volume found; by its name it is still being copied";
	case IMAGE_SUFFIX_SONG:
		return "songs are inserted by a .cue that names them";
	case IMAGE_SUFFIX_OTHER:
		break;
	}
	return "no volume found";
}

bool image_name_has_suffix(const char *name)
{
	static const char digit[] = "0123456789";
	static const char letter[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	const char *slash = strrchr(name, '/'), *dot = strrchr(slash ? slash : name, '.');
	size_t len = dot ? strlen(dot + 1) : 0, digits = 0, letters = 0;

	for (size_t i = 0; i < len; i++) {
		digits += strchr(digit, dot[1 + i]) != NULL;
		letters += strchr(letter, dot[1 + i]) != NULL;
	}
	return letters > 0 && letters + digits == len && len <= 4;
}
