/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The composite USB gadget in configfs, through libusbgx: ids, strings, one
 * configuration, one FunctionFS function per drive, behind them serial ports and
 * network interfaces of the kernel's own. Gadgets of others are never touched.
 */
#ifndef GADGET_GADGET_H
#define GADGET_GADGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define GADGET_MAX_FUNCTIONS 8
#define GADGET_MAX_CDC       4

struct gadget;

/* Functions of the Communications Device Class: a serial port, two ways to carry Ethernet. */
enum gadget_cdc_type { GADGET_ACM, GADGET_NCM, GADGET_ECM };

struct gadget_cdc {
	enum gadget_cdc_type type;
	uint8_t host_mac[6], board_mac[6]; /* of the interface at either end; not for ACM */
};

struct gadget_config {
	const char *name; /* directory in configfs, e.g. "mmcgadget" */
	uint16_t id_vendor, id_product, bcd_device;
	const char *manufacturer, *product;
	const char *serial;        /* 12 or more upper-case hex digits (BOT 4.1.1) */
	const char *configuration; /* configuration string */
	unsigned max_power;        /* mA */
	const char *ffs_instance[GADGET_MAX_FUNCTIONS]; /* NULL-terminated unless full */
	unsigned cdcs;
	struct gadget_cdc cdc[GADGET_MAX_CDC];
};

/*
 * Makes it in configfs, which only root can; uid and gid may bind and unbind it
 * from then on. A gadget of the same name (left by a crash) is removed first. 0, or
 * -errno with the reason logged (no configfs, no libcomposite ...).
 */
int gadget_create(const struct gadget_config *config, uid_t uid, gid_t gid);
/* Unbinds it, unmounts its FunctionFS, removes it. None of that name: fine. */
int gadget_remove(const char *name);
/* One of that name is bound to a controller: somebody holds its FunctionFS. */
bool gadget_is_bound(const char *name);

/*
 * The gadget of that name as it is, bound (gadget_udc()) or not. 0; or -errno with
 * the reason in *why, when it is not the one that config describes.
 */
int gadget_adopt(const struct gadget_config *config, struct gadget **out, const char **why);
/* Lets go of it, and leaves it as it is. NULL is fine. */
void gadget_free(struct gadget *g);

/*
 * Binds to udc (NULL or "" = the first free one). 0; -ENODEV: no UDC (yet);
 * -EBUSY: taken, *owner (size owner_size) names the gadget that has it; -ENOSPC:
 * free, but it refuses these functions, most likely for want of endpoints (each
 * FunctionFS one has one IN and one OUT, each CDC one two and one); or -errno.
 * Only when every function has its descriptors (ffs_open()).
 */
int gadget_bind(struct gadget *g, const char *udc, char *owner, size_t owner_size);
/* Name of the UDC bound to, "" when not. */
const char *gadget_udc(const struct gadget *g);
/* 0 or -errno; not bound is fine. */
int gadget_unbind(struct gadget *g);

/* The kernel's name for it, e.g. "acm". */
const char *gadget_cdc_name(enum gadget_cdc_type type);

/* A CDC function as this board has it. Texts are "" when they do not apply. */
struct gadget_cdc_state {
	char node[32];                    /* "/dev/ttyGS0", or the interface "usb0" */
	char host_mac[18], board_mac[18]; /* 02:00:00:00:00:01 */
};

/*
 * Of the one at place of gadget_config.cdc. The node is there from the first
 * binding on, and is "" before. 0 or -errno.
 */
int gadget_cdc_look(const struct gadget *g, enum gadget_cdc_type type, unsigned place,
	struct gadget_cdc_state *state);

/* A stable serial for this board: 16 hex digits from machine-id or the SoC serial. */
void gadget_default_serial(char out[17]);

#endif
