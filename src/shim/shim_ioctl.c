// SPDX-License-Identifier: GPL-2.0-or-later
/* The ioctls of a SCSI CD-ROM block device, as in Linux block/, drivers/scsi, drivers/cdrom. */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <linux/cdrom.h>
#include <linux/fs.h>
#include <scsi/scsi.h>
#include <scsi/scsi_ioctl.h>
#include <scsi/sg.h>

#include "shim/shim_client.h"
#include "shim/shim_wire.h"
#include "util/array.h"
#include "util/be.h"

#define CHECK_CONDITION_STATUS 0x02
#define DRIVER_SENSE_STATUS    0x08
#define SG_INFO_OK_STATUS      0
#define SG_INFO_CHECK_STATUS   1
#define SG_VERSION             30527 /* the answer of block/: sg version 3 */

static int64_t ask(enum shim_op op)
{
	struct shim_request q = {.op = op};
	struct shim_reply r;

	return shim_call(&q, NULL, &r, NULL, 0);
}

static int64_t run(const uint8_t *cdb, size_t cdb_len, enum shim_dir dir, void *data, uint32_t len,
	struct shim_reply *r)
{
	struct shim_request q = {.op = SHIM_SCSI,
		.dir = (uint8_t)dir,
		.len = dir == SHIM_NONE ? 0 : len,
		.cdb_len = (uint8_t)cdb_len};

	memcpy(q.cdb, cdb, cdb_len);
	return shim_call(&q, dir == SHIM_OUT ? data : NULL, r, dir == SHIM_IN ? data : NULL,
		dir == SHIM_IN ? len : 0);
}

/* ---- SG_IO -------------------------------------------------------------------------------- */

static void put_result(struct sg_io_hdr *h, uint32_t len, const struct shim_reply *r)
{
	bool bad = r->status != 0 || r->host_status != 0;

	h->status = r->status;
	h->masked_status = (unsigned char)(r->status >> 1 & 0x1f);
	h->msg_status = 0;
	h->host_status = r->host_status;
	h->driver_status = r->sense_len && r->status ? DRIVER_SENSE_STATUS : 0;
	h->info = bad ? SG_INFO_CHECK_STATUS : SG_INFO_OK_STATUS;
	h->resid = (int)(len - r->moved);
	h->duration = 0;
	h->sb_len_wr = 0;
	if (h->sbp && r->status == CHECK_CONDITION_STATUS) {
		h->sb_len_wr = h->mx_sb_len < r->sense_len ? h->mx_sb_len : r->sense_len;
		memcpy(h->sbp, r->sense, h->sb_len_wr);
	}
}

/*
 * Returns how many bytes a vector has, at most limit, or -EINVAL or -EFAULT: as import_iovec()
 * checks it and blk_rq_map_user_io() cuts it. Every sum has 64 bits.
 */
static int64_t vector_length(const struct sg_iovec *v, unsigned count, uint32_t limit)
{
	uint64_t sum = 0;

	if (count > UIO_MAXIOV)
		return -EINVAL;
	if (!v)
		return -EFAULT;
	for (unsigned i = 0; i < count; i++)
		if (v[i].iov_len > SSIZE_MAX)
			return -EINVAL;
	for (unsigned i = 0; i < count; i++) {
		uint64_t len = v[i].iov_len, left = limit - sum;

		/* User space is the lower half of the addresses. */
		if ((uintptr_t)v[i].iov_base > (uint64_t)INTPTR_MAX - len)
			return -EFAULT;
		if (len && left && !v[i].iov_base)
			return -EFAULT;
		sum += MIN(len, left);
	}
	return sum ? (int64_t)sum : -EINVAL;
}

/* Copies len bytes between the pieces of a vector and one buffer. */
static void copy_vector(const struct sg_iovec *v, uint8_t *buffer, uint32_t len, bool gather)
{
	for (uint32_t done = 0; done < len; v++) {
		uint32_t n = (uint32_t)MIN((uint64_t)v->iov_len, (uint64_t)(len - done));

		if (n && gather)
			memcpy(buffer + done, v->iov_base, n);
		else if (n)
			memcpy(v->iov_base, buffer + done, n);
		done += n;
	}
}

static int64_t run_vector(
	struct sg_io_hdr *h, enum shim_dir dir, uint32_t *len, struct shim_reply *r)
{
	const struct sg_iovec *v = h->dxferp;
	int64_t e = vector_length(v, h->iovec_count, *len);

	if (e < 0)
		return e;
	*len = (uint32_t)e;
	uint8_t *buffer = malloc(*len);
	if (!buffer)
		return -ENOMEM;
	if (dir == SHIM_OUT)
		copy_vector(v, buffer, *len, true);
	e = run(h->cmdp, h->cmd_len, dir, buffer, *len, r);
	if (e >= 0 && dir == SHIM_IN)
		copy_vector(v, buffer, r->moved, false);
	free(buffer);
	return e;
}

/* The direction of the data phase. False: there is data and no direction for it. */
static bool sg_direction(const struct sg_io_hdr *h, enum shim_dir *dir)
{
	*dir = SHIM_NONE;
	if (!h->dxfer_len)
		return true;
	if (h->dxfer_direction == SG_DXFER_TO_DEV)
		*dir = SHIM_OUT;
	else if (h->dxfer_direction == SG_DXFER_FROM_DEV ||
		 h->dxfer_direction == SG_DXFER_TO_FROM_DEV)
		*dir = SHIM_IN;
	return *dir != SHIM_NONE;
}

/* The checks of sg_io() of Linux 6.12, in its order; 16 bytes of CDB are usb-storage's limit. */
static int64_t sg_io(struct sg_io_hdr *h)
{
	uint32_t len = h->dxfer_len;
	enum shim_dir dir;
	struct shim_reply r;
	int64_t e;

	if (h->interface_id != 'S')
		return -EINVAL;
	if (len > SHIM_MAX_TRANSFER)
		return -EIO;
	if (!sg_direction(h, &dir) || h->cmd_len > 16)
		return -EINVAL;
	if (h->cmd_len < 6)
		return -EMSGSIZE;
	if (!h->cmdp || (len && !h->dxferp))
		return -EFAULT;
	if (len && h->iovec_count)
		e = run_vector(h, dir, &len, &r);
	else
		e = run(h->cmdp, h->cmd_len, dir, h->dxferp, len, &r);
	if (e < 0)
		return e;
	put_result(h, len, &r);
	return 0;
}

/* CDROM_SEND_PACKET, the older interface, as scsi_cdrom_send_packet() makes SG_IO of it. */
static int64_t send_packet(struct cdrom_generic_command *g)
{
	static const int directions[] = {[CGC_DATA_UNKNOWN] = SG_DXFER_NONE,
		[CGC_DATA_WRITE] = SG_DXFER_TO_DEV,
		[CGC_DATA_READ] = SG_DXFER_FROM_DEV,
		[CGC_DATA_NONE] = SG_DXFER_NONE};
	struct sg_io_hdr h = {.interface_id = 'S',
		.cmdp = g->cmd,
		.cmd_len = g->cmd[0] >= 0xa0   ? 12
			   : g->cmd[0] >= 0x20 ? 10
					       : 6,
		.dxferp = g->buffer,
		.dxfer_len = g->buflen,
		.sbp = (unsigned char *)g->sense,
		.mx_sb_len = sizeof(*g->sense)};
	int64_t e;

	if (g->data_direction >= ARRAY_LEN(directions))
		return -EINVAL;
	h.dxfer_direction = directions[g->data_direction];
	e = sg_io(&h);
	if (e == -EFAULT || h.status)
		return e < 0 ? e : -EIO;
	g->stat = (int)e;
	g->buflen = (unsigned)h.resid;
	return e;
}

/* ---- commands that the kernel sends for a program ----------------------------------------- */

/* Data, if any, comes in. 0, or -EIO: the drive refused the command, whatever its sense is. */
static int64_t command(const uint8_t *cdb, size_t cdb_len, void *data, uint32_t len)
{
	struct shim_reply r;
	int64_t e = run(cdb, cdb_len, data ? SHIM_IN : SHIM_NONE, data, len, &r);

	return e < 0 ? e : r.status ? -EIO : 0;
}

static int64_t command6(uint8_t op, uint8_t byte4)
{
	uint8_t cdb[6] = {op, 0, 0, 0, byte4, 0};

	return command(cdb, sizeof(cdb), NULL, 0);
}

/* As sr_do_ioctl(): repeats a command that met a unit attention. 0, or the error of its sense. */
static int64_t data_in(const uint8_t *cdb, size_t cdb_len, void *p, uint32_t len)
{
	struct shim_reply r;
	uint8_t key = UNIT_ATTENTION;

	for (int tries = 0; key == UNIT_ATTENTION && tries <= 10; tries++) {
		int64_t e = run(cdb, cdb_len, SHIM_IN, p, len, &r);

		if (e < 0 || !r.status)
			return e < 0 ? e : 0;
		key = r.sense[2] & 0xf;
	}
	if (key == NOT_READY || key == UNIT_ATTENTION)
		return -ENOMEDIUM;
	return key == ILLEGAL_REQUEST && get_be16(r.sense + 12) == 0x2000 ? -EDRIVE_CANT_DO_THIS
									  : -EIO;
}

static int64_t read_toc(uint8_t track, bool msf, uint8_t control, uint8_t *p)
{
	uint8_t cdb[10] = {0x43, msf ? 0x02 : 0, 0, 0, 0, 0, track, 0, 12, control};

	return data_in(cdb, sizeof(cdb), p, 12);
}

static int32_t lba_of(const struct cdrom_msf0 *a)
{
	return (a->minute * CD_SECS + a->second) * CD_FRAMES + a->frame - CD_MSF_OFFSET;
}

/* Stores an address that the drive answered as MSF, in the format that the program wants. */
static void put_msf(union cdrom_addr *a, uint8_t format, const uint8_t *p)
{
	a->msf = (struct cdrom_msf0){p[1], p[2], p[3]};
	if (format == CDROM_LBA)
		a->lba = lba_of(&a->msf);
}

static int64_t toc_header(struct cdrom_tochdr *h)
{
	uint8_t p[12];
	int64_t e = read_toc(0, false, 0, p);

	if (e < 0)
		return e;
	h->cdth_trk0 = p[2];
	h->cdth_trk1 = p[3];
	return 0;
}

static int64_t toc_entry(struct cdrom_tocentry *t)
{
	uint8_t p[12];

	if (t->cdte_format != CDROM_MSF && t->cdte_format != CDROM_LBA)
		return -EINVAL;
	int64_t e = read_toc(t->cdte_track, true, 0, p);
	if (e < 0)
		return e;
	t->cdte_ctrl = p[5] & 0xf;
	t->cdte_adr = p[5] >> 4 & 0xf;
	t->cdte_datamode = t->cdte_ctrl & 0x04 ? 1 : 0;
	put_msf(&t->cdte_addr, t->cdte_format, p + 8);
	return 0;
}

/* cdrom_ioctl_disc_status(). */
static int64_t disc_status(void)
{
	struct cdrom_tochdr h;
	bool audio = false, data = false;
	int64_t e = toc_header(&h);

	if (e < 0)
		return e == -ENOMEDIUM ? CDS_NO_DISC : CDS_NO_INFO;
	for (unsigned n = h.cdth_trk0; n <= h.cdth_trk1; n++) {
		struct cdrom_tocentry t = {.cdte_track = (__u8)n, .cdte_format = CDROM_MSF};

		if (toc_entry(&t) < 0)
			return CDS_NO_INFO;
		if (t.cdte_ctrl & CDROM_DATA_TRACK)
			data = true;
		else
			audio = true;
	}
	return audio ? data ? CDS_MIXED : CDS_AUDIO : data ? CDS_DATA_1 : CDS_NO_INFO;
}

/* As sr_cd_check(): with one session, or without a table of contents, the answer is block 0. */
static int64_t multisession(struct cdrom_multisession *m)
{
	uint8_t p[12] = {0};
	int32_t start = 0;

	if (m->addr_format != CDROM_MSF && m->addr_format != CDROM_LBA)
		return -EINVAL;
	if (read_toc(0, false, 0x40, p) >= 0 && p[6] > 1)
		start = (int32_t)get_be32(p + 8);
	m->xa_flag = start > 0;
	m->addr.lba = start;
	if (m->addr_format == CDROM_MSF) {
		start += CD_MSF_OFFSET;
		m->addr.msf = (struct cdrom_msf0){(__u8)(start / (CD_SECS * CD_FRAMES)),
			(__u8)(start / CD_FRAMES % CD_SECS), (__u8)(start % CD_FRAMES)};
	}
	return 0;
}

static int64_t get_mcn(struct cdrom_mcn *m)
{
	static const uint8_t cdb[10] = {0x42, 0, 0x40, 0x02, 0, 0, 0, 0, 24, 0};
	uint8_t p[24];
	int64_t e = data_in(cdb, sizeof(cdb), p, sizeof(p));

	if (e < 0)
		return e;
	memcpy(m->medium_catalog_number, p + 9, 13);
	m->medium_catalog_number[13] = 0;
	return 0;
}

static int64_t subchannel(struct cdrom_subchnl *s)
{
	static const uint8_t cdb[10] = {0x42, 0x02, 0x40, 0x01, 0, 0, 0, 0, 16, 0};
	uint8_t p[16];

	if (s->cdsc_format != CDROM_MSF && s->cdsc_format != CDROM_LBA)
		return -EINVAL;
	int64_t e = data_in(cdb, sizeof(cdb), p, sizeof(p));
	if (e < 0)
		return e;
	s->cdsc_audiostatus = p[1];
	s->cdsc_adr = p[5] >> 4;
	s->cdsc_ctrl = p[5] & 0xf;
	s->cdsc_trk = p[6];
	s->cdsc_ind = p[7];
	put_msf(&s->cdsc_absaddr, s->cdsc_format, p + 8);
	put_msf(&s->cdsc_reladdr, s->cdsc_format, p + 12);
	return 0;
}

/* READ CD as cdrom_read_block() and cdrom_read_cdda_bpc() send it, the former by data_in(). */
static int64_t read_cd(int64_t send(const uint8_t *, size_t, void *, uint32_t), int32_t lba,
	uint8_t type, uint8_t parts, uint32_t count, uint32_t unit, void *out)
{
	uint8_t cdb[12] = {0xbe, (uint8_t)(type << 2), [8] = (uint8_t)count, [9] = parts};

	put_be32(cdb + 2, (uint32_t)lba);
	return send(cdb, sizeof(cdb), out, count * unit);
}

/* CDROMREADRAW, CDROMREADMODE1 and CDROMREADMODE2: arg is an address, and becomes the data. */
static int64_t read_frame(uint8_t type, uint8_t parts, uint32_t unit, void *arg)
{
	const struct cdrom_msf *m = arg;
	struct cdrom_msf0 from = {m->cdmsf_min0, m->cdmsf_sec0, m->cdmsf_frame0};
	int32_t lba = lba_of(&from);

	return lba < 0 ? -EINVAL : read_cd(data_in, lba, type, parts, 1, unit, arg);
}

/* Linux does not repeat this READ CD, but drops to single sectors when the first one fails. */
static int64_t read_audio(const struct cdrom_read_audio *ra)
{
	enum { MOST = SHIM_MAX_TRANSFER / CD_FRAMESIZE_RAW };
	int32_t lba;

	if (ra->addr_format != CDROM_MSF && ra->addr_format != CDROM_LBA)
		return -EINVAL;
	lba = ra->addr_format == CDROM_MSF ? lba_of(&ra->addr.msf) : ra->addr.lba;
	if (lba < 0 || ra->nframes <= 0 || ra->nframes > CD_FRAMES)
		return -EINVAL;
	for (int done = 0; done < ra->nframes; done += MOST) {
		uint32_t n = (uint32_t)MIN(ra->nframes - done, (int)MOST);
		int64_t e = read_cd(command, lba + done, 1, 0xf8, n, CD_FRAMESIZE_RAW,
			ra->buf + (size_t)done * CD_FRAMESIZE_RAW);

		if (e < 0)
			return e;
	}
	return 0;
}

static int64_t select_speed(unsigned long speed)
{
	uint8_t cdb[12] = {0xbb};

	put_be16(cdb + 2, speed == 0 || speed * 177 > 0xffff ? 0xffff : (uint32_t)speed * 177);
	/* The write speed is 0, which leaves it as it is. */
	return command(cdb, sizeof(cdb), NULL, 0);
}

static struct dvd_layer layer_of(const uint8_t *p)
{
	return (struct dvd_layer){.book_version = p[0] & 0xf,
		.book_type = p[0] >> 4,
		.min_rate = p[1] & 0xf,
		.disc_size = p[1] >> 4,
		.layer_type = p[2] & 0xf,
		.track_path = p[2] >> 4 & 1,
		.nlayers = p[2] >> 5 & 3,
		.track_density = p[3] & 0xf,
		.linear_density = p[3] >> 4,
		.bca = p[16] >> 7,
		.start_sector = get_be24(p + 5),
		.end_sector = get_be24(p + 9),
		.end_sector_l0 = get_be24(p + 13)};
}

/* DVD_READ_STRUCT. The drive refuses the disc key and the BCA, which its discs do not have. */
static int64_t dvd_structure(dvd_struct *s)
{
	/* DVD_STRUCT_PHYSICAL, _COPYRIGHT, _DISCKEY, _BCA, _MANUFACT */
	static const uint16_t lengths[] = {21, 8, 4 + 2048, 4 + 188, 4 + 2048};
	uint8_t cdb[12] = {0xad}, p[4 + 2048] = {0}, layer = s->physical.layer_num;

	if (s->type >= ARRAY_LEN(lengths) ||
		(s->type == DVD_STRUCT_PHYSICAL && layer >= DVD_LAYERS))
		return -EINVAL;
	cdb[6] = s->type <= DVD_STRUCT_COPYRIGHT ? layer : 0; /* copyright.layer_num, too */
	cdb[7] = s->type;
	put_be16(cdb + 8, lengths[s->type]);
	int64_t e = data_in(cdb, sizeof(cdb), p, lengths[s->type]);
	if (e < 0)
		return e;
	if (s->type == DVD_STRUCT_PHYSICAL) {
		s->physical.layer[layer] = layer_of(p + 4);
	} else if (s->type == DVD_STRUCT_COPYRIGHT) {
		s->copyright.cpst = p[4];
		s->copyright.rmi = p[5];
	} else if (s->type == DVD_STRUCT_MANUFACT) {
		s->manufact.len = (int)MIN(get_be16(p), 2048u);
		memcpy(s->manufact.value, p + 4, (size_t)s->manufact.len);
	}
	return 0;
}

/* ---- all ioctls --------------------------------------------------------------------------- */

static int64_t put_int(void *arg, int value)
{
	*(int *)arg = value;
	return 0;
}

static int64_t sg_ioctl(unsigned long request, void *arg)
{
	switch (request) {
	case SG_GET_VERSION_NUM:
		return put_int(arg, SG_VERSION);
	case SG_SET_TIMEOUT:
	case SG_SET_RESERVED_SIZE:
		return 0;
	case SG_GET_TIMEOUT:
		return 60 * 100; /* returned in ticks of user space (USER_HZ) */
	case SG_GET_RESERVED_SIZE:
		return put_int(arg, (int)SHIM_MAX_TRANSFER);
	case SG_EMULATED_HOST:
		return put_int(arg, 1);
	case SG_IO:
		return sg_io(arg);
	case SCSI_IOCTL_GET_IDLUN:
		memset(arg, 0, 8);
		return 0;
	case SCSI_IOCTL_GET_BUS_NUMBER:
		return put_int(arg, 0);
	case SCSI_IOCTL_TEST_UNIT_READY:
		return command6(0x00, 0);
	case SCSI_IOCTL_START_UNIT:
		return command6(0x1b, 1);
	case SCSI_IOCTL_STOP_UNIT:
		return command6(0x1b, 0);
	case SCSI_IOCTL_DOORLOCK:
		return command6(0x1e, 1);
	case SCSI_IOCTL_DOORUNLOCK:
		return command6(0x1e, 0);
	}
	return -ENOTTY;
}

static int64_t cdrom_ioctl(unsigned long request, void *arg)
{
	switch (request) {
	case CDROM_SEND_PACKET:
		return send_packet(arg);
	case CDROM_MEDIA_CHANGED:
		return ask(SHIM_MEDIA_CHANGED);
	case CDROM_DRIVE_STATUS:
		return ask(SHIM_DRIVE_STATUS);
	case CDROM_DISC_STATUS:
		return disc_status();
	case CDROM_GET_CAPABILITY:
		return CDC_CLOSE_TRAY | CDC_OPEN_TRAY | CDC_LOCK | CDC_SELECT_SPEED |
		       CDC_MULTI_SESSION | CDC_MCN | CDC_MEDIA_CHANGED | CDC_PLAY_AUDIO |
		       CDC_DRIVE_STATUS | CDC_GENERIC_PACKET | CDC_CD_R | CDC_DVD | CDC_DVD_R;
	case CDROMEJECT:
		return command6(0x1b, 2);
	case CDROMCLOSETRAY:
		return command6(0x1b, 3);
	case CDROM_LOCKDOOR:
		return command6(0x1e, arg ? 1 : 0);
	case CDROM_SELECT_SPEED:
		return select_speed((unsigned long)(uintptr_t)arg);
	case CDROMREADTOCHDR:
		return toc_header(arg);
	case CDROMREADTOCENTRY:
		return toc_entry(arg);
	case CDROMMULTISESSION:
		return multisession(arg);
	case CDROM_GET_MCN:
		return get_mcn(arg);
	case CDROMSUBCHNL:
		return subchannel(arg);
	case CDROMREADRAW:
		return read_frame(0, 0xf8, CD_FRAMESIZE_RAW, arg);
	case CDROMREADMODE1:
		return read_frame(2, 0x10, CD_FRAMESIZE, arg);
	case CDROMREADMODE2:
		return read_frame(0, 0x58, CD_FRAMESIZE_RAW0, arg);
	case CDROMREADAUDIO:
		return read_audio(arg);
	case DVD_READ_STRUCT:
		return dvd_structure(arg);
	case CDROM_SET_OPTIONS:
	case CDROM_CLEAR_OPTIONS:
		return CDO_AUTO_CLOSE | CDO_USE_FFLAGS | CDO_LOCK;
	}
	return -ENOTTY;
}

static int64_t block_ioctl(unsigned long request, void *arg)
{
	int64_t size;

	switch (request) {
	case BLKGETSIZE64:
		size = ask(SHIM_SIZE);
		if (size < 0)
			return size;
		*(uint64_t *)arg = (uint64_t)size;
		return 0;
	case BLKGETSIZE:
		size = ask(SHIM_SIZE);
		if (size < 0)
			return size;
		*(unsigned long *)arg = (unsigned long)(size / 512);
		return 0;
	case BLKSSZGET:
	case BLKBSZGET:
		return put_int(arg, 2048);
	case BLKPBSZGET:
		*(unsigned *)arg = 2048;
		return 0;
	case BLKROGET:
		return put_int(arg, 1);
	case BLKSECTGET:
		*(unsigned short *)arg = SHIM_MAX_TRANSFER / 512;
		return 0;
	case BLKFLSBUF:
		return 0;
	case BLKRAGET:
		*(long *)arg = 256;
		return 0;
	}
	return -ENOTTY;
}

int64_t shim_ioctl(int fd, unsigned long request, void *arg)
{
	int64_t r = cdrom_ioctl(request, arg);

	(void)fd;
	if (r == -ENOTTY)
		r = sg_ioctl(request, arg);
	if (r == -ENOTTY)
		r = block_ioctl(request, arg);
	return r;
}
