// SPDX-License-Identifier: GPL-2.0-or-later
#include "library/disc_store.h"

#include <errno.h>

int disc_store_open(const struct library_file *f, struct store **out)
{
	char boot[STORE_BOOT_MAX];
	struct folder *folder = folder_file_of(f->dir_fd);

	*out = NULL;
	if (!folder)
		return -errno;
	store_this_boot(boot);
	return store_new(folder, f->base, boot, out);
}
