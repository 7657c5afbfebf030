// SPDX-License-Identifier: GPL-2.0-or-later
/* The engine of mmcshimd: runs a command as a Bulk-Only host and device would, and logs it. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test/shim/shim_server.h"
#include "util/array.h"
#include "util/be.h"

#define PORTION          32768u
#define DID_ERROR        7
#define OP_REQUEST_SENSE 0x03

/* ---- one command ---------------------------------------------------------------------------- */

/*
 * Returns the name of the case of BOT 6.7 for what the device intends (D) and what the host
 * announced (H), or NULL if it is ordinary. Case 5 (Hi > Di) is ordinary: every answer of
 * variable length ends so. Case 4 is not: the host waits for data and gets none.
 */
static const char *mismatch(const struct shim_command *c, const struct mmc_xfer *x)
{
	enum shim_dir d = x->len == 0 ? SHIM_NONE : x->dir == MMC_DIR_IN ? SHIM_IN : SHIM_OUT;
	enum shim_dir h = c->len == 0 ? SHIM_NONE : c->dir;

	if (h == d) {
		if (h == SHIM_IN && c->len < x->len)
			return "!Hi<Di";
		if (h == SHIM_OUT && c->len != x->len)
			return c->len < x->len ? "!Ho<Do" : "!Ho>Do";
		return NULL;
	}
	if (h == SHIM_NONE)
		return d == SHIM_IN ? "!Hn<Di" : "!Hn<Do";
	if (d == SHIM_NONE)
		return h == SHIM_IN ? "!Hi>Dn" : "!Ho>Dn";
	return h == SHIM_IN ? "!Hi<>Do" : "!Ho<>Di";
}

static bool is_phase_error(const char *m)
{
	return m && (strchr(m, '<') != NULL);
}

static void move_in(struct mmc_drive *d, struct shim_command *c, uint32_t want)
{
	while (c->moved < want) {
		const uint8_t *p;
		int32_t n = mmc_pull(d, &p, PORTION);

		if (n < 0)
			continue;
		if (n == 0)
			return;
		uint32_t take = MIN((uint32_t)n, want - c->moved);
		memcpy(c->data + c->moved, p, take);
		c->moved += take;
	}
}

static void move_out(struct mmc_drive *d, struct shim_command *c, uint32_t want)
{
	while (c->moved < want) {
		uint32_t n = MIN(want - c->moved, PORTION);

		if (mmc_push(d, c->data + c->moved, n) == 0)
			c->moved += n;
	}
}

static void move(struct mmc_drive *d, struct shim_command *c, const struct mmc_xfer *x)
{
	uint32_t want = MIN(c->len, x->len);

	if (x->dir == MMC_DIR_IN && c->dir == SHIM_IN)
		move_in(d, c, want);
	else if (x->dir == MMC_DIR_OUT && c->dir == SHIM_OUT)
		move_out(d, c, want);
}

static enum mmc_status end(struct mmc_drive *d)
{
	enum mmc_status s = mmc_end(d);

	while (s == MMC_AGAIN)
		s = mmc_end(d);
	return s;
}

/* Like usb-storage, requests the sense at once after a failure, which clears it. */
static void fetch_sense(struct mmc_drive *d, struct shim_command *c)
{
	static const uint8_t cdb[6] = {OP_REQUEST_SENSE, 0, 0, 0, 18, 0};
	struct shim_command rs = {.dir = SHIM_IN, .data = c->sense, .len = sizeof(c->sense)};
	struct mmc_xfer x;

	mmc_begin(d, cdb, sizeof(cdb), rs.len, &x);
	move(d, &rs, &x);
	end(d);
	c->sense_len = (uint8_t)rs.moved;
}

static void log_command(struct shim_drive *d, const struct shim_command *c, const char *odd)
{
	static const char *const dirs[] = {"-", "IN", "OUT"};
	const char *name = mmc_opcode_name(c->cdb[0]);

	if (!d->log)
		return;
	fprintf(d->log, "%s %s [", c->who, name ? name : "unknown");
	for (uint8_t i = 0; i < c->cdb_len; i++)
		fprintf(d->log, "%s%02x", i ? " " : "", c->cdb[i]);
	fprintf(d->log, "] %s %u -> ", dirs[c->len ? c->dir : SHIM_NONE], c->len);
	if (c->status == MMC_GOOD) {
		fprintf(d->log, "GOOD %u", c->moved);
		for (uint32_t i = 0; c->dir == SHIM_IN && i < MIN(c->moved, 48u); i++)
			fprintf(d->log, "%s%02x", i ? " " : " : ", c->data[i]);
		/* Parameter lists are logged, blocks are not. */
		for (uint32_t i = 0; c->dir == SHIM_OUT && i < c->moved && c->moved < 512; i++)
			fprintf(d->log, "%s%02x", i ? " " : " : ", c->data[i]);
	} else {
		fprintf(d->log, "CHECK %x/%02x/%02x %u", c->sense[2] & 0x0f, c->sense[12],
			c->sense[13], c->moved);
		if (name && c->sense[12] == 0x20)
			fputs(" !REFUSED", d->log);
	}
	if (odd)
		fprintf(d->log, " %s", odd);
	fputc('\n', d->log);
}

/* Answers like a drive without this command, to show that the programs depend on it. */
static void refuse(struct shim_command *c)
{
	c->status = MMC_CHECK_CONDITION;
	mmc_sense_encode(0x052000, c->sense);
	c->sense_len = sizeof(c->sense);
}

void shim_drive_command(struct shim_drive *d, struct shim_command *c)
{
	struct mmc_xfer x;

	if (c->dir == SHIM_NONE)
		c->len = 0;
	if (d->refused && c->cdb[0] == d->refused) {
		refuse(c);
		log_command(d, c, NULL);
		return;
	}
	mmc_begin(d->mmc, c->cdb, c->cdb_len, c->dir == SHIM_IN ? c->len : 0, &x);
	const char *odd = mismatch(c, &x);
	move(d->mmc, c, &x);
	c->status = (uint8_t)end(d->mmc);
	if (c->status != MMC_GOOD) {
		fetch_sense(d->mmc, c);
		/* A refused command moves no data, whatever the host announced. */
		odd = x.len ? odd : NULL;
	}
	if (is_phase_error(odd))
		c->host_status = DID_ERROR;
	log_command(d, c, odd);
}

/* ---- control lines ------------------------------------------------------------------------ */

/* The state file lies beside the image, as with the daemon. */
static int open_store(const char *path, struct store **out)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX] = ".", boot[STORE_BOOT_MAX];
	struct folder *folder;
	int fd;

	if (slash)
		snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path) + 1, path);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	folder = folder_file_new(fd);
	if (!folder)
		return -ENOMEM;
	store_this_boot(boot);
	return store_new(folder, slash ? slash + 1 : path, boot, out);
}

static int put_disc(struct shim_drive *d, const char *path, bool blank, uint32_t capacity)
{
	struct disc_options o = {.capacity = capacity};
	char text[STORE_TEXT_MAX];
	struct stat st;
	bool writable;
	int r;

	/* Remove the old disc first: it may be the same image, which is locked while in use. */
	mmc_eject(d->mmc, true);
	r = open_store(path, &o.store);
	if (r < 0)
		return r;
	writable = blank || store_load(o.store, text, sizeof(text)) > 0;
	int fd = open(
		path, (writable ? O_RDWR : O_RDONLY) | (blank ? O_CREAT : 0) | O_CLOEXEC, 0644);
	r = fd < 0 ? -errno : fstat(fd, &st) < 0 ? -errno : 0;
	if (r == 0 && (st.st_size == 0) != blank)
		r = blank ? -EEXIST : -ENODATA;
	if (r == 0)
		r = media_file_open(fd, writable, &o.media);
	else if (fd >= 0)
		close(fd);
	if (r < 0) {
		store_close(o.store);
		return r;
	}
	struct disc *disc = disc_open(&o);
	if (!disc)
		return -ENOMEM;
	mmc_insert(d->mmc, disc);
	return 0;
}

static void print_status(const struct shim_drive *d, char *answer, size_t size)
{
	struct mmc_state s;

	mmc_get_state(d->mmc, &s);
	snprintf(answer, size,
		"profile=%04x loaded=%d ejected=%d locked=%d requested=%d blank=%d appendable=%d "
		"finalised=%d sessions=%u tracks=%u readable=%u recorded=%u nwa=%u free=%u "
		"commands=%llu errors=%llu",
		s.profile, s.loaded, s.ejected_by_host, s.locked, s.eject_requested, s.blank,
		s.appendable, s.finalised, s.sessions, s.tracks, s.readable, s.recorded, s.nwa,
		s.free, (unsigned long long)s.commands, (unsigned long long)s.errors);
}

static int eject(struct shim_drive *d, const char *how, char *answer, size_t size)
{
	static const char *const said[] = {
		[MMC_EJECT_DONE] = "ejected",
		[MMC_EJECT_EMPTY] = "empty",
		[MMC_EJECT_REQUESTED] = "requested",
	};
	enum mmc_eject e = mmc_eject(d->mmc, how && strcmp(how, "force") == 0);

	snprintf(answer, size, "%s", said[e]);
	return e == MMC_EJECT_DONE ? 0 : 1;
}

static int open_log(struct shim_drive *d, const char *path)
{
	FILE *f = path ? fopen(path, "we") : NULL;

	if (!f)
		return path ? -errno : -EINVAL;
	if (d->log)
		fclose(d->log);
	d->log = f;
	/* The suite reads the log while the server runs. */
	setlinebuf(f);
	return 0;
}

int shim_drive_control(struct shim_drive *d, char *line, char *answer, size_t size)
{
	char *rest;
	const char *verb = strtok_r(line, " ", &rest);
	const char *arg = strtok_r(NULL, " ", &rest);
	const char *more = strtok_r(NULL, " ", &rest);
	int r = -EINVAL;

	if (!verb)
		verb = "";
	if (strcmp(verb, "status") == 0) {
		print_status(d, answer, size);
		return 0;
	}
	if (strcmp(verb, "eject") == 0)
		return eject(d, arg, answer, size);
	if (strcmp(verb, "insert") == 0 && arg)
		r = put_disc(d, arg, false, 0);
	else if (strcmp(verb, "blank") == 0 && arg)
		r = put_disc(d, arg, true, more ? (uint32_t)strtoul(more, NULL, 0) : 0);
	else if (strcmp(verb, "log") == 0)
		r = open_log(d, arg);
	else if (strcmp(verb, "refuse") == 0) {
		d->refused = arg ? (uint8_t)strtoul(arg, NULL, 16) : 0;
		r = 0;
	} else if (strcmp(verb, "reset") == 0) {
		mmc_bus_reset(d->mmc);
		r = 0;
	}
	snprintf(answer, size, "%s", r == 0 ? "ok" : strerror(-r));
	return r == 0 ? 0 : 1;
}
