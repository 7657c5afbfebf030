// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The wrappers. They check that both sides keep the contract. Nothing else calls media_ops, except
 * that a medium over another one passes view on.
 */
#include "media/media.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>

/* An operation returns 0 or a negative errno; anything else is a bug of the medium. */
static int checked(int result)
{
	assert(result <= 0);
	return result;
}

int media_read(struct media *m, uint64_t block, uint32_t count, void *buf)
{
	assert(m && buf);
	if (count == 0)
		return 0;
	if (block >= m->blocks || count > m->blocks - block)
		return -EINVAL;
	int r = checked(m->ops->read(m, block, count, buf));
	if (r == 0)
		m->reads++;
	return r;
}

int media_view(struct media *m, uint64_t block, uint32_t *count, void *stage, const uint8_t **data)
{
	uint32_t asked = *count;
	int r = -EOPNOTSUPP;

	assert(m && stage && asked);
	if (block >= m->blocks || asked > m->blocks - block)
		return -EINVAL;
	if (m->ops->view)
		r = checked(m->ops->view(m, block, count, data));
	if (r == -EOPNOTSUPP) {
		*count = asked;
		*data = stage;
		return media_read(m, block, asked, stage);
	}
	assert(r < 0 || (*count >= 1 && *count <= asked));
	if (r == 0)
		m->reads++;
	return r;
}

int media_write(struct media *m, uint64_t block, uint32_t count, const void *buf)
{
	assert(m && buf);
	if (!m->writable)
		return -EROFS;
	if (count == 0)
		return 0;
	m->stamped = false;
	int r = checked(m->ops->write(m, block, count, buf));
	if (r < 0) {
		m->end_uncertain |= r != -EAGAIN;
		return r;
	}
	m->writes++;
	m->dirty = true;
	/* Storage now has all of the last block: it was written, or others after it. */
	if (block + count >= m->blocks)
		m->tail = 0;
	if (block + count > m->blocks)
		m->blocks = block + count;
	return 0;
}

int media_wait_written(struct media *m, uint64_t *lost)
{
	return m->ops->wait_written ? checked(m->ops->wait_written(m, lost)) : 0;
}

int media_run(struct media *m, int (*fn)(void *arg), void *arg)
{
	return m->ops->run ? m->ops->run(m, fn, arg) : fn(arg);
}

void media_wait(struct media *m)
{
	if (m->ops->wait)
		m->ops->wait(m);
}

int media_sync(struct media *m)
{
	assert(m);
	/* Burning programs synchronize two or three times in a row; storage does it once. */
	if (!m->dirty)
		return 0;
	int r = checked(m->ops->sync(m));
	if (r == 0) {
		m->syncs++;
		m->dirty = false;
	}
	return r;
}

int media_stamp(struct media *m)
{
	int r;

	assert(m);
	if (m->stamped)
		return 0;
	r = m->ops->stamp ? checked(m->ops->stamp(m, &m->stamp)) : media_sync(m);
	if (r == 0) {
		if (!m->ops->stamp)
			m->stamp.bytes = m->blocks * m->unit;
		m->stamped = true;
		m->dirty = false;
	}
	return r;
}

int media_truncate(struct media *m, uint64_t blocks)
{
	assert(m);
	if (!m->writable)
		return -EROFS;
	if (blocks > m->blocks || (blocks == m->blocks && !m->tail && !m->end_uncertain))
		return 0;
	m->stamped = false;
	int r = checked(m->ops->truncate(m, blocks));
	if (r == 0) {
		m->blocks = blocks;
		m->tail = 0;
		m->end_uncertain = false;
		m->dirty = true;
	}
	return r;
}

void media_close(struct media *m)
{
	if (m)
		m->ops->close(m);
}
