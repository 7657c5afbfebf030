/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses of a compact disc: an LBA counts sectors from MSF 00:02:00 on; MSF is minute, second
 * and frame (ECMA-130 22.3; MMC-6 4.2.3.2). MSF is binary in READ TOC, READ SUB-CHANNEL and CDBs,
 * and BCD in headers of sectors and in subchannel Q.
 */
#ifndef CD_ADDRESS_H
#define CD_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

struct cd_msf {
	uint8_t minute, second, frame; /* binary */
};

/*
 * Returns the MSF of an LBA from -45150 (90:00:00 of the lead-in) to 449849 (99:59:74). Below -150
 * is the lead-in, whose times count up to 99:59:74.
 */
static inline struct cd_msf cd_msf(int32_t lba)
{
	uint32_t frames = (uint32_t)(lba + (lba < -150 ? 450150 : 150));
	uint32_t seconds = frames / 75;

	return (struct cd_msf){
		(uint8_t)(seconds / 60), (uint8_t)(seconds % 60), (uint8_t)(frames % 75)};
}

/*
 * Writes the LBA of a time in the program area, as READ CD MSF and cue sheets have it. False: it is
 * no time. MMC-6 reserves the times from 90:00:00 on for the lead-in. Here they are in the program
 * area: a disc of 99 minutes has them, and no command reads the lead-in by MSF.
 */
static inline bool cd_lba(struct cd_msf msf, int32_t *lba)
{
	if (msf.minute > 99 || msf.second > 59 || msf.frame > 74)
		return false;
	*lba = (msf.minute * 60 + msf.second) * 75 + msf.frame - 150;
	return true;
}

/* Returns a number below 100 in BCD. */
static inline uint8_t cd_bcd(uint8_t binary)
{
	return (uint8_t)(binary / 10 << 4 | binary % 10);
}

#endif
