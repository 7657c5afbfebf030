// SPDX-License-Identifier: GPL-2.0-or-later
#include "library/image_as.h"

#include <strings.h>

#include "media/media.h"
#include "util/array.h"

static const char *const names[] = {
	[IMAGE_AS_DRIVE] = "",
	[IMAGE_AS_DVD] = "dvd",
	[IMAGE_AS_CD] = "cd",
	[IMAGE_AS_AUTO] = "auto",
};

const char *image_as_name(enum image_as as)
{
	return names[as];
}

bool image_as_named(const char *name, enum image_as *as)
{
	for (size_t i = IMAGE_AS_DVD; i < ARRAY_LEN(names); i++) {
		if (strcasecmp(names[i], name) == 0) {
			*as = (enum image_as)i;
			return true;
		}
	}
	return false;
}

static uint64_t blocks_of(uint64_t size)
{
	return (size + MEDIA_BLOCK - 1) / MEDIA_BLOCK;
}

bool image_as_needs_volume(enum image_as wish, enum image_as drive, uint64_t size)
{
	enum image_as as = wish == IMAGE_AS_DRIVE ? drive : wish;

	return as == IMAGE_AS_AUTO && size > 0 && blocks_of(size) <= IMAGE_AS_CD_USUAL;
}

bool image_as_is_too_large(enum image_as wish, enum image_as drive, uint64_t size)
{
	enum image_as as = wish == IMAGE_AS_DRIVE ? drive : wish;

	return as == IMAGE_AS_CD && blocks_of(size) > disc_medium_of(DISC_CD_ROM)->largest_image;
}

const struct disc_medium *image_as_medium(
	enum image_as wish, enum image_as drive, uint64_t size, bool udf)
{
	const struct disc_medium *cd = disc_medium_of(DISC_CD_ROM);
	enum image_as as = wish == IMAGE_AS_DRIVE ? drive : wish;
	uint64_t blocks = blocks_of(size);

	if (as == IMAGE_AS_AUTO)
		as = blocks <= IMAGE_AS_CD_USUAL && !udf ? IMAGE_AS_CD : IMAGE_AS_DVD;
	return as == IMAGE_AS_CD && blocks <= cd->largest_image ? cd : disc_medium_of_image(blocks);
}
