// SPDX-License-Identifier: GPL-2.0-or-later
#include "drive/host_log.h"

#include "util/log.h"

static void on_engine_state(void *ctx, const struct mmc_state *before, const struct mmc_state *now,
	const struct image *in)
{
	const char *drive = ctx, *image = in->name ? in->name : "the disc";

	if (now->ejected_by_host && !before->ejected_by_host)
		log_info("%s: the host ejected %s", drive, image);
	if (!now->ejected_by_host && before->ejected_by_host && now->loaded)
		log_info("%s: the host loaded %s again", drive, image);
	if (now->finalised && !before->finalised && in->recordable && before->loaded)
		log_info("%s: %s is finalised, %u blocks", drive, image, now->recorded);
	if (now->locked != before->locked)
		log_debug("%s: the host %s the drive", drive, now->locked ? "locked" : "unlocked");
}

const struct drive_observer host_log_observer = {.engine_state = on_engine_state};
