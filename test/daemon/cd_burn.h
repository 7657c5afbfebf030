/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Burns a CD by the commands of a host, in a drive with a fake USB thread. */
#ifndef DAEMON_CD_BURN_H
#define DAEMON_CD_BURN_H

#include "daemon/fake_usb.h"

#include "cd/text.h"
#include "util/be.h"

/* Carries out a command that takes exactly these bytes from the host. True = GOOD. */
static inline bool cd_command(
	struct fake_usb *u, const uint8_t *cdb, unsigned len, uint32_t out, const void *data)
{
	struct mmc_xfer xfer;

	mmc_begin(drive_engine(u->drive), cdb, len, 0, &xfer);
	if (xfer.len == out && out > 0)
		fake_push(u, data, out);
	return fake_end(u) == MMC_GOOD && xfer.len == out;
}

/* Mode page 05h: audio, blocks of 2352 bytes, no other session; track-at-once or by a cue sheet. */
static inline bool cd_select_audio(struct fake_usb *u, bool at_once)
{
	static const uint8_t cdb[10] = {0x55, 0x10, 0, 0, 0, 0, 0, 0, 60};
	uint8_t list[60] = {0};

	list[8] = 0x05;
	list[9] = 0x32;
	list[10] = at_once ? 0x42 : 0x41;
	list[23] = 150;
	return cd_command(u, cdb, sizeof(cdb), sizeof(list), list);
}

/* WRITE(10) of one block of so many bytes. */
static inline bool cd_write(struct fake_usb *u, int32_t lba, const void *data, uint32_t len)
{
	uint8_t cdb[10] = {0x2a, 0, 0, 0, 0, 0, 0, 0, 1};

	put_be32(cdb + 2, (uint32_t)lba);
	return cd_command(u, cdb, sizeof(cdb), len, data);
}

static inline bool cd_cue_sheet(struct fake_usb *u, const uint8_t *sheet, uint8_t len)
{
	const uint8_t cdb[10] = {0x5d, [8] = len};

	return cd_command(u, cdb, sizeof(cdb), len, sheet);
}

/*
 * Writes the titles of a disc and two tracks, of at most 11 characters, to the lead-in: a pack for
 * each, and the sizes, which say that the texts are ISO 8859-1.
 */
static inline bool cd_write_titles(struct fake_usb *u, const char *const text[3])
{
	uint8_t packs[CD_TEXT_OF_SECTOR] = {0}, *pack = packs, symbols[96];

	for (uint8_t i = 0; i < 4; i++, pack += CD_TEXT_PACK) {
		pack[0] = i < 3 ? 0x80 : 0x8f;
		pack[1] = i < 3 ? i : 0;
		pack[2] = i;
		if (i < 3)
			memcpy(pack + 4, text[i], strlen(text[i]));
		cd_text_seal(pack);
	}
	cd_text_to_lead_in(packs, symbols);
	return cd_write(u, -151, symbols, sizeof(symbols));
}

static inline bool cd_flush(struct fake_usb *u)
{
	static const uint8_t cdb[10] = {0x35};

	return cd_command(u, cdb, sizeof(cdb), 0, NULL);
}

/* CLOSE TRACK/SESSION: function 2 finalises the disc, as page 05h allows no other session. */
static inline bool cd_close(struct fake_usb *u, uint8_t function)
{
	const uint8_t cdb[10] = {0x5b, 0, function};

	return cd_command(u, cdb, sizeof(cdb), 0, NULL);
}

#endif
