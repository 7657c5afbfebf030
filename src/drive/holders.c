// SPDX-License-Identifier: GPL-2.0-or-later
#include "drive/holders.h"

#include <string.h>

void holders_add(struct holders *all, const struct holder *h)
{
	all->at[all->count++] = h;
}

void holders_remove(struct holders *all, const struct holder *h)
{
	for (unsigned i = 0; i < all->count; i++) {
		if (all->at[i] != h)
			continue;
		all->count--;
		memmove(&all->at[i], &all->at[i + 1], (all->count - i) * sizeof(all->at[0]));
		return;
	}
}

static bool is_image(const struct image *image, dev_t dev, ino_t ino)
{
	return image->name && image->dev == dev && image->ino == ino;
}

bool holder_has(const struct holder *h, dev_t dev, ino_t ino)
{
	return is_image(h->in, dev, ino);
}

bool holder_has_alone(const struct holder *h, dev_t dev, ino_t ino)
{
	return holder_has(h, dev, ino) && h->in->recordable;
}

bool holder_removed_are_closed(const struct holder *h)
{
	unsigned may_be_open = (h->in->name ? 1u : 0u) + (h->prepared->name ? 1u : 0u);

	return disc_closer_open_discs(h->closer) <= may_be_open;
}

const struct holder *holders_find(const struct holders *all, dev_t dev, ino_t ino)
{
	for (unsigned i = 0; i < all->count; i++) {
		if (holder_has(all->at[i], dev, ino))
			return all->at[i];
	}
	return NULL;
}

bool holders_in_use(const struct holders *all, dev_t dev, ino_t ino)
{
	for (unsigned i = 0; i < all->count; i++) {
		if (is_image(all->at[i]->in, dev, ino) || is_image(all->at[i]->prepared, dev, ino))
			return true;
	}
	return false;
}

bool holders_is_changing(const struct holders *all, dev_t dev, ino_t ino)
{
	for (unsigned i = 0; i < all->count; i++) {
		const struct holder_job *job = &all->at[i]->job;

		if (job->active && job->dev == dev && job->ino == ino)
			return true;
	}
	return false;
}

bool holders_any_leaving(const struct holders *all)
{
	for (unsigned i = 0; i < all->count; i++) {
		const struct holder *h = all->at[i];
		unsigned stay = (h->in->name ? 1u : 0u) + (h->prepared->disc ? 1u : 0u);

		if (disc_closer_open_discs(h->closer) > stay)
			return true;
	}
	return false;
}

bool holders_claim(const struct holders *all, dev_t dev, ino_t ino)
{
	for (unsigned i = 0; i < all->count; i++) {
		if (postburn_claim(all->at[i]->postburn, dev, ino) != POSTBURN_IDLE)
			return false;
	}
	return true;
}
