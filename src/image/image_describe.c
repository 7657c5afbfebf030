// SPDX-License-Identifier: GPL-2.0-or-later
/* Describes discs and images for people and scripts. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "image/image.h"
#include "protocol/format_size.h"

void image_describe_copy(uint64_t volume, uint64_t size, char *out, size_t out_size)
{
	char says[16], has[16];

	out[0] = '\0';
	if (volume <= size)
		return;
	format_size(volume, says);
	format_size(size, has);
	/* If the rounded sizes are equal, only bytes show the difference. */
	if (strcmp(says, has) == 0)
		snprintf(out, out_size,
			"the image says %" PRIu64 " bytes, the file has %" PRIu64
			": is the copy complete?",
			volume, size);
	else
		snprintf(out, out_size, "the image says %s, the file has %s: is the copy complete?",
			says, has);
}

/* The title of the medium, with the format state unless the disc is unformatted and not blank. */
static const char *with_format(const struct disc *d, char *out, size_t size)
{
	const char *format = disc_medium_format_name(d->medium, d->format);

	if (*format == '\0' || (d->format == DISC_UNFORMATTED && !disc_is_blank(d)))
		return d->medium->title;
	snprintf(out, size, "%s, %s", d->medium->title, format);
	return out;
}

void image_describe(const struct disc *d, char *out, size_t size)
{
	char title_buf[48];
	const char *title = with_format(d, title_buf, sizeof(title_buf));
	uint32_t complete = disc_last_closed_session(d);

	if (disc_medium_is_overwritable(d->medium, d->format)) {
		snprintf(out, size, "%s", title);
		return;
	}
	if (d->layout.finalised) {
		title = disc_medium_of(d->medium->when_finalised)->title;
		snprintf(out, size, complete > 1 ? "%s, %" PRIu32 " sessions" : "%s", title,
			complete);
		return;
	}
	if (disc_is_blank(d))
		snprintf(out, size, "blank %s", title);
	/* Recorded after the last closed session, also by a track that is closed already. */
	else if (disc_layout_end(&d->layout) > disc_readable_blocks(d))
		snprintf(out, size, "%s, burned up to block %" PRIu32, title,
			disc_layout_end(&d->layout));
	else if (complete == 0)
		snprintf(out, size, "%s, reserved, nothing recorded", title);
	else
		snprintf(out, size, "appendable %s, %" PRIu32 " session%s", title, complete,
			complete == 1 ? "" : "s");
}

const char *image_kind(const struct disc *d)
{
	if (disc_medium_is_overwritable(d->medium, d->format))
		return "rewritable";
	if (d->layout.finalised)
		return "iso";
	if (disc_is_blank(d))
		return "blank";
	return disc_layout_end(&d->layout) > disc_readable_blocks(d) || disc_readable_blocks(d) == 0
		       ? "open"
		       : "appendable";
}
