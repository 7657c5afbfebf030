/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon and the resolver, the process that parses texts of strangers, say to each other:
 * each message is one packet of a socket pair. The daemon sends WIRE_PARSE; then the resolver asks
 * for files (WIRE_FIND) and bytes of them (WIRE_READ), and each of these gets one answer; WIRE_DISC
 * or WIRE_REFUSED is the last message.
 */
#ifndef CDIMAGE_WIRE_H
#define CDIMAGE_WIRE_H

#include "cdimage/cdimage.h"

/*
 * Differs between programs whose messages differ. After an upgrade, the daemon that still runs is
 * older than the resolver.
 */
#define WIRE_VERSION (0x02000000u + (uint32_t)sizeof(struct wire_disc))

enum wire_type {
	WIRE_PARSE = 1, /* to the resolver */
	WIRE_FIND,
	WIRE_FOUND, /* to the resolver */
	WIRE_READ,
	WIRE_BYTES, /* to the resolver */
	WIRE_DISC,
	WIRE_REFUSED
};

struct wire_parse {
	uint32_t version;
	uint32_t kind; /* enum cdimage_kind */
	uint32_t length;
	char name[CDIMAGE_NAME_MAX];
	char text[CDIMAGE_TEXT_MAX]; /* only its first `length` bytes are sent */
};

struct wire_find {
	char name[CDIMAGE_NAME_MAX];
};

struct wire_found {
	int32_t result; /* 0 or -errno */
	uint64_t size;
};

struct wire_read {
	uint32_t file, length;
	uint64_t offset;
};

struct wire_bytes {
	int32_t result; /* bytes, or -errno */
	uint8_t bytes[CDIMAGE_READ_MAX];
};

struct wire_disc {
	struct cd_map map;
	struct cdimage_mentions mentions;
	char note[CDIMAGE_ERROR_MAX];
	uint64_t decoded[CD_MAX_FILES]; /* bytes that a file is decoded to; 0: it is stored as it is
					 */
};

struct wire_refused {
	char error[CDIMAGE_ERROR_MAX];
};

struct wire_message {
	uint32_t type; /* enum wire_type */
	union {
		struct wire_parse parse;
		struct wire_find find;
		struct wire_found found;
		struct wire_read read;
		struct wire_bytes bytes;
		struct wire_disc disc;
		struct wire_refused refused;
	};
};

/* Bytes of a message that has that member as a whole. */
#define WIRE_SIZE(member)                                                                          \
	(offsetof(struct wire_message, member) + sizeof(((struct wire_message *)0)->member))

#endif
