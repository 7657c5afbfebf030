// SPDX-License-Identifier: GPL-2.0-or-later
#include "library/image_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int image_place_new(const struct library_file *f, struct image_place **out)
{
	struct image_place *p = calloc(1, sizeof(*p));
	int r = 0;

	if (!p)
		return -ENOMEM;
	p->refs = 1;
	p->path_fd = fcntl(f->path_fd, F_DUPFD_CLOEXEC, 0);
	p->dir_fd = fcntl(f->dir_fd, F_DUPFD_CLOEXEC, 0);
	if (p->path_fd < 0 || p->dir_fd < 0)
		r = -errno;
	snprintf(p->base, sizeof(p->base), "%s", f->base);
	p->dev = f->dev;
	p->ino = f->ino;
	if (r < 0) {
		image_place_unref(p);
		return r;
	}
	*out = p;
	return 0;
}

struct image_place *image_place_ref(struct image_place *p)
{
	p->refs++;
	return p;
}

void image_place_unref(struct image_place *p)
{
	if (!p || --p->refs > 0)
		return;
	if (p->path_fd >= 0)
		close(p->path_fd);
	if (p->dir_fd >= 0)
		close(p->dir_fd);
	free(p);
}

int image_place_open(const struct image_place *p)
{
	const struct library_file f = {.path_fd = p->path_fd};

	return library_open(&f);
}
