/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every sense that the drive returns by itself: key, ASC, ASCQ (SPC-4 4.5, MMC-6 annex F). A fault
 * on request can have any other (mmc/fault.h).
 */
#ifndef MMC_SENSE_H
#define MMC_SENSE_H

#include "mmc/mmc.h"

#define SENSE(key, asc, ascq) ((mmc_sense_t)((uint32_t)(key) << 16 | (uint32_t)(asc) << 8 | (ascq)))

/* Response code 71h: the error of an earlier command that was answered GOOD (SPC-4 4.5.7). */
#define SENSE_DEFERRED ((mmc_sense_t)0x01000000)

// clang-format off
#define SENSE_NONE                  SENSE(0x0, 0x00, 0x00)
#define SENSE_NO_MEDIUM             SENSE(0x2, 0x3a, 0x01) /* tray closed; of an open one, too: Linux would close it */
#define SENSE_READ_ERROR            SENSE(0x3, 0x11, 0x00)
#define SENSE_WRITE_ERROR           SENSE(0x3, 0x0c, 0x00)
#define SENSE_DEFERRED_WRITE_ERROR  (SENSE_DEFERRED | SENSE_WRITE_ERROR)
#define SENSE_LIST_LENGTH           SENSE(0x5, 0x1a, 0x00)
#define SENSE_INVALID_OPCODE        SENSE(0x5, 0x20, 0x00)
#define SENSE_LBA_OUT_OF_RANGE      SENSE(0x5, 0x21, 0x00)
#define SENSE_BAD_WRITE_ADDRESS     SENSE(0x5, 0x21, 0x02)
#define SENSE_INVALID_FIELD_IN_CDB  SENSE(0x5, 0x24, 0x00)
#define SENSE_INVALID_PARAMETER     SENSE(0x5, 0x26, 0x00)
#define SENSE_SEQUENCE_ERROR        SENSE(0x5, 0x2c, 0x00)
#define SENSE_CANNOT_WRITE_MEDIUM   SENSE(0x5, 0x30, 0x05)
#define SENSE_CANNOT_FORMAT_MEDIUM  SENSE(0x5, 0x30, 0x06)
#define SENSE_SAVING_NOT_SUPPORTED  SENSE(0x5, 0x39, 0x00)
#define SENSE_REMOVAL_PREVENTED     SENSE(0x5, 0x53, 0x02)
#define SENSE_END_OF_USER_AREA      SENSE(0x5, 0x63, 0x00)
#define SENSE_ILLEGAL_MODE          SENSE(0x5, 0x64, 0x00)
#define SENSE_KEY_NOT_PRESENT       SENSE(0x5, 0x6f, 0x01)
#define SENSE_KEY_NOT_ESTABLISHED   SENSE(0x5, 0x6f, 0x02)
#define SENSE_SESSION_FIXATION      SENSE(0x5, 0x72, 0x00)
#define SENSE_WRITE_PROTECTED       SENSE(0x7, 0x27, 0x00)
#define SENSE_MEDIUM_CHANGED        SENSE(0x6, 0x28, 0x00)
#define SENSE_RESET                 SENSE(0x6, 0x29, 0x00)
#define SENSE_REMOVAL_REQUEST       SENSE(0x6, 0x5a, 0x01)
#define SENSE_DATA_PHASE            SENSE(0xb, 0x4b, 0x00)
// clang-format on

/* Not a sense: the medium is not ready, and mmc_end() answers MMC_AGAIN. */
#define SENSE_AGAIN ((mmc_sense_t)0xffffffff)

/* The sense for a result of the disc layer (enum disc_result or -errno); 0 for DISC_OK. */
mmc_sense_t sense_from_disc(int result, bool writing);

#endif
