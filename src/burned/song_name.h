/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names for the files of the songs of a compact disc, and for the folder that has them. Any thread.
 */
#ifndef BURNED_SONG_NAME_H
#define BURNED_SONG_NAME_H

#include <stdint.h>

#include "cd/map.h"

#define SONG_NAME       256u /* bytes of a name, with the final NUL */
#define SONG_WAV_HEADER 44u  /* bytes before the samples */
#define SONG_FOLDERS    999u /* numbers after the name of a folder, at most */

/*
 * Writes the name of the folder: "PERFORMER - TITLE" or "TITLE" by the CD-Text, otherwise `image`,
 * the name of the disc's file, without its suffix; "Audio CD" if no character of these can be used.
 * Room for a blank and a number of SONG_FOLDERS is left after it. FAT, exFAT and Windows can hold
 * the name, also with such a number, and the names of song_file_name().
 */
void song_folder_name(const struct cd_map *m, const char *image, char out[SONG_NAME]);

/*
 * Writes the name of the file of a track, by its position in the map: "03 TITLE.wav"; without a
 * title "03 Track 03.wav", or "Track 03.wav" if no track of the disc has one.
 */
void song_file_name(const struct cd_map *m, unsigned track, char out[SONG_NAME]);

/*
 * Writes the header of a WAV file of that many bytes of samples: 16 bits, two channels, 44.1 kHz
 * (RIFF, WAVE_FORMAT_PCM). bytes is even.
 */
void song_wav_header(uint32_t bytes, uint8_t out[SONG_WAV_HEADER]);

#endif
