/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sizes in bytes and times as text for people. */
#ifndef PROTOCOL_FORMAT_SIZE_H
#define PROTOCOL_FORMAT_SIZE_H

#include <stdint.h>

/* Writes "4.70 GB" and the like: decimal units, as they are printed on discs. */
void format_size(uint64_t bytes, char out[16]);
/* Writes "9:12", or with hours "1:09:12"; at most "99:59:59". */
void format_duration(uint64_t seconds, char out[16]);

#endif
