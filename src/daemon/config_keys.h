/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys of the configuration file: where their values go, and which values are valid. */
#ifndef DAEMON_CONFIG_KEYS_H
#define DAEMON_CONFIG_KEYS_H

#include <stddef.h>

enum key_type { KEY_TEXT, KEY_NUMBER, KEY_CHOICE, KEY_BOOL };

struct choice {
	const char *text;
	int value;
};

struct key {
	const char *path; /* "gadget.name"; in an entry of a list only "name" */
	enum key_type type;
	size_t offset;    /* of the value in its structure: a char array, otherwise an int */
	int min, max;     /* text: length in bytes; number: value */
	const char *text; /* text and choice: the default */
	int number;       /* number and bool: the default */
	const char *(*check)(const char *value); /* text: NULL, or returns the fault or NULL */
	const struct choice *choices; /* choice: the values; number: NULL, or the only values */
};

struct key_list {
	const struct key *key;
	size_t count;
};

extern const struct key_list config_keys;          /* of struct config */
extern const struct key_list config_drive_keys;    /* of struct config_drive */
extern const struct key_list config_function_keys; /* of struct usb_function */

/* Older names of keys, which stay valid. */
struct key_alias {
	const char *old, *path;
};
extern const struct key_alias config_aliases[];
extern const size_t config_alias_count;

/* Returns the key of that path or alias, NULL if there is none. */
const struct key *key_find(const struct key_list *list, const char *path);
/* Writes the defaults of all keys of the list to the structure at base. */
void key_set_defaults(const struct key_list *list, void *base);

#endif
