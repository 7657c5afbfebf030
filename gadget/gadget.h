/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The composite USB gadget in configfs, through libusbgx: ids, strings, one
 * configuration, one FunctionFS function per drive; other functions can stand
 * beside them. Gadgets of others are never touched.
 */
#ifndef GADGET_GADGET_H
#define GADGET_GADGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define GADGET_MAX_FUNCTIONS 8

struct gadget;

struct gadget_config {
	const char *name; /* directory in configfs, e.g. "mmcgadget" */
	uint16_t id_vendor, id_product, bcd_device;
	const char *manufacturer, *product;
	const char *serial;        /* 12 or more upper-case hex digits (BOT 4.1.1) */
	const char *configuration; /* configuration string */
	unsigned max_power;        /* mA */
	const char *ffs_instance[GADGET_MAX_FUNCTIONS]; /* NULL-terminated unless full */
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
 * -EBUSY: taken, *owner (size owner_size) names the gadget that has it; or
 * -errno. Only when every function has its descriptors (ffs_open()).
 */
int gadget_bind(struct gadget *g, const char *udc, char *owner, size_t owner_size);
/* Name of the UDC bound to, "" when not. */
const char *gadget_udc(const struct gadget *g);
/* 0 or -errno; not bound is fine. */
int gadget_unbind(struct gadget *g);

/* A stable serial for this board: 16 hex digits from machine-id or the SoC serial. */
void gadget_default_serial(char out[17]);

#endif
