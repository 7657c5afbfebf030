// SPDX-License-Identifier: GPL-2.0-or-later
/* Takes over a gadget that another process made, if it matches the configuration. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gadget/gadget_int.h"

/* The differs_...() return NULL, or what differs as a static text. */
static const char *differs_in_ids(usbg_gadget *g, const struct gadget_config *c)
{
	struct usbg_gadget_attrs a;

	if (usbg_get_gadget_attrs(g, &a) != USBG_SUCCESS)
		return "its USB IDs cannot be read";
	return a.idVendor != c->id_vendor || a.idProduct != c->id_product ||
			       a.bcdDevice != c->bcd_device
		       ? "its USB IDs differ from the configuration"
		       : NULL;
}

static bool same(const char *got, const char *wanted)
{
	return strcmp(got ? got : "", wanted ? wanted : "") == 0;
}

static const char *differs_in_strings(usbg_gadget *g, const struct gadget_config *c)
{
	struct usbg_gadget_strs s;
	bool equal;

	if (usbg_get_gadget_strs(g, LANG_US_ENG, &s) != USBG_SUCCESS)
		return "its strings cannot be read";
	equal = same(s.manufacturer, c->manufacturer) && same(s.product, c->product) &&
		same(s.serial, c->serial);
	usbg_free_gadget_strs(&s);
	return equal ? NULL : "its strings differ from the configuration";
}

static const char *differs_in_config(usbg_gadget *g, const struct gadget_config *c)
{
	usbg_config *config = usbg_get_config(g, GADGET_CONFIG_ID, GADGET_CONFIG_LABEL);
	struct usbg_config_strs s;
	char path[256], power[16];
	bool equal;

	if (!config)
		return "its USB configuration is another one";
	if (usbg_get_config_strs(config, LANG_US_ENG, &s) != USBG_SUCCESS)
		return "its strings cannot be read";
	equal = same(s.configuration, c->configuration);
	usbg_free_config_strs(&s);
	/* libusbgx reads MaxPower into a byte, which is too small for it. */
	snprintf(path, sizeof(path), GADGETS "/%s/configs/%s.%d/MaxPower", c->name,
		GADGET_CONFIG_LABEL, GADGET_CONFIG_ID);
	equal = equal && gadget_read_line(path, power, sizeof(power)) &&
		strtoul(power, NULL, 0) == c->max_power;
	return equal ? NULL : "its USB configuration is another one";
}

static const char *differs_in_functions(usbg_gadget *g, const struct gadget_config *c)
{
	unsigned wanted = 0, found = 0;
	usbg_function *f;

	for (; wanted < GADGET_MAX_FUNCTIONS && c->ffs_instance[wanted]; wanted++) {
		if (!usbg_get_function(g, USBG_F_FFS, c->ffs_instance[wanted]))
			return "its functions differ from the configuration";
	}
	usbg_for_each_function(f, g) found++;
	return found == wanted + c->cdcs && gadget_cdc_matches(g, c)
		       ? NULL
		       : "its functions differ from the configuration";
}

/* Fills in g. NULL, or why the gadget cannot be taken over. */
static const char *find_matching(struct gadget *g, const struct gadget_config *c)
{
	char path[256];
	const char *why;

	g->name = strdup(c->name);
	if (!g->name || usbg_init(CONFIGFS, &g->state) != USBG_SUCCESS) {
		g->state = NULL;
		return "libusbgx cannot read configfs";
	}
	g->usbg = usbg_get_gadget(g->state, c->name);
	if (!g->usbg)
		return "there is no such gadget";
	snprintf(path, sizeof(path), GADGETS "/%s/UDC", c->name);
	gadget_read_line(path, g->udc, sizeof(g->udc));
	why = differs_in_ids(g->usbg, c);
	if (!why)
		why = differs_in_strings(g->usbg, c);
	if (!why)
		why = differs_in_config(g->usbg, c);
	if (!why)
		why = differs_in_functions(g->usbg, c);
	return why;
}

int gadget_take_over(const struct gadget_config *config, struct gadget **out, const char **why)
{
	struct gadget *g = calloc(1, sizeof(*g));

	if (!g) {
		*why = "out of memory";
		return -ENOMEM;
	}
	*why = find_matching(g, config);
	if (!*why) {
		*out = g;
		return 0;
	}
	gadget_free(g);
	return -ESTALE;
}
