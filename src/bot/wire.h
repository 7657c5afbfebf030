/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CBW and CSW (BOT 1.0 chapter 5): their bytes on the wire, little-endian. */
#ifndef BOT_WIRE_H
#define BOT_WIRE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "util/be.h"

#define CBW_LEN       31u
#define CBW_SIGNATURE 0x43425355u
#define CBW_FLAG_IN   0x80u /* bit 7 of bmCBWFlags; bit 6 is obsolete, the others are reserved */
#define CBW_CDB_MAX   16u

#define CSW_LEN       13u
#define CSW_SIGNATURE 0x53425355u

enum csw_status { CSW_PASSED = 0, CSW_FAILED = 1, CSW_PHASE_ERROR = 2 };

struct cbw {
	uint32_t tag;
	uint32_t length;             /* dCBWDataTransferLength */
	uint8_t flags, lun, cdb_len; /* whole bytes, with their reserved bits */
	uint8_t cdb[CBW_CDB_MAX];
};

static inline bool cbw_has_signature(const uint8_t *p)
{
	return get_le32(p) == CBW_SIGNATURE;
}

static inline void cbw_decode(struct cbw *cbw, const uint8_t *p)
{
	cbw->tag = get_le32(p + 4);
	cbw->length = get_le32(p + 8);
	cbw->flags = p[12];
	cbw->lun = p[13];
	cbw->cdb_len = p[14];
	memcpy(cbw->cdb, p + 15, CBW_CDB_MAX);
}

static inline void cbw_encode(const struct cbw *cbw, uint8_t *p)
{
	put_le32(p, CBW_SIGNATURE);
	put_le32(p + 4, cbw->tag);
	put_le32(p + 8, cbw->length);
	p[12] = cbw->flags;
	p[13] = cbw->lun;
	p[14] = cbw->cdb_len;
	memcpy(p + 15, cbw->cdb, CBW_CDB_MAX);
}

static inline void csw_encode(uint8_t *p, uint32_t tag, uint32_t residue, uint8_t status)
{
	put_le32(p, CSW_SIGNATURE);
	put_le32(p + 4, tag);
	put_le32(p + 8, residue);
	p[12] = status;
}

#endif
