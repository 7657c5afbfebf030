// SPDX-License-Identifier: GPL-2.0-or-later
#include "cd/map.h"

void cd_map_one_track(struct cd_map *m, enum cd_form form, uint32_t count, uint16_t unit)
{
	*m = (struct cd_map){
		.first_track = 1,
		.tracks = 1,
		.sessions = 1,
		.files = 1,
		.extents = 1,
		.track[0] = {.pregap = CD_PREGAP,
			.length = count,
			.session = 1,
			.control = form == CD_AUDIO ? 0 : 4,
			.form = (uint8_t)form},
		/* PSEC of point A0 (MMC-6 table 500): CD-DA or CD-ROM, or XA. */
		.session[0] = {.format = form > CD_MODE2 ? 0x20 : 0x00, .lead_out = (int32_t)count},
		.extent[0] = {.count = count, .unit = unit},
	};
}
