// SPDX-License-Identifier: GPL-2.0-or-later
/* A medium that passes operations on, and makes chosen ones fail or answer "again". */
#include "media/media.h"

#include <stdlib.h>
#include <errno.h>

struct media_faulty {
	struct media m;
	struct media *below;
	struct media_fault fault;
	uint64_t matched; /* operations so far that the fault is for */
};

static bool touches(const struct media_fault *f, uint64_t block, uint32_t count)
{
	return f->end == 0 || (block < f->end && block + count > f->from);
}

/* 0: the operation is passed on; otherwise its result. */
static int apply_fault(struct media_faulty *f, bool matches)
{
	if (!matches || f->fault.kind == MEDIA_FAULT_NONE)
		return 0;
	uint64_t n = f->matched++;
	if (n < f->fault.skip || (f->fault.times && n >= f->fault.skip + f->fault.times))
		return 0;
	return f->fault.kind == MEDIA_FAULT_AGAIN ? -EAGAIN : -f->fault.error;
}

static int fault_read(struct media *m, uint64_t block, uint32_t count, void *buf)
{
	struct media_faulty *f = (struct media_faulty *)m;
	int r = apply_fault(f, f->fault.on_read && touches(&f->fault, block, count));

	return r ? r : media_read(f->below, block, count, buf);
}

static int fault_view(struct media *m, uint64_t block, uint32_t *count, const uint8_t **data)
{
	struct media_faulty *f = (struct media_faulty *)m;
	const struct media_ops *ops = f->below->ops;
	uint32_t asked = *count;
	int r = ops->view ? ops->view(f->below, block, count, data) : -EOPNOTSUPP;

	if (r == -EOPNOTSUPP)
		return r; /* media_view() reads instead, and fault_read() applies the fault */
	return r ? r : apply_fault(f, f->fault.on_read && touches(&f->fault, block, asked));
}

static int fault_write(struct media *m, uint64_t block, uint32_t count, const void *buf)
{
	struct media_faulty *f = (struct media_faulty *)m;
	int r = apply_fault(f, f->fault.on_write && touches(&f->fault, block, count));

	if (r < 0 && f->fault.kind == MEDIA_FAULT_SHORT)
		(void)media_write(f->below, block, count / 2, buf);
	return r ? r : media_write(f->below, block, count, buf);
}

static int fault_wait_written(struct media *m, uint64_t *lost)
{
	return media_wait_written(((struct media_faulty *)m)->below, lost);
}

static int fault_run(struct media *m, int (*fn)(void *arg), void *arg)
{
	return media_run(((struct media_faulty *)m)->below, fn, arg);
}

static void fault_wait(struct media *m)
{
	media_wait(((struct media_faulty *)m)->below);
}

static int fault_sync(struct media *m)
{
	struct media_faulty *f = (struct media_faulty *)m;
	int r = apply_fault(f, f->fault.on_sync);

	return r ? r : media_sync(f->below);
}

static int fault_stamp(struct media *m, struct media_stamp *stamp)
{
	struct media_faulty *f = (struct media_faulty *)m;
	int r = apply_fault(f, f->fault.on_sync);

	if (r == 0)
		r = media_stamp(f->below);
	*stamp = f->below->stamp;
	return r;
}

static int fault_truncate(struct media *m, uint64_t blocks)
{
	return media_truncate(((struct media_faulty *)m)->below, blocks);
}

static void fault_close(struct media *m)
{
	struct media_faulty *f = (struct media_faulty *)m;

	media_close(f->below);
	free(f);
}

static const struct media_ops fault_ops = {
	.read = fault_read,
	.view = fault_view,
	.write = fault_write,
	.wait_written = fault_wait_written,
	.sync = fault_sync,
	.stamp = fault_stamp,
	.run = fault_run,
	.wait = fault_wait,
	.truncate = fault_truncate,
	.close = fault_close,
};

struct media *media_fault_new(struct media *below)
{
	struct media_faulty *f = calloc(1, sizeof(*f));

	if (!f) {
		media_close(below);
		return NULL;
	}
	f->m.ops = &fault_ops;
	f->m.unit = below->unit;
	f->m.blocks = below->blocks;
	f->m.tail = below->tail;
	f->m.writable = below->writable;
	f->m.stamp = below->stamp;
	f->below = below;
	return &f->m;
}

void media_fault_set(struct media *m, const struct media_fault *fault)
{
	struct media_faulty *f = (struct media_faulty *)m;

	f->fault = *fault;
	f->matched = 0;
}
