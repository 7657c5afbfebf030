/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mmcredir: the drive as a USB device of a virtual machine, without a kernel and without a
 * guest system. QEMU's usb-redir device hands the packets of its USB controller over a socket;
 * here they meet BOT over the in-memory endpoints of test/lib, and the engine over a disc in
 * memory. So any firmware, boot loader or system can be tried against the engine:
 *
 *	build/mmcredir /tmp/socket blank &
 *	qemu-system-x86_64 -bios OVMF.fd -device qemu-xhci \
 *		-chardev socket,id=drive,path=/tmp/socket -device usb-redir,chardev=drive
 *
 * Each command becomes a line on the standard output: seconds since the first one, the CDB,
 * the status (GOOD, KEY/ASC/ASCQ, or "none" without a status) and the name of the command. The
 * host's resets are lines with the words "reset" and "bus" or "bulk-only".
 */
#ifndef TEST_REDIR_REDIR_H
#define TEST_REDIR_REDIR_H

#include <stdbool.h>
#include <stdint.h>

#include <usbredirparser.h>

#include "lib/mem_ep.h"

#define REDIR_IN    0x81 /* endpoint addresses */
#define REDIR_OUT   0x02
#define REDIR_SIZE  512u /* wMaxPacketSize at high speed */
#define REDIR_QUEUE 16u  /* bulk-in transfers that wait for the drive */

/* ---- redir_drive.c: BOT, the engine, the disc ---- */

struct redir_drive;

/*
 * what: "empty", "blank", or the path of an image, which is read into memory. Failures end the
 * program with a message.
 */
struct redir_drive *redir_drive_new(const char *what);
void redir_drive_free(struct redir_drive *d);
struct mem_ep *redir_drive_ep(struct redir_drive *d);

/* ---- redir_desc.c: what the device says of itself ---- */

/*
 * The descriptor of GET_DESCRIPTOR with that wValue. Returns its length, or 0: the device has
 * none, and stalls.
 */
uint32_t redir_descriptor(uint16_t value, const uint8_t **data);
/* The same facts for QEMU. Sends them, and the device becomes connected. */
void redir_announce(struct usbredirparser *p, bool connect);

#endif
