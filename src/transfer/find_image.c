// SPDX-License-Identifier: GPL-2.0-or-later
#include "transfer/find_image.h"

#include <errno.h>
#include <unistd.h>

#include "drive/disc_rules.h"

json_t *find_image(const char *media, const char *name, int *folder, struct library_file *f)
{
	json_t *a = disc_rules_name(name);
	int found;

	if (a)
		return a;
	*folder = library_open_folder(media);
	if (*folder < 0)
		return disc_rules_refusal(name, media, *folder);
	found = library_find(*folder, name, f);
	if (found == 0)
		return NULL;
	close(*folder);
	if (found == -ENOENT)
		return disc_rules_no_image(name, media);
	return disc_rules_refusal(name, media, found);
}
