/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The serial number of a gadget that has none in the configuration. PCs tell two boards apart by
 * it, and functions derive their MAC addresses from it.
 */
#ifndef USB_SERIAL_H
#define USB_SERIAL_H

/*
 * Writes 16 hex digits, the same in all processes of this board: a hash of what is the board's
 * own, see gadget_default_serial(), or else a random number that is kept. The first process of
 * root (mmcgadgetd --set-up, or a daemon without the service) decides, and keeps the result for
 * the service's daemon, which may see less of the board. Warns if a random number cannot be kept.
 * root: see gadget_default_serial().
 */
void usb_serial(const char *root, char out[17]);

#endif
