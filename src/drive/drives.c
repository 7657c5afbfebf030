// SPDX-License-Identifier: GPL-2.0-or-later
#include "drive/drives.h"

#include <string.h>

void drives_add(struct drives *set, struct drive *d, struct holder *holder)
{
	set->drive[set->count++] = d;
	holders_add(&set->holders, holder);
}

void drives_remove(struct drives *set, const struct drive *d, struct holder *holder)
{
	for (unsigned i = 0; i < set->count; i++) {
		if (set->drive[i] != d)
			continue;
		set->count--;
		memmove(&set->drive[i], &set->drive[i + 1],
			(set->count - i) * sizeof(set->drive[0]));
		holders_remove(&set->holders, holder);
		return;
	}
}
