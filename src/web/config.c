// SPDX-License-Identifier: GPL-2.0-or-later
#include "web/config.h"

#include <errno.h>
#include <libconfig.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "ctl/web_secret.h"
#include "util/array.h"
#include "util/distance.h"

#define GB UINT64_C(1000000000)

enum kind { TEXT, NUMBER, SWITCH, LIST };

/* The keys. max: of a text its bytes with the 0, of a number the largest. */
static const struct key {
	const char *name;
	enum kind kind;
	size_t at;
	long long max;
} keys[] = {
	{"socket", TEXT, offsetof(struct web_config, socket), 108},
	{"password_file", TEXT, offsetof(struct web_config, password_file), WEB_CONFIG_PATH},
	{"token_file", TEXT, offsetof(struct web_config, token_file), WEB_CONFIG_PATH},
	{"state", TEXT, offsetof(struct web_config, state), WEB_CONFIG_PATH},
	{"allow", LIST, 0, WEB_CONFIG_NETS},
	{"names", LIST, 0, WEB_CONFIG_NAMES},
	{"max_upload_gb", NUMBER, offsetof(struct web_config, max_upload), 1000},
	{"idle", NUMBER, offsetof(struct web_config, idle), 86400},
	{"proxy", SWITCH, offsetof(struct web_config, proxy), 0},
	{"debug", SWITCH, offsetof(struct web_config, debug), 0},
};

void web_config_defaults(struct web_config *c)
{
	memset(c, 0, sizeof(*c));
	strcpy(c->socket, "/run/mmcgadget/web");
	strcpy(c->password_file, WEB_PASSWORD_FILE);
	strcpy(c->token_file, WEB_TOKEN_FILE);
	strcpy(c->state, "/var/lib/mmcgadget-web");
	c->max_upload = 64 * GB;
	c->idle = 60;
}

/* Takes an element of a list. NULL, or what is wrong with it. */
static const char *take_element(struct web_config *c, bool allow, const char *text)
{
	if (!text)
		return "must be a list of strings";
	if (allow) {
		if (!peer_net_parse(text, &c->allow[c->allowed]))
			return "must hold networks such as \"192.168.1.0/24\"";
		c->allowed++;
		return NULL;
	}
	for (unsigned i = 0; i < WEB_CONFIG_NAMES; i++) {
		if (c->names[i])
			continue;
		if (*text == '\0' || strlen(text) >= sizeof(c->name[0]))
			return "holds a name that is empty or too long";
		strcpy(c->name[i], text);
		c->names[i] = c->name[i];
		return NULL;
	}
	return "has too many names";
}

static const char *take_list(struct web_config *c, const struct key *k, const config_setting_t *s)
{
	bool allow = strcmp(k->name, "allow") == 0;
	const char *fault = NULL;
	int n = config_setting_length(s);

	if (!config_setting_is_aggregate(s) || config_setting_is_group(s))
		return "must be a list of strings: ( \"...\" )";
	if (n > k->max)
		return "has too many entries";
	for (int i = 0; i < n && !fault; i++)
		fault = take_element(c, allow,
			config_setting_get_string(config_setting_get_elem(s, (unsigned)i)));
	return fault;
}

static const char *take_text(const struct key *k, const config_setting_t *s, char *at)
{
	const char *text = config_setting_get_string(s);

	if (!text || *text != '/' || strlen(text) >= (size_t)k->max)
		return "must be an absolute path in quotes, and not too long";
	strcpy(at, text);
	return NULL;
}

static const char *take_number(const struct key *k, const config_setting_t *s, void *at)
{
	long long n = config_setting_get_int64(s);

	if (!config_setting_is_number(s) || config_setting_type(s) == CONFIG_TYPE_FLOAT)
		return "must be a whole number";
	if (n < 0 || n > k->max)
		return "is out of range";
	if (k->at == offsetof(struct web_config, max_upload))
		*(uint64_t *)at = (uint64_t)n * GB;
	else
		*(unsigned *)at = (unsigned)n;
	return NULL;
}

static const char no_key[] = "is no key of this file";

/* Returns the key that was probably meant, or NULL. */
static const char *near_key(const char *name)
{
	struct nearest near;

	nearest_begin(&near, name);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		nearest_try(&near, keys[i].name);
	return near.word;
}

/* Takes a setting. NULL, or what is wrong with it. */
static const char *take(struct web_config *c, const config_setting_t *s)
{
	const char *name = config_setting_name(s);

	for (size_t i = 0; name && i < ARRAY_LEN(keys); i++) {
		char *at = (char *)c + keys[i].at;

		if (strcmp(keys[i].name, name) != 0)
			continue;
		switch (keys[i].kind) {
		case TEXT:
			return take_text(&keys[i], s, at);
		case NUMBER:
			return take_number(&keys[i], s, at);
		case LIST:
			return take_list(c, &keys[i], s);
		case SWITCH:
			if (config_setting_type(s) != CONFIG_TYPE_BOOL)
				return "must be true or false";
			*(bool *)at = config_setting_get_bool(s);
			return NULL;
		}
	}
	return no_key;
}

int web_config_load(const char *path, struct web_config *c, char *why, unsigned size)
{
	const config_setting_t *root;
	const char *fault = NULL;
	config_t file;
	FILE *f = fopen(path, "re");

	if (!f)
		return -errno;
	config_init(&file);
	if (!config_read(&file, f)) {
		snprintf(why, size, "%s:%d: %s", path, config_error_line(&file),
			config_error_text(&file));
		fault = why;
	}
	root = config_root_setting(&file);
	for (int i = 0; !fault && i < config_setting_length(root); i++) {
		const config_setting_t *s = config_setting_get_elem(root, (unsigned)i);
		const char *near;

		fault = take(c, s);
		near = fault == no_key ? near_key(config_setting_name(s)) : NULL;
		if (fault)
			snprintf(why, size, "%s:%u: %s %s%s%s%s", path,
				config_setting_source_line(s), config_setting_name(s), fault,
				near ? "; did you mean \"" : "", near ? near : "",
				near ? "\"?" : "");
	}
	config_destroy(&file);
	fclose(f);
	return fault ? -EINVAL : 0;
}
