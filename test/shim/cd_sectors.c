// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Prints sectors of a made-up compact disc, each unlike any other (test/lib/cd_disc.h):
 *
 *   cd_sectors audio|mode1|xa LBA COUNT [FROM BYTES]
 *
 * FROM BYTES: only that part of each sector, as of mode 1: 16 2048.
 *
 * Or what a .sub of CloneCD has, 12 bytes of P, 12 of Q, ... 12 of W for each sector:
 *
 *   cd_sectors sub COUNT              subchannels unlike those of any disc
 *   cd_sectors clone COUNT <SECTORS   these sectors, each with a byte for each symbol of the same
 *   cd_sectors split <SECTORS         those of sectors that have a byte for each symbol behind them
 *   cd_sectors main <SECTORS          such sectors without what is behind them
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cd_disc.h"
#include "util/array.h"

#define RAW   96u /* bytes of subchannel */
#define PLANE 12u

static uint8_t made_up(unsigned sector, unsigned byte)
{
	return (uint8_t)(sector * 7 + byte * 13 + 1);
}

static void put_subs(unsigned count)
{
	for (unsigned i = 0; i < count * RAW; i++)
		putchar(made_up(i / RAW, i % RAW));
}

/* Symbol n of the sector: the bits n of its eight planes. */
static uint8_t symbol(unsigned sector, unsigned n)
{
	uint8_t out = 0;

	for (unsigned channel = 0; channel < 8; channel++)
		out = (uint8_t)(out << 1 |
				(made_up(sector, channel * PLANE + n / 8) >> (7 - n % 8) & 1));
	return out;
}

static void put_clone(unsigned count)
{
	uint8_t sector[CD_SECTOR];

	for (unsigned i = 0; i < count && fread(sector, sizeof(sector), 1, stdin) == 1; i++) {
		fwrite(sector, sizeof(sector), 1, stdout);
		for (unsigned n = 0; n < RAW; n++)
			putchar(symbol(i, n));
	}
}

static void put_split(void)
{
	uint8_t sector[CD_SECTOR + RAW];

	while (fread(sector, sizeof(sector), 1, stdin) == 1) {
		for (unsigned i = 0; i < RAW; i++) {
			uint8_t out = 0;

			for (unsigned n = 0; n < 8; n++)
				out = (uint8_t)(out << 1 | (sector[CD_SECTOR + i % PLANE * 8 + n] >>
									   (7 - i / PLANE) &
								   1));
			putchar(out);
		}
	}
}

static void put_main(void)
{
	uint8_t sector[CD_SECTOR + RAW];

	while (fread(sector, sizeof(sector), 1, stdin) == 1)
		fwrite(sector, CD_SECTOR, 1, stdout);
}

/* False: it is another command. */
static bool is_subchannels(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "sub") == 0)
		put_subs((unsigned)atoi(argv[2]));
	else if (argc == 3 && strcmp(argv[1], "clone") == 0)
		put_clone((unsigned)atoi(argv[2]));
	else if (argc == 2 && strcmp(argv[1], "split") == 0)
		put_split();
	else if (argc == 2 && strcmp(argv[1], "main") == 0)
		put_main();
	else
		return false;
	return true;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		uint8_t form;
	} forms[] = {{"audio", CD_AUDIO}, {"mode1", CD_MODE1}, {"xa", CD_XA}};
	uint8_t sector[CD_SECTOR];
	size_t i = 0;

	if (is_subchannels(argc, argv))
		return fflush(stdout) != 0;
	while (argc > 1 && i < ARRAY_LEN(forms) && strcmp(forms[i].name, argv[1]) != 0)
		i++;
	if ((argc != 4 && argc != 6) || i == ARRAY_LEN(forms)) {
		fputs("usage: cd_sectors audio|mode1|xa LBA COUNT [FROM BYTES]\n"
		      "       cd_sectors sub COUNT | clone COUNT | split | main\n",
			stderr);
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
