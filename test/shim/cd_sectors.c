// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Prints sectors of a made-up compact disc, each unlike any other (test/lib/cd_disc.h):
 *
 *   cd_sectors audio|mode1|xa LBA COUNT [FROM BYTES]
 *
 * FROM BYTES: only that part of each sector, as of mode 1: 16 2048.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cd_disc.h"
#include "util/array.h"

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		uint8_t form;
	} forms[] = {{"audio", CD_AUDIO}, {"mode1", CD_MODE1}, {"xa", CD_XA}};
	uint8_t sector[CD_SECTOR];
	size_t i = 0;

	while (argc > 1 && i < ARRAY_LEN(forms) && strcmp(forms[i].name, argv[1]) != 0)
		i++;
	if ((argc != 4 && argc != 6) || i == ARRAY_LEN(forms)) {
		fputs("usage: cd_sectors audio|mode1|xa LBA COUNT [FROM BYTES]\n", stderr);
		return 2;
	}
	int32_t lba = (int32_t)atoi(argv[2]), end = lba + (int32_t)atoi(argv[3]);
	size_t from = argc == 6 ? (size_t)atoi(argv[4]) : 0;
	size_t bytes = argc == 6 ? (size_t)atoi(argv[5]) : CD_SECTOR;

	if (from + bytes > CD_SECTOR)
		return 2;
	for (; lba < end; lba++) {
		cd_disc_sector(forms[i].form, lba, sector);
		fwrite(sector + from, 1, bytes, stdout);
	}
	return fflush(stdout) != 0;
}
