// SPDX-License-Identifier: GPL-2.0-or-later
/* A file of its own: the daemon asks for the kind of a name, and must have no parser in it. */
#include "cdimage/cdimage.h"

#include <string.h>
#include <strings.h>

enum cdimage_kind cdimage_kind_of(const char *name)
{
	const char *dot = strrchr(name, '.');

	if (!dot)
		return CDIMAGE_NONE;
	return strcasecmp(dot, ".cue") == 0   ? CDIMAGE_CUE
	       : strcasecmp(dot, ".ccd") == 0 ? CDIMAGE_CCD
	       : strcasecmp(dot, ".toc") == 0 ? CDIMAGE_TOC
	       : strcasecmp(dot, ".chd") == 0 ? CDIMAGE_CHD
					      : CDIMAGE_NONE;
}
