// SPDX-License-Identifier: GPL-2.0-or-later
#include "usb/serial.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "gadget/gadget.h"
#include "usb/usb_setup.h"
#include "util/hash.h"
#include "util/log.h"

/* Only root can write there. */
#define STATE_DIR "/var/lib/mmcgadget-usb"
#define NAME      "serial"
#define DIGITS    16u

struct place {
	char dir[256], path[300];
};

static void find_place(const char *root, const char *dir, struct place *p)
{
	snprintf(p->dir, sizeof(p->dir), "%s%s", root, dir);
	snprintf(p->path, sizeof(p->path), "%s/" NAME, p->dir);
}

/* False if there is no serial number. */
static bool read_kept(const struct place *p, char out[17])
{
	int fd = open(p->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, out, DIGITS);

	if (fd >= 0)
		close(fd);
	out[n > 0 ? n : 0] = '\0';
	return n == (ssize_t)DIGITS && strspn(out, "0123456789ABCDEF") == DIGITS &&
	       strspn(out + 4, "0") < DIGITS - 4;
}

/* 0 or -errno. The file is whole or not there, also after a power cut. */
static int keep(const struct place *p, const char *serial)
{
	char temporary[sizeof(p->path) + 8], line[DIGITS + 2];
	int fd, r = 0;

	if (mkdir(p->dir, 0755) < 0 && errno != EEXIST)
		return -errno;
	snprintf(temporary, sizeof(temporary), "%s.new", p->path);
	snprintf(line, sizeof(line), "%s\n", serial);
	unlink(temporary);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	/* Readable for the daemon's user, whatever the umask is. */
	if (fchmod(fd, 0644) < 0 || write(fd, line, strlen(line)) != (ssize_t)strlen(line) ||
		fsync(fd) < 0)
		r = errno ? -errno : -EIO;
	close(fd);
	if (r == 0 && rename(temporary, p->path) < 0)
		r = -errno;
	if (r < 0)
		unlink(temporary);
	return r;
}

static void make_random(char out[17])
{
	struct timespec now[2] = {{0}};
	uint64_t number;

	/* Early in the boot the kernel may have too little randomness. */
	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != (ssize_t)sizeof(number)) {
		clock_gettime(CLOCK_REALTIME, &now[0]);
		clock_gettime(CLOCK_MONOTONIC, &now[1]);
		number = hash_bytes(HASH_START, now, sizeof(now));
	}
	gadget_write_serial(number, out);
}

void usb_serial(const char *root, char out[17])
{
	enum gadget_serial source = gadget_default_serial(root, out);
	char kept[17];
	struct place run, state;
	int r;

	if (source == GADGET_SERIAL_ID)
		return;
	find_place(root, USB_DIR, &run);
	find_place(root, STATE_DIR, &state);
	/* A number that was chosen since the boot stays, because the PC knows the board by it. */
	if (read_kept(&run, kept)) {
		memcpy(out, kept, sizeof(kept));
		return;
	}
	if (source == GADGET_SERIAL_NONE && !read_kept(&state, out)) {
		make_random(out);
		r = keep(&state, out);
		if (r < 0)
			log_warn(
				"this board has no serial number of its own, and the random one "
				"cannot be kept (%s: %s): after a reboot PCs see a new device; set "
				"gadget: { serial = \"%s\"; }; in mmcgadget.conf",
				state.path, strerror(-r), out);
	}
	r = keep(&run, out);
	if (r < 0)
		log_debug("%s: %s", run.path, strerror(-r));
}
