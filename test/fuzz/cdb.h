/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CDBs from fuzzer input: raw ones, and the few that a disc needs from blank to finalised. */
#ifndef TEST_FUZZ_CDB_H
#define TEST_FUZZ_CDB_H

#include <string.h>

#include "fuzz/input.h"
#include "disc/disc.h"
#include "mmc/mmc.h"
#include "util/array.h"
#include "util/be.h"

enum cdb_kind {
	CDB_RAW,
	CDB_WRITE,
	CDB_READ,
	CDB_CLOSE,
	CDB_RESERVE,
	CDB_SYNC,
	CDB_START_STOP,
	CDB_KINDS
};

/* Returns the next writable address of the disc, 0 if there is none. */
static inline uint32_t cdb_nwa(const struct disc *d)
{
	uint32_t number = d ? disc_open_track(d) : 0;

	return number ? disc_track_nwa(d, disc_track(d, number)) : 0;
}

static inline uint32_t cdb_write(struct input *in, const struct disc *d, uint8_t cdb[16])
{
	uint8_t how = take8(in);
	uint32_t blocks = how % 33;

	cdb[0] = how & 0x80 ? 0xAA : 0x2A;
	/* Mostly at the next writable address. */
	put_be32(cdb + 2, cdb_nwa(d) + ((how & 0x60) == 0x60 ? take8(in) : 0));
	if (cdb[0] == 0x2A)
		put_be16(cdb + 7, blocks);
	else
		put_be32(cdb + 6, blocks);
	return blocks * MEDIA_BLOCK;
}

static inline uint32_t cdb_read(struct input *in, uint8_t cdb[16])
{
	uint32_t blocks = take8(in) % 65;

	cdb[0] = 0x28;
	put_be32(cdb + 2, take16(in));
	put_be16(cdb + 7, blocks);
	return blocks * MEDIA_BLOCK;
}

/*
 * Takes a CDB from the input. *dir and *len: what a host would announce for it. *cdb_len: 1..16.
 */
static inline void cdb_take(struct input *in, const struct disc *d, uint8_t cdb[16],
	uint8_t *cdb_len, enum mmc_dir *dir, uint32_t *len)
{
	uint8_t head = take8(in);

	memset(cdb, 0, 16);
	*cdb_len = 12;
	*dir = MMC_DIR_NONE;
	*len = 0;
	switch ((enum cdb_kind)(head % CDB_KINDS)) {
	case CDB_WRITE:
		*dir = MMC_DIR_OUT;
		*len = cdb_write(in, d, cdb);
		return;
	case CDB_READ:
		*dir = MMC_DIR_IN;
		*len = cdb_read(in, cdb);
		return;
	case CDB_CLOSE:
		cdb[0] = 0x5B;
		cdb[1] = head >> 7;
		cdb[2] = take8(in) & 7;
		cdb[5] = take8(in);
		return;
	case CDB_RESERVE:
		cdb[0] = 0x53;
		put_be32(cdb + 5, take16(in));
		return;
	case CDB_SYNC:
		cdb[0] = 0x35;
		return;
	case CDB_START_STOP:
		cdb[0] = 0x1B;
		cdb[4] = take8(in);
		return;
	default:
		take(in, cdb, 6u + head / CDB_KINDS % 11u);
		*cdb_len = (uint8_t)(1 + take8(in) % 16);
		*dir = (enum mmc_dir)(take8(in) % 3);
		*len = *dir == MMC_DIR_NONE ? 0 : take16(in);
		return;
	}
}

/* Makes a blank of a few ECC blocks, a blank so small that one write fills it, or a ROM. NULL: no
 * memory. */
static inline struct disc *cdb_disc(uint8_t choice)
{
	static const uint32_t capacity[] = {400, 64, 16, 17, 2000, 0};
	struct media *m =
		choice & 0x80 ? media_mem_new(1 + choice % 100, false) : media_mem_new(0, true);

	return m ? disc_new(m, capacity[choice % ARRAY_LEN(capacity)], NULL, NULL) : NULL;
}

#endif
