// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/boot_config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/root_file.h"

#define INCLUDES 4u /* nested at most */

struct reader {
	const struct board *board;
	struct boot_config *out;
	const char *folder;          /* of config.txt, root included */
	char section[32];            /* the last filter, "" = [all] */
	bool model_fits, others_fit; /* filters by model, and all others, are for this board */
	bool in_overlay;             /* dtparam= is for the dwc2 overlay */
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
 * all filters. [HDMI:0] and [HDMI:1] are no filters of what is read here. Filters by monitor, GPIO
 * or serial number count as not for this board: the overlay is examined if there is no controller,
 * and then no such filter has enabled one. It is examined with a controller, too, if the ID pin of
 * the port is grounded: a filter that is for this board is then taken for one that is not.
 */
static void enter_section(struct reader *r, const char *name)
{
	r->in_overlay = false;
	if (starts(name, "HDMI:"))
		return;
	snprintf(r->section, sizeof(r->section), "%s", name);
	if (strcmp(name, "all") == 0) {
		r->section[0] = '\0';
		r->model_fits = r->others_fit = true;
	} else if (starts(name, "pi") || starts(name, "cm") || strcmp(name, "none") == 0 ||
		   starts(name, "board-type=")) {
		r->model_fits = has_word(r->board->filters, name);
	} else {
		r->others_fit = false;
	}
}

/*
 * Takes dr_mode of an overlay if the section is for this board. Otherwise keeps the section's
 * name: it explains why the overlay has no effect.
 */
static void take_mode(struct reader *r, const char *mode)
{
	if (r->model_fits && r->others_fit)
		snprintf(r->out->mode, sizeof(r->out->mode), "%s", mode);
	else if (strcmp(mode, "host") != 0)
		snprintf(r->out->section, sizeof(r->out->section), "%s", r->section);
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
	if (r->model_fits && r->others_fit)
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
	} else if (starts(line, "otg_mode=") && r->model_fits && r->others_fit) {
		r->out->otg_mode = atoi(line + strlen("otg_mode=")) == 1;
		snprintf(r->out->otg_section, sizeof(r->out->otg_section), "%s", r->section);
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
	struct reader r = {
		.board = board, .out = out, .folder = dir, .model_fits = true, .others_fit = true};
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
