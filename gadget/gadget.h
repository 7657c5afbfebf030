/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The composite USB gadget in configfs, through libusbgx: IDs, strings and one
 * configuration with one FunctionFS function for each drive, followed by the kernel's
 * own serial ports and network interfaces. Gadgets of other names are never changed.
 */
#ifndef GADGET_GADGET_H
#define GADGET_GADGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define GADGET_MAX_FUNCTIONS 8
#define GADGET_MAX_CDC       4
#define GADGET_MAX_REFUSALS  4

struct gadget;

/* USB functions of the Communications Device Class: a serial port, Ethernet as NCM or ECM. */
enum gadget_cdc_type { GADGET_ACM, GADGET_NCM, GADGET_ECM };

struct gadget_cdc {
	enum gadget_cdc_type type;
	uint8_t host_mac[6], board_mac[6]; /* of the interfaces at both ends; unused for ACM */
};

struct gadget_config {
	const char *name; /* directory in configfs, e.g. "mmcgadget" */
	uint16_t id_vendor, id_product, bcd_device;
	const char *manufacturer, *product;
	const char *serial;        /* 12 or more upper-case hex digits (BOT 4.1.1) */
	const char *configuration; /* configuration string */
	unsigned max_power;        /* mA */
	const char *ffs_instance[GADGET_MAX_FUNCTIONS]; /* NULL-terminated unless full */
	unsigned cdcs;                                  /* entries of cdc[] */
	struct gadget_cdc cdc[GADGET_MAX_CDC];
};

/*
 * Makes the gadget in configfs. Needs root; afterwards uid may bind and unbind it. Members of gid
 * may not: configfs lets only the owner write to an attribute.
 * Removes a gadget of the same name first, which a crash may have left. 0, or -errno
 * with the reason logged (no configfs, no libcomposite ...).
 */
int gadget_create(const struct gadget_config *config, uid_t uid, gid_t gid);
/*
 * Unbinds the gadget, unmounts its FunctionFS and removes it from configfs. Needs root. 0,
 * also if there is no gadget of that name, or -errno with the reason logged.
 */
int gadget_remove(const char *name);
/*
 * True if a gadget of that name is bound to a controller, which implies that a process
 * keeps the files of its FunctionFS open.
 */
bool gadget_is_bound(const char *name);

/*
 * Takes over the gadget config->name, which another process made, bound (gadget_udc()) or
 * not, and changes nothing in it. 0, and *out belongs to the caller (gadget_free()); or
 * -errno with the reason in *why (static text) if it is not the one that config describes.
 */
int gadget_take_over(const struct gadget_config *config, struct gadget **out, const char **why);
/* Frees the handle; the gadget stays as it is. NULL is allowed. */
void gadget_free(struct gadget *g);

/* Why a controller does not take the gadget. */
struct gadget_refusal {
	/*
	 *   -EBUSY   it is in use; owner names the gadget that has it
	 *   -ENOSPC  it is free but refuses these functions, most likely because it has too few
	 *            endpoints (a FunctionFS function takes one IN and one OUT, a CDC function
	 *            two IN and one OUT)
	 * or another -errno: it was not asked.
	 */
	int error;
	char udc[256], owner[256]; /* names of directories */
};

/* Of the controllers that there are, by name. If none could be asked, that alone is in it. */
struct gadget_refusals {
	unsigned count;
	struct gadget_refusal one[GADGET_MAX_REFUSALS];
};

/*
 * Binds the gadget to udc (NULL or "": the first one, by name, that accepts it). Every FunctionFS
 * function must have its descriptors (ffs_open()). 0, also if it is bound already, or the first
 * error in *refusals; -ENODEV, with none in it, if there is no such UDC, or none yet.
 */
int gadget_bind(struct gadget *g, const char *udc, struct gadget_refusals *refusals);
/* The name of the UDC it is bound to, "" if it is not bound. */
const char *gadget_udc(const struct gadget *g);
/* Unbinds the gadget. 0, also if it is not bound or the controller disappeared, or -errno. */
int gadget_unbind(struct gadget *g);

/* The kernel's name of the function, e.g. "acm". */
const char *gadget_cdc_name(enum gadget_cdc_type type);

/* A CDC function on this board. Texts that do not apply are "". */
struct gadget_cdc_state {
	char node[32];                    /* "/dev/ttyGS0", or the interface "usb0" */
	char host_mac[18], board_mac[18]; /* 02:00:00:00:00:01 */
};

/*
 * Gets the state of the CDC function at that place in gadget_config.cdc. The name of a
 * network interface is known from the first binding on. 0 or -errno.
 */
int gadget_cdc_get_state(const struct gadget *g, enum gadget_cdc_type type, unsigned place,
	struct gadget_cdc_state *state);

/* The source of a serial number. */
enum gadget_serial {
	GADGET_SERIAL_NONE, /* this board has nothing of its own: out is "" */
	GADGET_SERIAL_ID,   /* the device tree's serial number, or machine-id: all users see it */
	GADGET_SERIAL_HARDWARE, /* a part of the board; a sandbox or a missing right may hide it */
};

/*
 * Makes a serial number that is the same at each call on this board and differs from other
 * boards': 16 upper-case hex digits, a hash of the device tree's serial number, of machine-id,
 * or of an Ethernet address, a memory card's ID or the firmware's UUID, whichever there is
 * first. root goes before all paths: "", or the folder of a test.
 */
enum gadget_serial gadget_default_serial(const char *root, char out[17]);
/* Writes hash as such a serial number. */
void gadget_write_serial(uint64_t hash, char out[17]);

#endif
