/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FNV-1a, 64 bits: tells whether data has changed, and makes a number of a text. Data with a given
 * hash is easy to find, so it protects from no attacker.
 */
#ifndef UTIL_HASH_H
#define UTIL_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define HASH_START UINT64_C(0xcbf29ce484222325)

/* Returns the hash of all data so far; hash is HASH_START or an earlier result. */
static inline uint64_t hash_bytes(uint64_t hash, const void *data, size_t size)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
	return hash;
}

/* Includes the terminating zero, so that "ab", "c" and "a", "bc" differ. */
static inline uint64_t hash_text(uint64_t hash, const char *s)
{
	return hash_bytes(hash, s, strlen(s) + 1);
}

#endif
