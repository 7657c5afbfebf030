// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/boot_config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/root_file.h"
#include "util/array.h"

#define INCLUDES 4u /* nested at most */

/* Whether a filter is for this board; of several, the least counts. */
enum fits { FITS_NOT, FITS_UNKNOWN, FITS };

struct reader {
	const struct board *board;
	struct boot_config *out;
	const char *folder;        /* of config.txt, root included */
	char model[32], other[32]; /* the last filter by model, and of another kind; "" = none */
	enum fits model_fits;
	bool in_overlay; /* dtparam= is for the dwc2 overlay */
};

static bool has_word(const char *words, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = words; n > 0 && (p = strstr(p, word)) != NULL; p += n) {
		if ((p == words || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\0'))
			return true;
	}
	return false;
}

static bool starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/*
 * Filters of one kind replace each other, filters of different kinds combine, and [all] ends
 * all filters. [HDMI:0] and [HDMI:1] are no filters of what is read here. Filters by board type,
 * monitor, GPIO or serial number, and those that newer firmware may have, cannot be judged.
 */
static void enter_section(struct reader *r, const char *name)
{
	r->in_overlay = false;
	if (starts(name, "HDMI:"))
		return;
	if (strcmp(name, "all") == 0) {
		r->model[0] = r->other[0] = '\0';
		r->model_fits = FITS;
	} else if (starts(name, "pi") || starts(name, "cm") || strcmp(name, "none") == 0) {
		snprintf(r->model, sizeof(r->model), "%s", name);
		r->model_fits = has_word(r->board->filters, name) ? FITS : FITS_NOT;
	} else if (starts(name, "board-type=")) {
		snprintf(r->model, sizeof(r->model), "%s", name);
		r->model_fits = FITS_UNKNOWN;
	} else {
		snprintf(r->other, sizeof(r->other), "%s", name);
	}
}

static enum fits section_fits(const struct reader *r)
{
	return MIN(r->model_fits, *r->other ? FITS_UNKNOWN : FITS);
}

/* Returns the filter that section_fits() is about: "" = [all]. */
static const char *section_name(const struct reader *r)
{
	return *r->other && r->model_fits != FITS_NOT ? r->other : r->model;
}

/*
 * Takes dr_mode of an overlay if the section is for this board. Otherwise keeps the section's
 * name: it explains why the overlay has no effect, or may have none.
 */
static void take_mode(struct reader *r, const char *mode)
{
	struct boot_config *out = r->out;
	enum fits fits = section_fits(r);

	if (fits == FITS) {
		snprintf(out->mode, sizeof(out->mode), "%s", mode);
	} else if (strcmp(mode, "host") != 0 && (fits == FITS_UNKNOWN || !*out->section_mode)) {
		snprintf(out->section, sizeof(out->section), "%s", section_name(r));
		snprintf(out->section_mode, sizeof(out->section_mode), "%s",
			fits == FITS_UNKNOWN ? mode : "");
	}
}

/* A later overlay replaces the mode of an earlier one. */
static void take_overlay(struct reader *r, char *value)
{
	char *save = NULL, *word = strtok_r(value, ",", &save);
	const char *mode = "otg";
	bool blank = false;

	r->in_overlay = false;
	if (!word)
		return;
	if (strcmp(word, "dwc-otg") == 0) {
		mode = "host"; /* this driver has no device mode */
	} else if (strcmp(word, "dwc2") == 0) {
		r->in_overlay = true;
		while ((word = strtok_r(NULL, ",", &save)) != NULL) {
			if (starts(word, "dr_mode="))
				mode = word + strlen("dr_mode=");
			else if (strchr(word, ' ') && strstr(word, "dr_mode"))
				blank = true;
		}
	} else if (!starts(word, "upstream")) { /* upstream includes dwc2 */
		return;
	}
	if (section_fits(r) == FITS)
		r->out->blank = blank;
	take_mode(r, mode);
}

static void read_file(struct reader *r, const char *path, unsigned depth);

static void take_line(struct reader *r, char *line, unsigned depth)
{
	char path[512];
	size_t n = strlen(line);

	while (n > 0 && isspace((unsigned char)line[n - 1]))
		line[--n] = '\0';
	while (isspace((unsigned char)*line))
		line++;
	if (*line == '[' && strchr(line, ']')) {
		*strchr(line, ']') = '\0';
		enter_section(r, line + 1);
	} else if (starts(line, "dtoverlay=")) {
		take_overlay(r, line + strlen("dtoverlay="));
	} else if (starts(line, "dtparam=dr_mode=") && r->in_overlay) {
		take_mode(r, line + strlen("dtparam=dr_mode="));
	} else if (starts(line, "otg_mode=") && section_fits(r) == FITS) {
		r->out->otg_mode = atoi(line + strlen("otg_mode=")) == 1;
		snprintf(r->out->otg_section, sizeof(r->out->otg_section), "%s", section_name(r));
	} else if (starts(line, "include ") && depth < INCLUDES) {
		snprintf(path, sizeof(path), "%s/%s", r->folder, line + strlen("include "));
		read_file(r, path, depth + 1);
	}
}

static void read_file(struct reader *r, const char *path, unsigned depth)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;

	if (!f)
		return;
	while (getline(&line, &size, f) >= 0)
		take_line(r, line, depth);
	free(line);
	fclose(f);
}

static bool read_config(
	const char *root, const char *folder, const struct board *board, struct boot_config *out)
{
	char path[512], dir[480];
	struct reader r = {.board = board, .out = out, .folder = dir, .model_fits = FITS};
	FILE *f;

	memset(out, 0, sizeof(*out));
	root_path(root, dir, sizeof(dir), "%s", folder);
	snprintf(path, sizeof(path), "%s/config.txt", dir);
	f = fopen(path, "re");
	if (!f)
		return false;
	fclose(f);
	snprintf(out->path, sizeof(out->path), "%s/config.txt", folder);
	read_file(&r, path, 0);
	return true;
}

void boot_config_read(const char *root, const struct board *board, struct boot_config *out)
{
	struct boot_config old;
	bool there = read_config(root, "/boot", board, &old);

	if (!read_config(root, "/boot/firmware", board, out)) {
		*out = old;
		return;
	}
	out->elsewhere = there && *old.mode && strcmp(old.mode, "host") != 0 && !*out->mode;
}
