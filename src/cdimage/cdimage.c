// SPDX-License-Identifier: GPL-2.0-or-later
#include "cdimage/cdimage.h"

#include <string.h>

#include "cdimage/reading.h"

bool cdimage_parse(enum cdimage_kind kind, const char *name, const char *text, size_t len,
	const struct cdimage_source *source, struct cdimage *out)
{
	struct reading r = {.name = name,
		.text = {text, len},
		.all = {text, len},
		.source = source,
		.out = out};
	bool ok;

	memset(out, 0, sizeof(*out));
	if (!reading_begin(&r))
		return false;
	switch (kind) {
	case CDIMAGE_CUE:
		ok = cue_parse(&r);
		break;
	case CDIMAGE_CCD:
		ok = ccd_parse(&r);
		break;
	case CDIMAGE_TOC:
		ok = toc_parse(&r);
		break;
	case CDIMAGE_CHD:
		ok = chd_parse(&r);
		break;
	default:
		ok = reading_fail(&r, "this format is not read");
	}
	if (ok)
		reading_tell_rest(&r);
	return ok;
}
