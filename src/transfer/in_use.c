// SPDX-License-Identifier: GPL-2.0-or-later
#include "transfer/in_use.h"

#include <fcntl.h>
#include <unistd.h>

/* A burn locks its image; a disc that left its drive is locked until it is closed. */
static bool is_locked(const struct library_file *f)
{
	struct flock fl = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
	int fd = library_open(f);
	bool locked = fd >= 0 && fcntl(fd, F_OFD_GETLK, &fl) == 0 && fl.l_type != F_UNLCK;

	if (fd >= 0)
		close(fd);
	return locked;
}

json_t *in_use_refusal(const struct drives *drives, const struct library_file *f, const char *name)
{
	const struct holders *all = &drives->holders;
	bool burned = false;

	for (unsigned i = 0; i < all->count; i++) {
		if (!holder_has_alone(all->at[i], f->dev, f->ino))
			continue;
		/* A finalised disc stays open and locked until it is removed, but does not change.
		 */
		burned = *all->at[i]->unchangeable;
		if (!burned)
			return answer_error("in-use",
				"\"%s\" is in %s, which can record it; take it out first: "
				"mmcgadgetctl "
				"eject drive=%s",
				name, all->at[i]->drive, all->at[i]->drive);
	}
	if (f->size == 0)
		return answer_error("blank", "\"%s\" is blank: there is nothing on it", name);
	if (holders_is_changing(all, f->dev, f->ino))
		return answer_error("in-use",
			"another command works on \"%s\" at this moment; ask again", name);
	if (!burned && is_locked(f))
		return answer_error("in-use",
			"\"%s\" is in use by another program, or left a drive just now; ask again",
			name);
	return NULL;
}
