// SPDX-License-Identifier: GPL-2.0-or-later
/* Opens, starts, stops and closes a USB function. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <linux/usb/functionfs.h>

#include "gadget/ffs_int.h"
#include "util/hash.h"
#include "util/log.h"

/* ---- opening ------------------------------------------------------------------------------ */

static int open_file(struct ffs *f, const char *name, int *fd)
{
	char *path = NULL;
	int ret = 0;

	if (asprintf(&path, "%s/%s", f->directory, name) < 0)
		return -ENOMEM;
	/*
	 * O_NONBLOCK: otherwise io_submit() sleeps in the kernel while the host has not
	 * enabled the USB function.
	 */
	*fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (*fd < 0) {
		ret = -errno;
		log_error("%s: %s: %s", f->instance, path, strerror(errno));
	}
	free(path);
	return ret;
}

static int write_blob(struct ffs *f, const void *blob, size_t size, const char *what)
{
	ssize_t n = size ? write(f->ep0, blob, size) : -1;
	int ret;

	if (size && n == (ssize_t)size)
		return 0;
	ret = !size ? -ENAMETOOLONG : n < 0 ? -errno : -EIO;
	log_error("%s: the kernel refuses the %s: %s", f->instance, what, strerror(-ret));
	return ret;
}

static int open_endpoints(struct ffs *f, const struct ffs_config *c)
{
	uint8_t blob[FFS_BLOB_MAX];
	int ret = open_file(f, "ep0", &f->ep0);

	if (!ret)
		ret = write_blob(
			f, blob, ffs_desc_build(blob, sizeof(blob), c->subclass), "descriptors");
	if (!ret)
		ret = write_blob(f, blob,
			ffs_strings_build(blob, sizeof(blob), c->interface ? c->interface : ""),
			"strings");
	if (!ret)
		ret = open_file(f, "ep1", &f->aio.in_fd);
	if (!ret)
		ret = open_file(f, "ep2", &f->aio.out_fd);
	return ret;
}

/* True if fd is the file name in directory. */
static bool is_file(int fd, const char *directory, const char *name)
{
	struct stat held, named;
	char *path = NULL;
	bool same;

	if (fd < 0 || asprintf(&path, "%s/%s", directory, name) < 0)
		return false;
	same = fstat(fd, &held) == 0 && stat(path, &named) == 0 && held.st_dev == named.st_dev &&
	       held.st_ino == named.st_ino;
	free(path);
	return same;
}

bool ffs_files_match(const struct ffs_files *files, const char *directory)
{
	return ffs_is_mounted(directory) && is_file(files->ep0, directory, "ep0") &&
	       is_file(files->in, directory, "ep1") && is_file(files->out, directory, "ep2");
}

static void inherit_files(struct ffs *f, const struct ffs_files *files)
{
	f->ep0 = files->ep0;
	f->aio.in_fd = files->in;
	f->aio.out_fd = files->out;
	f->inherited = true;
}

void ffs_get_files(const struct ffs *f, struct ffs_files *files)
{
	*files = (struct ffs_files){.ep0 = f->ep0, .in = f->aio.in_fd, .out = f->aio.out_fd};
}

uint64_t ffs_fingerprint(const struct ffs_config *c)
{
	uint8_t blob[FFS_BLOB_MAX];
	size_t n = ffs_desc_build(blob, sizeof(blob), c->subclass);
	uint64_t hash = hash_bytes(HASH_START, blob, n);

	n = ffs_strings_build(blob, sizeof(blob), c->interface ? c->interface : "");
	return hash_bytes(hash, blob, n);
}

static int make_eventfd(int *fd)
{
	*fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return *fd < 0 ? -errno : 0;
}

static int open_internals(struct ffs *f, const struct ffs_config *c)
{
	int ret = make_eventfd(&f->stop_fd);

	if (!ret)
		ret = make_eventfd(&f->wake_fd);
	if (!ret)
		ret = make_eventfd(&f->aio.event_fd);
	if (!ret)
		ret = ffs_usb_init(f);
	if (!ret)
		ret = io_setup(FFS_CONTEXT, &f->aio.ctx);
	if (!ret)
		ret = ffs_aio_init(&f->aio);
	if (!ret) {
		f->bot = bot_new(&c->bot, &ffs_bot_ops, f, c->drive);
		ret = f->bot ? 0 : -ENOMEM;
		if (f->bot)
			bot_observe(f->bot, c->observer, c->observer_ctx);
	}
	if (ret)
		log_error("%s: %s", f->instance, strerror(-ret));
	return ret;
}

static struct ffs *ffs_new(const struct ffs_config *c)
{
	struct ffs *f = calloc(1, sizeof(*f));
	pthread_condattr_t attr;

	if (!f)
		return NULL;
	f->instance = strdup(c->instance);
	f->directory = strdup(c->directory);
	f->changed = c->changed;
	f->flush = c->flush;
	f->resumed = c->resumed;
	f->ctx = c->ctx;
	f->in_flight = c->in_flight;
	f->max_lun = c->bot.max_lun;
	f->ep0 = f->stop_fd = f->wake_fd = -1;
	f->epoll_fd = f->tick_fd = f->quiet_fd = -1;
	f->aio.in_fd = f->aio.out_fd = f->aio.event_fd = -1;
	f->guard.write_fd = -1;
	f->aio.io = &ffs_io_kernel;
	f->aio.client = &ffs_bot_client;
	f->aio.client_ctx = f;
	f->aio.host_generation = &f->generation;
	f->aio.host_reset = &f->reset;
	f->tasks_end = &f->tasks;
	pthread_mutex_init(&f->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&f->cond, &attr);
	pthread_condattr_destroy(&attr);
	if (!f->instance || !f->directory) {
		ffs_close(f);
		return NULL;
	}
	return f;
}

int ffs_open(const struct ffs_config *config, struct ffs **out)
{
	struct ffs *f = ffs_new(config);
	int ret;

	if (!f) {
		log_error("%s: %s", config->instance, strerror(ENOMEM));
		return -ENOMEM;
	}
	if (config->inherited)
		inherit_files(f, config->inherited);
	ret = open_internals(f, config);
	if (!ret && !config->inherited)
		ret = open_endpoints(f, config);
	if (ret) {
		ffs_close(f);
		return ret;
	}
	ret = ffs_guard_start(&f->guard, f->aio.ctx);
	if (ret)
		log_warn("%s: cannot start the guard process, killing the daemon may hang this "
			 "USB function: %s",
			f->instance, strerror(-ret));
	*out = f;
	return 0;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void ffs_close(struct ffs *f)
{
	if (!f)
		return;
	ffs_stop(f);
	/* Waits for the requests in the kernel, which use the buffers that are freed below. */
	if (!ffs_guard_stop(&f->guard) && f->aio.ctx)
		io_destroy(f->aio.ctx);
	close_fd(f->aio.in_fd);
	close_fd(f->aio.out_fd);
	close_fd(f->ep0);
	close_fd(f->epoll_fd);
	close_fd(f->tick_fd);
	close_fd(f->quiet_fd);
	close_fd(f->aio.event_fd);
	close_fd(f->stop_fd);
	close_fd(f->wake_fd);
	ffs_aio_fini(&f->aio);
	bot_free(f->bot);
	pthread_cond_destroy(&f->cond);
	pthread_mutex_destroy(&f->lock);
	free(f->instance);
	free(f->directory);
	free(f);
}

/* ---- threads ------------------------------------------------------------------------------ */

int ffs_start(struct ffs *f)
{
	sigset_t all, old;
	int ret;

	/* The main thread handles all signals. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	f->stopping = false;
	f->running = true;
	ret = pthread_create(&f->usb_thread, NULL, ffs_usb_run, f);
	f->usb_started = !ret;
	if (ret) {
		f->running = false;
	} else {
		ret = pthread_create(&f->ep0_thread, NULL, ffs_ep0_run, f);
		f->ep0_started = !ret;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (ret) {
		log_error("%s: cannot start a thread: %s", f->instance, strerror(ret));
		ffs_stop(f);
	}
	return -ret;
}

void ffs_stop(struct ffs *f)
{
	uint64_t one = 1;

	if (!f->usb_started)
		return;
	pthread_mutex_lock(&f->lock);
	f->stopping = true;
	pthread_cond_broadcast(&f->cond);
	pthread_mutex_unlock(&f->lock);
	if (f->ep0_started) {
		if (write(f->stop_fd, &one, sizeof(one)) < 0)
			log_error("%s: eventfd: %s", f->instance, strerror(errno));
		pthread_join(f->ep0_thread, NULL);
		f->ep0_started = false;
		if (read(f->stop_fd, &one, sizeof(one)) < 0)
			log_error("%s: eventfd: %s", f->instance, strerror(errno));
	}
	ffs_wake(f);
	pthread_join(f->usb_thread, NULL);
	f->usb_started = false;
}

/* ---- state -------------------------------------------------------------------------------- */

void ffs_get_state(struct ffs *f, struct ffs_state *state)
{
	pthread_mutex_lock(&f->lock);
	*state = f->state;
	pthread_mutex_unlock(&f->lock);
}
