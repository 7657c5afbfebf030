// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/client.h"

const char options_help[] =
	"Options may stand before and after the command; \"--\" ends them:\n"
	"  -j, --json         print one JSON object, also if the command fails\n"
	"  -d, --drive DRIVE  the same as drive=DRIVE: its name or its number, from 0\n"
	"  -f, --force        even if the host has locked the drive\n"
	"  -v, --verbose      status: also what the host's commands did\n"
	"      --socket PATH  socket of the daemon (" CLIENT_SOCKET ")\n"
	"      --wait SECONDS wait at most this long for the daemon to start (0)\n"
	"  -V, --version      print the version and exit\n"
	"  -h, --help         print this help, or that of the command, and exit\n";

static const struct option longopts[] = {
	{"json", no_argument, NULL, 'j'},
	{"drive", required_argument, NULL, 'd'},
	{"force", no_argument, NULL, 'f'},
	{"verbose", no_argument, NULL, 'v'},
	{"socket", required_argument, NULL, 's'},
	{"wait", required_argument, NULL, 'w'},
	{"version", no_argument, NULL, 'V'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static bool parse_wait(const char *text, double *wait)
{
	char *end;

	*wait = strtod(text, &end);
	return *text != '\0' && *end == '\0' && *wait >= 0 && *wait <= 86400;
}

static void add_word(struct options *o, char *word, bool literal)
{
	/* More than any line can have (WORDS_MAX): the line will be refused. */
	if (o->count == OPTIONS_WORDS) {
		o->dropped = true;
		return;
	}
	o->literal[o->count] = literal;
	o->word[o->count++] = word;
}

/* What is wrong with an option that getopt_long() does not take. */
static const char *wrong_option(const char *argument)
{
	unsigned fits = 0;

	/* getopt(3): 0 = there is no such long option, or it is the beginning of several. */
	if (strncmp(argument, "--", 2) == 0 && optopt != 0)
		return "this option takes no value";
	for (const struct option *l = longopts; l->name && strncmp(argument, "--", 2) == 0; l++)
		fits += strncmp(l->name, argument + 2, strcspn(argument + 2, "=")) == 0;
	if (fits > 1)
		return "several options begin so";
	return "there is no such option; those of a command are typed without dashes, such as "
	       "type=dvd-r, and a name that begins with \"-\" stands after --";
}

/* Takes an option, which getopt_long() has found in argument. NULL, or what is wrong with it. */
static const char *take_option(struct options *o, int c, const char *argument)
{
	switch (c) {
	case 1:
		add_word(o, optarg, false);
		return NULL;
	case 'j':
		o->json = true;
		return NULL;
	case 'd':
		if (o->drive)
			return "the option --drive is given twice";
		o->drive = optarg;
		return NULL;
	case 'f':
		o->force = true;
		return NULL;
	case 'v':
		o->verbose = true;
		return NULL;
	case 's':
		o->socket = optarg;
		return NULL;
	case 'w':
		return parse_wait(optarg, &o->wait) ? NULL : "--wait takes seconds, 0 to 86400";
	case 'V':
		o->version = true;
		return NULL;
	case 'h':
		o->help = true;
		return NULL;
	case ':':
		return "an option has no value";
	default:
		return wrong_option(argument);
	}
}

int options_parse(int argc, char **argv, struct options *o, char *why, size_t size)
{
	const char *fault, *argument;
	int c, before, r = 0;

	opterr = 0;
	/* "-": other words are returned in their place, whatever POSIXLY_CORRECT says. */
	for (;;) {
		before = optind;
		c = getopt_long(argc, argv, "-:jd:fvVh", longopts, NULL);
		if (c == -1)
			break;
		argument = argv[c == '?' || c == ':' ? before : optind - 1];
		fault = take_option(o, c, argument);
		if (!fault || r < 0)
			continue;
		snprintf(why, size, "\"%.64s\": %s", argument, fault);
		r = -1;
	}
	while (optind < argc)
		add_word(o, argv[optind++], true);
	/* Without a command, -v means the version, as in other programs. */
	if (o->verbose && o->count == 0)
		o->version = true;
	return r;
}
