// SPDX-License-Identifier: GPL-2.0-or-later
#include "drive/host_log.h"

#include "drive/unfinished.h"
#include "protocol/format_size.h"
#include "util/log.h"

static void log_burn(const char *drive, const char *image, const struct mmc_state *before,
	const struct mmc_state *now)
{
	char size[16];

	format_size((uint64_t)now->recorded * MEDIA_BLOCK, size);
	if (unfinished_is(now) && !unfinished_is(before))
		log_info("%s: burning to %s begins", drive, image);
	if (now->finalised && !before->finalised && !mmc_state_is_overwritable(now))
		log_info("%s: %s is finalised, %u blocks, %s", drive, image, now->recorded, size);
	else if (now->sessions > before->sessions && !now->testing && !before->testing)
		log_info("%s: session %u of %s is closed, %s are recorded; the disc is open for "
			 "more",
			drive, before->sessions, image, size);
}

static void on_engine_state(void *ctx, const struct mmc_state *before, const struct mmc_state *now,
	const struct image *in)
{
	const char *drive = ctx, *image = in->name ? in->name : "the disc";

	if (now->ejected_by_host && !before->ejected_by_host)
		log_info("%s: the host ejected %s", drive, image);
	if (!now->ejected_by_host && before->ejected_by_host && now->loaded)
		log_info("%s: the host loaded %s again", drive, image);
	if (in->recordable && before->loaded && now->loaded)
		log_burn(drive, image, before, now);
	if (now->locked != before->locked)
		log_debug("%s: the host %s the drive", drive, now->locked ? "locked" : "unlocked");
}

const struct drive_observer host_log_observer = {.engine_state = on_engine_state};
