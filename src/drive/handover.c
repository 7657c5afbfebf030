// SPDX-License-Identifier: GPL-2.0-or-later
#include "drive/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC   UINT64_C(0x7065656b2d636d6d) /* "mmc-keep" */
#define VERSION 1u
/* No process can shrink the file, which would make reading the mapping a SIGBUS. */
#define SEALS   (F_SEAL_SHRINK | F_SEAL_GROW)

struct area {
	uint64_t magic;
	uint32_t version, size;
	uint64_t identity;
	uint32_t failures;
	atomic_uint in_flight;
	atomic_uint slot; /* number of the current state, from 1; 0 = none is stored */
	struct handover_state state[2];
};

struct handover {
	int fd;
	struct area *area;
};

static int map(int fd, struct handover **out)
{
	struct handover *h = calloc(1, sizeof(*h));
	int r;

	if (!h)
		return -ENOMEM;
	h->area = mmap(NULL, sizeof(struct area), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (h->area == MAP_FAILED) {
		r = -errno;
		free(h);
		return r;
	}
	h->fd = fd;
	*out = h;
	return 0;
}

int handover_new(struct handover **out)
{
	int fd = memfd_create("mmcgadget-drive", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int r = 0;

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, sizeof(struct area)) < 0 || fcntl(fd, F_ADD_SEALS, SEALS) < 0)
		r = -errno;
	if (r == 0)
		r = map(fd, out);
	if (r < 0) {
		close(fd);
		return r;
	}
	(*out)->area->magic = MAGIC;
	(*out)->area->version = VERSION;
	(*out)->area->size = sizeof(struct area);
	return 0;
}

/* Returns true if fd is a sealed file of the right size. */
static bool is_handover_file(int fd)
{
	struct stat st;
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & SEALS) == SEALS && fstat(fd, &st) == 0 &&
	       st.st_size == (off_t)sizeof(struct area);
}

int handover_open(int fd, struct handover **out)
{
	int r = is_handover_file(fd) ? map(fd, out) : -EINVAL;
	const struct area *a;

	if (r < 0) {
		close(fd);
		return r;
	}
	a = (*out)->area;
	if (a->magic == MAGIC && a->version == VERSION && a->size == sizeof(struct area) &&
		atomic_load(&a->slot) <= 2)
		return 0;
	handover_free(*out);
	*out = NULL;
	return -EINVAL;
}

void handover_free(struct handover *h)
{
	if (!h)
		return;
	munmap(h->area, sizeof(struct area));
	close(h->fd);
	free(h);
}

int handover_fd(const struct handover *h)
{
	return h->fd;
}

void handover_image_set(struct handover_image *to, const char *name, uint64_t dev, uint64_t ino)
{
	memset(to, 0, sizeof(*to));
	if (!name || strlen(name) >= sizeof(to->name))
		return;
	strcpy(to->name, name);
	to->dev = dev;
	to->ino = ino;
}

void handover_store(struct handover *h, const struct handover_state *s)
{
	unsigned slot = atomic_load(&h->area->slot) == 1 ? 2 : 1;
	struct handover_state *to = &h->area->state[slot - 1];
	size_t n = strnlen(s->image.name, HANDOVER_NAME - 1);

	to->mmc = s->mmc;
	to->image.dev = s->image.dev;
	to->image.ino = s->image.ino;
	memcpy(to->image.name, s->image.name, n);
	to->image.name[n] = '\0';
	atomic_store(&h->area->slot, slot);
}

bool handover_load(const struct handover *h, struct handover_state *s)
{
	unsigned slot = atomic_load(&h->area->slot);

	if (slot < 1 || slot > 2)
		return false;
	*s = h->area->state[slot - 1];
	return memchr(s->image.name, '\0', HANDOVER_NAME) != NULL;
}

atomic_uint *handover_in_flight(struct handover *h)
{
	return &h->area->in_flight;
}

uint64_t handover_identity(const struct handover *h)
{
	return h->area->identity;
}

void handover_set_identity(struct handover *h, uint64_t identity)
{
	h->area->identity = identity;
}

uint32_t handover_failures(const struct handover *h)
{
	return h->area->failures;
}

void handover_set_failures(struct handover *h, uint32_t failures)
{
	h->area->failures = failures;
}
