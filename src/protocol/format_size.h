/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A size in bytes as text for people. */
#ifndef PROTOCOL_FORMAT_SIZE_H
#define PROTOCOL_FORMAT_SIZE_H

#include <stdint.h>

/* Writes "4.70 GB" and the like: decimal units, as they are printed on discs. */
void format_size(uint64_t bytes, char out[16]);

#endif
