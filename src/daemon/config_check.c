// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/config_check.h"

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "util/array.h"
#include "util/shell_word.h"

/* As in the unit. */
#define SERVICE_USER   "mmcgadget"
#define SERVICE_FOLDER "/var/lib/mmcgadget"
#define UNIT           "mmcgadgetd.service"
#define DROP_INS       "/etc/systemd/system/" UNIT ".d"

#define UDC_CLASS "/sys/class/udc"

/* Returns the number of controllers, and writes their names, separated by ", ". */
static unsigned list_udcs(char *names, size_t size)
{
	DIR *dir = opendir(UDC_CLASS);
	struct dirent *e;
	unsigned count = 0;
	size_t n = 0;

	names[0] = '\0';
	while (dir && (e = readdir(dir))) {
		if (e->d_name[0] == '.')
			continue;
		if (n < size)
			n += (size_t)snprintf(
				names + n, size - n, "%s%s", count ? ", " : "", e->d_name);
		count++;
	}
	if (dir)
		closedir(dir);
	return count;
}

static void warn_of_udc(const struct config *c, FILE *out)
{
	const char *udc = c->usb.udc;
	char path[sizeof(UDC_CLASS) + 80], names[512];
	unsigned count = list_udcs(names, sizeof(names));

	snprintf(path, sizeof(path), UDC_CLASS "/%s", udc);
	if (*udc != '\0' && access(path, F_OK) < 0)
		fprintf(out,
			"warning: udc: there is no controller \"%s\" in " UDC_CLASS
			"; there is %s\n",
			udc, count ? names : "none (mmcgadgetctl doctor says why)");
	if (*udc == '\0' && count == 1)
		udc = names;
	/* docs/virtual.md; other controllers refuse a gadget that is too large. */
	for (unsigned i = 4; i < c->drives && i < 6 && strncmp(udc, "dummy_udc", 9) == 0; i++)
		fprintf(out,
			"warning: drive \"%s\": %s has no endpoints of its own for a %s drive; PCs "
			"do "
			"not see it\n",
			c->drive[i].name, udc, i == 4 ? "fifth" : "sixth");
}

/* True if path is that folder or below it. */
static bool is_below(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return strncmp(path, folder, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

/* By owner, group and mode. A folder with an access control list counts as writable. */
static bool service_can_write(const char *folder, const struct stat *st)
{
	const struct passwd *pw = getpwnam(SERVICE_USER);
	gid_t groups[64];
	int n = (int)ARRAY_LEN(groups);

	if (!pw || getxattr(folder, "system.posix_acl_access", NULL, 0) > 0)
		return true;
	if (st->st_uid == pw->pw_uid)
		return (st->st_mode & 0300) == 0300;
	if (getgrouplist(SERVICE_USER, pw->pw_gid, groups, &n) < 0)
		n = (int)ARRAY_LEN(groups);
	for (int i = 0; i < n; i++) {
		if (groups[i] == st->st_gid)
			return (st->st_mode & 0030) == 0030;
	}
	return (st->st_mode & 0003) == 0003;
}

/* True if the service is installed and its unit does not let it write to the folder. */
static bool is_in_sandbox(const char *folder)
{
	static const char *const units[] = {"/etc/systemd/system/" UNIT,
		"/lib/systemd/system/" UNIT, "/usr/lib/systemd/system/" UNIT,
		"/usr/local/lib/systemd/system/" UNIT};
	bool installed = false, allowed = is_below(folder, SERVICE_FOLDER);
	char path[sizeof(DROP_INS) + 260], line[1024];
	struct dirent *e;
	DIR *dir = opendir(DROP_INS);

	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		installed |= access(units[i], F_OK) == 0;
	while (dir && (e = readdir(dir))) {
		FILE *f;

		snprintf(path, sizeof(path), DROP_INS "/%s", e->d_name);
		f = e->d_name[0] == '.' ? NULL : fopen(path, "re");
		while (f && fgets(line, sizeof(line), f)) {
			char *save = NULL, *word = strtok_r(line, "= \t\n", &save);

			if (!word || strcmp(word, "ReadWritePaths") != 0)
				continue;
			while ((word = strtok_r(NULL, "= \t\n", &save)) != NULL)
				allowed |= is_below(folder, word + (*word == '-'));
		}
		if (f)
			fclose(f);
	}
	if (dir)
		closedir(dir);
	return installed && !allowed;
}

static void warn_of_media(const struct config_drive *d, FILE *out)
{
	char folder[4 * sizeof(d->media) + 3]; /* even if all of it are quotes */
	struct stat st;

	shell_word(d->media, folder, sizeof(folder));
	if (stat(d->media, &st) < 0)
		fprintf(out,
			"warning: drive \"%s\": media folder %s: %s; make it with: sudo install -d "
			"-g " SERVICE_USER " -m 2775 %s\n",
			d->name, d->media, strerror(errno), folder);
	else if (!S_ISDIR(st.st_mode))
		fprintf(out, "warning: drive \"%s\": media folder %s: %s\n", d->name, d->media,
			strerror(ENOTDIR));
	else if (!service_can_write(d->media, &st))
		fprintf(out,
			"warning: drive \"%s\": the user " SERVICE_USER " cannot write to %s, so "
			"nothing can be burned there; let it with: sudo chgrp " SERVICE_USER
			" %s && sudo chmod 2775 %s\n",
			d->name, d->media, folder, folder);
	if (is_in_sandbox(d->media))
		fprintf(out,
			"warning: drive \"%s\": the service may not write to %s; run sudo "
			"systemctl "
			"edit mmcgadgetd and add the lines [Service] and ReadWritePaths=%s%s\n",
			d->name, d->media, d->media,
			is_below(d->media, "/home") || is_below(d->media, "/root")
				? ", and ProtectHome=no"
				: "");
}

static void warn_of_image(const struct config_drive *d, FILE *out)
{
	char path[sizeof(d->media) + sizeof(d->image) + 1], name[sizeof(d->image) + 2];

	if (*d->image == '\0')
		return;
	snprintf(name, sizeof(name), "/%s/", d->image);
	snprintf(path, sizeof(path), "%s/%s", d->media, d->image);
	if (d->image[0] == '/' || strstr(name, "/../"))
		fprintf(out,
			"warning: drive \"%s\": image \"%s\" is outside of its media folder %s\n",
			d->name, d->image, d->media);
	else if (access(path, F_OK) < 0 && errno == ENOENT)
		fprintf(out,
			"warning: drive \"%s\": there is no image \"%s\" in %s; the drive will "
			"start empty, unless the name of an image or its label begins so\n",
			d->name, d->image, d->media);
}

void config_warn(const struct config *c, FILE *out)
{
	warn_of_udc(c, out);
	for (unsigned i = 0; i < c->drives; i++) {
		warn_of_media(&c->drive[i], out);
		warn_of_image(&c->drive[i], out);
	}
}
