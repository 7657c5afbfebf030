// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "bot/wire.h"
#include "lib/bot_host.h"
#include "util/array.h"

void bot_host_init(struct bot_host *h, struct mem_ep *ep, struct bot *bot, uint16_t max_packet)
{
	memset(h, 0, sizeof(*h));
	h->ep = ep;
	h->tag = 0x1000;
	ep->bot = bot;
	mem_host_bus_reset(ep, max_packet);
}

int bot_host_reset_recovery(struct bot_host *h)
{
	int err = mem_host_class_reset(h->ep);

	mem_host_clear_halt_in(h->ep);
	mem_host_clear_halt_out(h->ep);
	return err;
}

int bot_host_recover(struct bot_host *h)
{
	if (h->recovery == BOT_HOST_NO_RESET)
		return 0;
	h->resets++;
	if (h->recovery == BOT_HOST_CLASS_RESET)
		return bot_host_reset_recovery(h);
	mem_host_bus_reset(h->ep, h->ep->max_packet);
	return 0;
}

void bot_host_cbw(struct bot_host *h, uint8_t cbw[31], const uint8_t *cdb, size_t cdb_len,
	enum mmc_dir dir, uint32_t len)
{
	struct cbw c = {.tag = ++h->tag,
		.length = len,
		.flags = dir == MMC_DIR_IN ? CBW_FLAG_IN : 0,
		.lun = h->lun,
		.cdb_len = (uint8_t)cdb_len};

	memcpy(c.cdb, cdb, MIN(cdb_len, sizeof(c.cdb)));
	cbw_encode(&c, cbw);
}

static int wrong(struct bot_host *h, const char *why)
{
	h->error = why;
	return -EPROTO;
}

static int read_csw(struct bot_host *h, uint8_t csw[CSW_LEN], uint32_t *got)
{
	int err = mem_host_in(h->ep, csw, CSW_LEN, got);

	if (!err && !*got) {
		/* A late zero-length packet: Linux reads once more. */
		h->empty++;
		err = mem_host_in(h->ep, csw, CSW_LEN, got);
	}
	if (err == -EPIPE) {
		h->stalls++;
		mem_host_clear_halt_in(h->ep);
		err = mem_host_in(h->ep, csw, CSW_LEN, got);
	}
	return err;
}

int bot_host_csw(struct bot_host *h, uint32_t len, uint32_t *residue)
{
	uint8_t csw[CSW_LEN];
	uint32_t got;
	int err = read_csw(h, csw, &got);

	if (err)
		return err;
	if (got != CSW_LEN)
		return wrong(h, "size of the CSW");
	if (get_le32(csw) != CSW_SIGNATURE)
		return wrong(h, "signature of the CSW");
	if (get_le32(csw + 4) != h->tag)
		return wrong(h, "tag of the CSW");
	if (get_le32(csw + 8) > len)
		return wrong(h, "residue is more than the length");
	if (csw[12] > CSW_PHASE_ERROR)
		return wrong(h, "status of the CSW");
	*residue = get_le32(csw + 8);
	return csw[12];
}

static int data_phase(struct bot_host *h, enum mmc_dir dir, void *data, uint32_t len)
{
	int err;

	h->got = 0;
	if (!len)
		return 0;
	if (dir == MMC_DIR_OUT)
		return mem_host_out(h->ep, data, len, false);
	err = mem_host_in(h->ep, data, len, &h->got);
	if (err == -EPIPE) {
		h->stalls++;
		mem_host_clear_halt_in(h->ep);
		err = 0;
	}
	return err;
}

static bool looks_like_csw(const struct bot_host *h, const uint8_t *data)
{
	return h->got == CSW_LEN && get_le32(data) == CSW_SIGNATURE && get_le32(data + 4) == h->tag;
}

static int command(struct bot_host *h, const uint8_t *cdb, size_t cdb_len, enum mmc_dir dir,
	void *data, uint32_t len, uint32_t *residue)
{
	uint8_t cbw[CBW_LEN];
	int status;

	bot_host_cbw(h, cbw, cdb, cdb_len, dir, len);
	status = mem_host_out(h->ep, cbw, CBW_LEN, false);
	if (status)
		return status;
	status = data_phase(h, dir, data, len);
	if (status)
		return status;
	if (len && dir == MMC_DIR_IN && looks_like_csw(h, data))
		return wrong(h, "a CSW where data was due");
	status = bot_host_csw(h, len, residue);
	if ((status == CSW_PASSED || status == CSW_FAILED) && len && dir == MMC_DIR_IN &&
		*residue != len - h->got)
		return wrong(h, "residue is not what was missing");
	return status;
}

int bot_host_command(struct bot_host *h, const uint8_t *cdb, size_t cdb_len, enum mmc_dir dir,
	void *data, uint32_t len, uint32_t *residue)
{
	uint32_t left = 0;
	int status;

	h->error = "";
	status = command(h, cdb, cdb_len, dir, data, len, &left);
	if (residue)
		*residue = left;
	if ((status < 0 && status != -ESHUTDOWN) || status == CSW_PHASE_ERROR) {
		int err = bot_host_recover(h);

		if (err)
			return err;
	}
	return status;
}
