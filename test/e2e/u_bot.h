/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of u_bot share; u_bot.c says what it is. */
#ifndef TEST_E2E_U_BOT_H
#define TEST_E2E_U_BOT_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bot/wire.h"
#include "mmc/mmc.h"

#define BLOCK    2048u
#define DATA_MAX (128u * 1024u)

/* ---- the device, by usbfs (u_bot_usb.c) ---- */

enum { SPEED_FULL = 12, SPEED_HIGH = 480, SPEED_SUPER = 5000 };

struct usb {
	int fd;
	unsigned in, out; /* addresses of the bulk endpoints, 0 = not found */
	unsigned packet;  /* their wMaxPacketSize */
	unsigned speed;   /* Mbit/s */
	unsigned got;     /* bytes of the last transfer, also of one that failed */
};
extern struct usb usb;

/* Opens the device of these ids and takes its interface from usb-storage. 0 or -errno. */
int usb_attach(unsigned vendor, unsigned product);
void usb_detach(void);
/* Bytes moved, or -errno: -EPIPE halted, -ETIMEDOUT nothing came, -EOVERFLOW babble. */
int usb_control(
	unsigned type, unsigned request, unsigned value, unsigned index, void *data, unsigned len);
int usb_send(const void *data, unsigned len);
int usb_read(void *data, unsigned len);
int usb_read_for(void *data, unsigned len, unsigned ms);
bool usb_halted(unsigned ep);
/* Within this time; a halt that the device sets again and again takes it a moment. */
bool usb_halts(unsigned ep, unsigned ms);
int usb_clear_halt(unsigned ep);
int usb_set_halt(unsigned ep);
bool usb_port_reset(void);
bool usb_set_interface(void);

/* ---- Bulk-Only (u_bot_wire.c) ---- */

struct command {
	uint8_t cdb[16];
	uint8_t cdb_len;
	enum mmc_dir dir; /* the host's */
	uint32_t len;     /* dCBWDataTransferLength */
};

struct answer {
	int error;      /* 0, -EPROTO for 13 bytes that are no CSW of ours, or of the pipe */
	uint32_t moved; /* bytes of the data phase */
	uint32_t residue;
	unsigned status;
	bool halted; /* bulk-in was, where the data ended */
	bool shown;  /* and GET_STATUS said so */
};

extern uint8_t data[DATA_MAX]; /* of the data phase */
extern uint32_t tag;           /* of the last CBW */
/* behaviour.stall = "short": bulk-in halts where data-in ends early. */
extern bool strict;

#define SENSE(key, asc, ascq) ((uint32_t)(key) << 16 | (asc) << 8 | (ascq))

/* One result. The clause is what the expectation is from. */
__attribute__((format(printf, 3, 4))) void check(
	bool good, const char *clause, const char *fmt, ...);
/* Whether all was well so far. */
bool all_good(void);

void make_cbw(uint8_t cbw[CBW_LEN], const struct command *c);
int send_cbw(const struct command *c);
struct answer read_csw(void);
struct answer run(const struct command *c);
/* BOT 5.3.4; the reset was acknowledged and both halts could be cleared. */
bool reset_recovery(void);
bool class_reset(void);
/* TEST UNIT READY becomes good, each answer with its own tag. */
bool works(void);
uint32_t sense(void);
/* Of the track that is open; UINT32_MAX when nobody says. */
uint32_t next_writable(void);
/* The host has forbidden removal, says mode page 2Ah. */
bool locked(void);

struct command cmd_ready(void);
struct command cmd_inquiry(uint32_t len);
struct command cmd_read(uint32_t lba, uint32_t blocks);
struct command cmd_write(uint32_t lba, uint32_t blocks);
struct command cmd_lock(bool lock);

/* Blocks that tell where they belong, in data; whether these are such. */
void stamp(uint32_t lba, uint32_t blocks);
bool stamped(uint32_t lba, uint32_t blocks);

/* ---- the tests ---- */

void test_descriptors(void); /* u_bot_desc.c */
void test_class_requests(void);
void test_cases(void);       /* u_bot_cases.c */
void test_broken_cbws(void); /* u_bot_cbw.c */
void test_meaningless_cbws(void);
void test_padded_cdbs(void);
void test_out_of_turn(void);
void test_data(void); /* u_bot_data.c */
void test_commands(void);
void test_resets(void); /* u_bot_reset.c */
void test_ignored_halts(void);

#endif
