/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the parts of u_bot; u_bot.c describes the program. */
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
	unsigned in, out; /* addresses of the bulk endpoints; 0: not found */
	unsigned packet;  /* their wMaxPacketSize */
	unsigned speed;   /* Mbit/s */
	unsigned got;     /* bytes of the last transfer, also if it failed */
};
extern struct usb usb;

/* Opens the device with these IDs and detaches usb-storage from its interface. 0 or -errno. */
int usb_attach(unsigned vendor, unsigned product);
void usb_detach(void);
/*
 * Transfers. Return the bytes moved, or -errno: -EPIPE halted, -ETIMEDOUT no answer, -EOVERFLOW
 * babble.
 */
int usb_control(
	unsigned type, unsigned request, unsigned value, unsigned index, void *data, unsigned len);
int usb_send(const void *data, unsigned len);
int usb_read(void *data, unsigned len);
int usb_read_for(void *data, unsigned len, unsigned ms);
bool usb_halted(unsigned ep);
/* True if bulk-in halts within this time. The device repeats a halt only by a timer. */
bool usb_halts(unsigned ep, unsigned ms);
int usb_clear_halt(unsigned ep);
int usb_set_halt(unsigned ep);
bool usb_port_reset(void);
bool usb_set_interface(void);

/* ---- Bulk-Only (u_bot_wire.c) ---- */

struct command {
	uint8_t cdb[16];
	uint8_t cdb_len;
	enum mmc_dir dir; /* as the host announces it */
	uint32_t len;     /* dCBWDataTransferLength */
};

struct answer {
	int error;      /* 0, -EPROTO for 13 bytes that are not the CSW, or the error of the pipe */
	uint32_t moved; /* bytes of the data phase */
	uint32_t residue;
	unsigned status;
	bool halted; /* bulk-in was halted at the end of the data */
	bool shown;  /* and GET_STATUS reported that */
};

extern uint8_t data[DATA_MAX]; /* of the data phase */
extern uint32_t tag;           /* of the last CBW */
/* True for behaviour.stall = "short": bulk-in halts if data-in ends early. */
extern bool strict;

#define SENSE(key, asc, ascq) ((uint32_t)(key) << 16 | (asc) << 8 | (ascq))

/* Prints one result. clause: what requires it. */
__attribute__((format(printf, 3, 4))) void check(
	bool good, const char *clause, const char *fmt, ...);
/* True if all results so far are good. */
bool all_good(void);

void make_cbw(uint8_t cbw[CBW_LEN], const struct command *c);
int send_cbw(const struct command *c);
struct answer read_csw(void);
struct answer run(const struct command *c);
/* Reset Recovery (BOT 5.3.4). True: the reset was acknowledged and both halts were cleared. */
bool reset_recovery(void);
bool class_reset(void);
/* True if TEST UNIT READY becomes GOOD, and each answer has the right tag. */
bool works(void);
uint32_t sense(void);
/* Returns the next writable address of the open track, UINT32_MAX if it is unknown. */
uint32_t next_writable(void);
/* True if mode page 2Ah reports that the host locks the drive. */
bool locked(void);

struct command cmd_ready(void);
struct command cmd_inquiry(uint32_t len);
struct command cmd_read(uint32_t lba, uint32_t blocks);
struct command cmd_write(uint32_t lba, uint32_t blocks);
struct command cmd_lock(bool lock);

/* Fill data with stamped blocks, and check that data holds them. */
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
