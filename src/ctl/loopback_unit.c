// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/loopback_unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "ctl/root_file.h"
#include "util/array.h"
#include "util/stream.h"

#define PATH_BYTES 512
#define SECTION    "[X-Loopback]"

static const struct {
	const char *verb, *drop_in, *description;
} kinds[] = {
	[KIND_LOOPBACK] = {"loopback", LOOPBACK_DROP_IN,
		"DVD burner of this PC itself, whose discs are files"},
	[KIND_NETWORK] = {"network", NETWORK_DROP_IN,
		"DVD burner for a PC at the other end of a network, whose discs are files"},
};

/*
 * Prints a word of a unit in quotes. systemd.syntax(7), systemd.service(5), systemd.unit(5):
 * backslashes begin escapes, "%" specifiers, and in a command line "$" variables.
 */
static void put_word(FILE *f, const char *word, bool command)
{
	fputc('"', f);
	for (; *word != '\0'; word++) {
		if (*word == '"' || *word == '\\')
			fputc('\\', f);
		if (*word == '%' || (*word == '$' && command))
			fputc(*word, f);
		fputc(*word, f);
	}
	fputc('"', f);
}

static void put_unit(FILE *f, const struct loopback_unit *u)
{
	const char *verb = kinds[u->kind].verb;

	fprintf(f,
		"# Made by \"mmcgadgetctl %s on\"; \"mmcgadgetctl %s off\" removes it.\n"
		"[Unit]\nDescription=%s\n\n[Service]\n",
		verb, verb, kinds[u->kind].description);
	fprintf(f, "User=%lu\nGroup=%lu\n", (unsigned long)u->uid, (unsigned long)u->gid);
	fputs("ExecStartPre=\n"
	      "ExecStartPre=+/usr/bin/nsenter -t 1 -m " SBINDIR "/mmcgadgetd --set-up ",
		f);
	put_word(f, u->user, true);
	fputs("\nExecStart=\nExecStart=" SBINDIR "/mmcgadgetd --udc ", f);
	put_word(f, u->controller, true);
	fputs(" --group= --media ", f);
	put_word(f, u->folder, true);
	/* This folder is all that the daemon sees of home directories. */
	fputs("\nProtectHome=tmpfs\nBindPaths=", f);
	put_word(f, u->folder, false);
	fputs("\n# The files that the daemon writes beside the discs have no "
	      "secrets.\nUMask=0022\n\n",
		f);
	/* systemd skips sections whose names begin with X-. The last line may end in a backslash.
	 */
	fprintf(f, SECTION "\nUser=%s\nController=%s\nModules=%s\n", u->user, u->controller,
		u->modules);
	if (u->kind == KIND_NETWORK)
		fprintf(f, "Listen=%s\n", u->listen);
	fprintf(f, "Folder=%s\n", u->folder);
}

int loopback_unit_write(const char *root, const struct loopback_unit *u)
{
	char path[PATH_BYTES];
	const char *drop_in = kinds[u->kind].drop_in;
	int r = root_make_folder(root, drop_in);
	FILE *f;

	if (r < 0)
		return r;
	root_path(root, path, sizeof(path), "%s", drop_in);
	f = fopen(path, "we");
	if (!f)
		return -errno;
	put_unit(f, u);
	fchmod(fileno(f), 0644);
	r = stream_close(f);
	if (r < 0)
		root_remove(root, drop_in);
	return r;
}

bool loopback_unit_read(const char *root, enum loopback_kind kind, struct loopback_unit *u)
{
	const struct {
		const char *key;
		char *at;
		size_t size;
	} keys[] = {
		{"User=", u->user, sizeof(u->user)},
		{"Controller=", u->controller, sizeof(u->controller)},
		{"Modules=", u->modules, sizeof(u->modules)},
		{"Listen=", u->listen, sizeof(u->listen)},
		{"Folder=", u->folder, sizeof(u->folder)},
	};
	char path[PATH_BYTES], line[512];
	bool inside = false;
	FILE *f;

	memset(u, 0, sizeof(*u));
	u->kind = kind;
	root_path(root, path, sizeof(path), "%s", kinds[kind].drop_in);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		inside |= strcmp(line, SECTION) == 0;
		for (size_t i = 0; inside && i < ARRAY_LEN(keys); i++) {
			size_t n = strlen(keys[i].key);

			if (strncmp(line, keys[i].key, n) == 0)
				snprintf(keys[i].at, keys[i].size, "%s", line + n);
		}
	}
	if (f)
		fclose(f);
	return *u->user != '\0' && *u->folder != '\0' && *u->controller != '\0';
}

void loopback_unit_remove(const char *root, enum loopback_kind kind)
{
	root_remove(root, kinds[kind].drop_in);
}
