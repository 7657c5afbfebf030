// SPDX-License-Identifier: GPL-2.0-or-later
#include "drive/disc_rules.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "library/checksum.h"
#include "library/cd_set.h"
#include "library/image_name.h"
#include "library/library.h"
#include "library/portable.h"
#include "compact/resolver.h"
#include "media/store.h"
#include "util/array.h"

static const char *base_of(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash ? slash + 1 : name;
}

json_t *disc_rules_name(const char *name)
{
	const char *base = base_of(name);

	if (store_is_own_name(base) || checksum_is_own_name(base))
		return answer_error("bad-name",
			"\"%s\" belongs to a disc, and goes where the disc goes; name the disc's "
			"image",
			name);
	if (*base == '\0' || *base == '.')
		return answer_error("bad-name", "\"%s\" is not the name of an image", name);
	return NULL;
}

/* Returns what is wrong with a new name without folders, NULL if nothing is. */
static const char *new_name_fault(const char *base)
{
	if (*base == '\0')
		return "is the name of a folder";
	if (*base == '.')
		return "begins with a dot, so it would not be listed";
	if (*base == '-')
		return "begins as an option does";
	if (store_is_own_name(base))
		return "is a name for state files of discs, not for images";
	if (checksum_is_own_name(base))
		return "is a name for checksums of discs, not for images";
	if (image_suffix_of(base) == IMAGE_SUFFIX_UNFINISHED)
		return "is a name for files that are still being copied, so it would not be listed";
	if (strlen(base) + strlen(STORE_SPARE_SUFFIX) > STORE_NAME_MAX)
		return "is too long: the names of its state and checksum would not fit";
	return NULL;
}

void disc_rules_blank_name(const char *media, const char *name, char *whole, size_t size)
{
	const char *base = base_of(name);
	bool whole_already = image_name_has_suffix(base) || new_name_fault(base);
	int folder = whole_already ? -1 : library_open_folder(media);
	struct stat st;

	if (folder >= 0) {
		whole_already = fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
		close(folder);
	}
	if (snprintf(whole, size, "%s%s", name, whole_already ? "" : ".iso") >= (int)size)
		snprintf(whole, size, "%s", name);
}

json_t *disc_rules_new_name(const char *old, const char *to, char *whole, size_t size)
{
	const char *base = base_of(to), *old_base = base_of(old), *fault, *suffix = "";
	size_t folder = (size_t)(old_base - old);

	if ((size_t)(base - to) != folder || strncmp(to, old, folder) != 0)
		return answer_error("bad-name",
			"a disc is renamed within its folder; the new name must be %.*sNAME",
			(int)folder, old);
	if (*base != '\0' && !image_name_has_suffix(base))
		suffix = image_name_has_suffix(old_base) ? strrchr(old_base, '.') : ".iso";
	if (snprintf(whole, size, "%s%s", to, suffix) >= (int)size)
		return answer_error("bad-name", "\"%.64s...\" is too long a name", to);
	/* The name must be right as it was typed, and also with the suffix. */
	fault = new_name_fault(base);
	if (!fault)
		fault = new_name_fault(base_of(whole));
	if (fault)
		return answer_error("bad-name", "\"%s\" %s", to, fault);
	if (strcmp(whole, old) == 0)
		return answer_error("exists", "\"%s\" has that name already", old);
	return NULL;
}

json_t *disc_rules_upload_name(const char *name)
{
	const char *fault = new_name_fault(base_of(name));

	/* A list leaves hidden folders out, and what is in them. */
	for (const char *p = name; !fault && p; p = strchr(p, '/')) {
		p += *p == '/';
		if (*p == '.')
			fault = "has a folder that begins with a dot, so it would not be listed";
	}
	if (!fault && *name == '/')
		fault = "is outside of the media folder";
	return fault ? answer_error("bad-name", "\"%.300s\" %s", name, fault) : NULL;
}

void disc_rules_note(const char *name, char *out, size_t size)
{
	const char *fault = portable_fault(base_of(name));

	out[0] = '\0';
	if (fault)
		snprintf(out, size, "; FAT and Windows %s", fault);
}

json_t *disc_rules_no_image(const char *name, const char *media)
{
	return answer_error(
		"no-such-image", "no image \"%s\" in %s; mmcgadgetctl list shows all", name, media);
}

json_t *disc_rules_refusal(const char *name, const char *media, int error)
{
	switch (-error) {
	case EXDEV:
	case ELOOP:
		return answer_error("outside", "\"%s\" is outside of %s", name, media);
	case ENOTBLK:
		return answer_error("not-a-file",
			"\"%s\" is not a regular file; folders, devices and pipes are not discs",
			name);
	case ENOTDIR:
	case ENAMETOOLONG:
		return disc_rules_no_image(name, media);
	default:
		return answer_error("io-error", "\"%s\" in %s: %s", name, media, strerror(-error));
	}
}

/* Keeps that many bytes of *name, and puts `end` in place of the others. */
static bool replace_end(char **name, size_t keep, const char *end)
{
	char *whole;

	if (asprintf(&whole, "%.*s%s", (int)keep, *name, end) < 0)
		return false;
	free(*name);
	*name = whole;
	return true;
}

static bool for_image(const char *image, char **name, char **to)
{
	const char *dot = strrchr(image, '.'), *old = *to ? strrchr(*to, '.') : NULL;

	/* `to` is the new name of a cue sheet and ends in .cue; the image keeps its own suffix. */
	if (old && !replace_end(to, (size_t)(old - *to), dot && dot > image ? dot : ""))
		return false;
	return replace_end(name, (size_t)(base_of(*name) - *name), image);
}

int disc_rules_find(int folder, char **name, char **to, struct library_file *f)
{
	int r = library_find(folder, *name, f);
	char image[STORE_NAME_MAX + 1];

	if (r < 0 || !cd_set_image_of(f->dir_fd, f->base, image))
		return r;
	library_forget(f);
	return for_image(image, name, to) ? library_find(folder, *name, f) : -ENOMEM;
}

const char *disc_rules_with(const struct disc_files *f, char out[DISC_RULES_WITH])
{
	const char *const name[] = {f->state ? "state" : NULL, f->checksum ? "checksum" : NULL,
		f->cue ? "cue sheet" : NULL};
	unsigned count = 0, left;
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(name); i++)
		count += name[i] != NULL;
	left = count;
	for (size_t i = 0; i < ARRAY_LEN(name); i++) {
		if (name[i])
			n += (size_t)snprintf(out + n, DISC_RULES_WITH - n, "%s%s",
				left-- == count ? " with its "
				: left == 0     ? " and "
						: ", ",
				name[i]);
	}
	return out;
}

json_t *disc_rules_new_name_of_text(const char *name, const char *to)
{
	const char *was = strrchr(name, '.'), *is = strrchr(to, '.');

	if (!resolver_reads(name))
		return resolver_reads(to) ? answer_error("bad-name",
						    "\"%s\" is a name for the text of a compact "
						    "disc, and \"%s\" is none",
						    to, name)
					  : NULL;
	if (!is || strcasecmp(was, is) != 0)
		return answer_error("bad-name",
			"\"%s\" is the text of a compact disc; its new name must end in %s", name,
			was);
	return NULL;
}
