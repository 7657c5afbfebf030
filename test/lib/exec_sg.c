// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The executor "sg" sends CDBs to a real device node by SG_IO. To change discs it runs a
 * shell command that the caller names.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <scsi/sg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/script.h"
#include "util/be.h"

#define COMMAND_MS  30000
#define MEDIA_MS    10000 /* time limit for the drive to show a change of disc */
#define NO_ESCALATE 0x100 /* the kernel must not try a larger reset after one that fails */

struct exec_sg {
	struct script_exec x;
	int fd;
	char *media_command;
	char sr_name[64]; /* the device's name in the driver sr; "" = sr was not bound
			   */
};

static struct exec_sg *exec_of(struct script_exec *x)
{
	return (struct exec_sg *)x;
}

/* ---- commands -------------------------------------------------------------------------------- */

static int sg_command(struct script_exec *x, struct script_io *io)
{
	struct exec_sg *e = exec_of(x);
	uint8_t cdb[16] = {0};
	struct sg_io_hdr h = {.interface_id = 'S',
		.dxfer_direction = io->dir == MMC_DIR_IN    ? SG_DXFER_FROM_DEV
				   : io->dir == MMC_DIR_OUT ? SG_DXFER_TO_DEV
							    : SG_DXFER_NONE,
		.cmd_len = (unsigned char)io->cdb_len,
		.mx_sb_len = sizeof(io->sense),
		.dxfer_len = io->len,
		.dxferp = io->len ? io->data : NULL,
		.cmdp = cdb,
		.sbp = io->sense,
		.timeout = COMMAND_MS};

	memcpy(cdb, io->cdb, io->cdb_len);
	memset(io->sense, 0, sizeof(io->sense));
	if (io->len == 0)
		h.dxfer_direction = SG_DXFER_NONE;
	if (ioctl(e->fd, SG_IO, &h) < 0)
		return script_fail(x, "SG_IO: %s", strerror(errno));
	/* The host failed, not the drive: a phase error, a reset or a timeout. */
	if (h.host_status)
		return script_fail(x, "SG_IO: host status %02xh", h.host_status);
	io->check = (h.status & 0x3e) == 0x02;
	if (h.status && !io->check)
		return script_fail(x, "SG_IO: status %02xh", h.status);
	if (io->check && h.sb_len_wr < sizeof(io->sense))
		return script_fail(x, "%u bytes of sense", h.sb_len_wr);
	io->moved = io->len - (uint32_t)h.resid;
	return 0;
}

/* Sends a command that must succeed. */
static int send_or_fail(struct script_exec *x, const uint8_t *cdb, size_t cdb_len, enum mmc_dir dir,
	uint8_t *data, uint32_t len)
{
	struct script_io io = {
		.cdb = cdb, .cdb_len = cdb_len, .dir = dir, .data = data, .len = len};

	if (x->command(x, &io) < 0)
		return -1;
	if (io.check)
		return script_fail(x, "%02xh failed with %x/%02x/%02x", cdb[0], io.sense[2] & 15,
			io.sense[12], io.sense[13]);
	return 0;
}

/* Returns the current profile. GET CONFIGURATION clears no unit attention and no event. */
static int profile_of(struct script_exec *x)
{
	static const uint8_t cdb[10] = {0x46, [8] = 8};
	uint8_t data[8] = {0};

	return send_or_fail(x, cdb, sizeof(cdb), MMC_DIR_IN, data, sizeof(data)) < 0
		       ? -1
		       : get_be16(data + 6);
}

/* ---- discs ------------------------------------------------------------------------------- */

static int run_media_cmd(struct script_exec *x, const char *verb)
{
	char line[1024];

	snprintf(line, sizeof(line), "%s %s", exec_of(x)->media_command, verb);
	int status = system(line); // NOLINT: the caller's own command
	if (status != 0)
		return script_fail(x, "\"%s\" ended with %d", line,
			WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	return 0;
}

/* Waits until the drive shows a disc, or shows none. */
static int wait_for_disc(struct script_exec *x, bool loaded)
{
	static const struct timespec pause = {.tv_nsec = 20000000};

	for (unsigned ms = 0; ms < MEDIA_MS; ms += 20) {
		int profile = profile_of(x);

		if (profile < 0)
			return -1;
		if ((profile != 0) == loaded)
			return 0;
		nanosleep(&pause, NULL);
	}
	return script_fail(x, loaded ? "the disc does not appear" : "the disc does not disappear");
}

static int sg_media(struct script_exec *x, const struct script_step *step)
{
	enum script_media media = step->media;
	char verb[64];

	if (media == SCRIPT_MEDIA_NONE)
		snprintf(verb, sizeof(verb), "none");
	else if (media == SCRIPT_MEDIA_BLANK)
		snprintf(verb, sizeof(verb), "blank%s%s", step->medium ? " type=" : "",
			step->medium ? step->medium->name : "");
	else
		snprintf(verb, sizeof(verb), "%s %u", media == SCRIPT_MEDIA_CD ? "cd" : "rom",
			step->size);
	return run_media_cmd(x, verb) < 0 ? -1 : wait_for_disc(x, media != SCRIPT_MEDIA_NONE);
}

static int sg_eject(struct script_exec *x, enum script_eject how)
{
	if (how == SCRIPT_EJECT_ASKS)
		return script_fail(x, "the media command cannot ask the host to eject");
	if (run_media_cmd(x, how == SCRIPT_EJECT_FORCE ? "eject force" : "eject") < 0)
		return -1;
	return wait_for_disc(x, false);
}

static int sg_insert_again(struct script_exec *x)
{
	return run_media_cmd(x, "insert-again") < 0 ? -1 : wait_for_disc(x, true);
}

/* ---- resets ---------------------------------------------------------------------------------- */

static int reset(struct script_exec *x, int kind)
{
	int value = kind | NO_ESCALATE;

	return ioctl(exec_of(x)->fd, SG_SCSI_RESET, &value) < 0
		       ? script_fail(x, "SG_SCSI_RESET: %s", strerror(errno))
		       : 0;
}

/* usb-storage: a reset of the port. */
static int sg_bus_reset(struct script_exec *x)
{
	return reset(x, SG_SCSI_RESET_BUS);
}

/* usb-storage: Bulk-Only Reset and both halts cleared. */
static int sg_transport_reset(struct script_exec *x)
{
	return reset(x, SG_SCSI_RESET_DEVICE);
}

static int sg_fault(struct script_exec *x, const struct media_fault *f)
{
	(void)f;
	return script_fail(x, "faults cannot be injected by this executor");
}

/* ---- start and end of a script --------------------------------------------------------------- */

/* Resets what the previous script may have set: locks, mode pages, speeds. */
static int restore_defaults(struct script_exec *x)
{
	static const uint8_t allow[6] = {0x1e}, allow_persistent[6] = {0x1e, [4] = 2};
	static const uint8_t sense_defaults[10] = {0x5a, 0x08, 0x85, [8] = 60};
	static const uint8_t select[10] = {0x55, 0x10, [8] = 60};
	static const uint8_t streaming[12] = {0xb6, [10] = 28};
	uint8_t page[60] = {0}, rdd[28] = {0x04};

	if (send_or_fail(x, allow, sizeof(allow), MMC_DIR_NONE, NULL, 0) < 0 ||
		send_or_fail(x, allow_persistent, sizeof(allow_persistent), MMC_DIR_NONE, NULL, 0) <
			0)
		return -1;
	if (send_or_fail(
		    x, sense_defaults, sizeof(sense_defaults), MMC_DIR_IN, page, sizeof(page)) < 0)
		return -1;
	memset(page, 0, 8);
	if (send_or_fail(x, select, sizeof(select), MMC_DIR_OUT, page, sizeof(page)) < 0)
		return -1;
	return send_or_fail(x, streaming, sizeof(streaming), MMC_DIR_OUT, rdd, sizeof(rdd));
}

/* Leaves the disc of the previous script in: every script begins with a media line. */
static int sg_start(struct script_exec *x, const struct mmc_config *config)
{
	(void)config; /* the caller skips scripts that need a configuration */
	return script_drain_events(x) < 0 ? -1 : restore_defaults(x);
}

static void sg_stop(struct script_exec *x)
{
	(void)x;
}

/* ---- the kernel's own driver ----------------------------------------------------------------- */

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	ssize_t n = write(fd, text, strlen(text));
	close(fd);
	return n == (ssize_t)strlen(text) ? 0 : -1;
}

/* sr polls every two seconds, and would take unit attentions and events that scripts expect. */
static int keep_sr_away(struct exec_sg *e, const char *device)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *node = strrchr(device, '/');

	snprintf(path, sizeof(path), "/sys/class/scsi_generic/%s/device", node ? node + 1 : device);
	if (!realpath(path, target))
		return -1;
	snprintf(e->sr_name, sizeof(e->sr_name), "%s", strrchr(target, '/') + 1);
	if (write_file("/sys/bus/scsi/drivers/sr/unbind", e->sr_name) < 0)
		e->sr_name[0] = '\0'; /* it was not bound */
	return 0;
}

struct script_exec *exec_sg_new(
	const char *device, const char *media_command, char *error, size_t error_size)
{
	struct exec_sg *e = calloc(1, sizeof(*e));

	if (!e)
		abort();
	e->x = (struct script_exec){.name = "sg",
		.kind = SCRIPT_SG,
		.start = sg_start,
		.command = sg_command,
		.media = sg_media,
		.eject = sg_eject,
		.insert_again = sg_insert_again,
		.bus_reset = sg_bus_reset,
		.transport_reset = sg_transport_reset,
		.fault = sg_fault,
		.stop = sg_stop};
	e->media_command = strdup(media_command);
	e->fd = open(device, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (e->fd < 0 || keep_sr_away(e, device) < 0) {
		snprintf(error, error_size, "%s: %s", device, strerror(errno));
		exec_sg_free(&e->x);
		return NULL;
	}
	return &e->x;
}

void exec_sg_free(struct script_exec *x)
{
	struct exec_sg *e = exec_of(x);

	if (!e)
		return;
	if (e->sr_name[0])
		(void)write_file("/sys/bus/scsi/drivers/sr/bind", e->sr_name);
	if (e->fd >= 0)
		close(e->fd);
	free(e->media_command);
	free(e);
}
