/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A control whose drives a host burns in, and clients that listen to its events. */
#ifndef DAEMON_EVENTS_FIXTURE_H
#define DAEMON_EVENTS_FIXTURE_H

#include "daemon/control/control_fixture.h"
#include "protocol/field.h"

/* Connects, sends the line and returns the descriptor; the answer must be ok. */
static inline int listen_to(const char *line)
{
	int fd = connect_client();

	send_text(fd, line);
	assert_starts(receive_line(fd), "{\"ok\":true,\"message\":\"events follow\"");
	return fd;
}

/* Returns the next event, which the caller frees; NULL: the connection has ended. */
static inline json_t *next_event(int fd)
{
	const char *line = receive_line(fd);
	json_t *o = *line ? json_loads(line, 0, NULL) : NULL;

	assert_true(o || !*line);
	return o;
}

/* Returns the next event of that kind; the others are dropped. */
static inline json_t *next_of(int fd, const char *kind)
{
	for (;;) {
		json_t *o = next_event(fd);

		assert_non_null(o);
		if (strcmp(field_text(o, "event"), kind) == 0)
			return o;
		json_decref(o);
	}
}

/* Reads until the state of that drive has the number for key. */
static inline void wait_number(int fd, const char *drive, const char *key, uint64_t number)
{
	bool seen = false;

	while (!seen) {
		json_t *o = next_of(fd, "drive");
		const json_t *d = json_object_get(o, "drive");

		seen = strcmp(field_text(d, "name"), drive) == 0 && field_number(d, key) == number;
		json_decref(o);
	}
}

/* Runs the daemon for ms. */
static inline void pass(unsigned ms)
{
	turn(event, usb, 2, ms, NULL);
}

/* Returns true if the descriptor has something to read now. */
static inline bool has_input(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

/* Drops what there is to read. */
static inline void drain(int fd)
{
	char buf[4096];

	while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
}

static inline void close_disc(struct fake_usb *u)
{
	const uint8_t cdb[10] = {0x5b, 0, 6};
	struct mmc_xfer xfer;

	mmc_begin(drive_engine(u->drive), cdb, sizeof(cdb), 0, &xfer);
	assert_int_equal(fake_end(u), MMC_GOOD);
}

static inline bool read_block(struct fake_usb *u, uint32_t lba)
{
	const uint8_t cdb[10] = {0x28, 0, 0, 0, (uint8_t)(lba >> 8), (uint8_t)lba, 0, 0, 1};
	struct mmc_xfer xfer;
	const uint8_t *data;

	mmc_begin(drive_engine(u->drive), cdb, sizeof(cdb), 0, &xfer);
	while (mmc_pull(drive_engine(u->drive), &data, 2048) != 0)
		;
	return fake_end(u) == MMC_GOOD;
}

#endif
