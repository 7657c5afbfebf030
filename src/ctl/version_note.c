// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/version_note.h"

#include <stdio.h>
#include <string.h>

#include "version.h"

bool version_note(const json_t *status, char *text, size_t size)
{
	const char *version = json_string_value(json_object_get(status, "version"));

	if (!version || strcmp(version, MMCGADGET_VERSION) == 0)
		return false;
	snprintf(text, size,
		"mmcgadgetd %s runs, %s is installed; when the PC does not use the drive: sudo "
		"systemctl restart mmcgadgetd",
		version, MMCGADGET_VERSION);
	return true;
}
