// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shim/shim_run.h"
#include "shim/shim_server.h"
#include "version.h"

static void usage(FILE *out)
{
	fputs("usage: mmcgadget-shim [OPTION]... PROGRAM [ARGUMENT]...\n"
	      "       mmcgadget-shim --ask WORD...\n"
	      "Run an unmodified program with a DVD burner of its own, whose discs are files.\n"
	      "\n"
	      "  -b, --blank FILE      put a new blank into the drive, whose image FILE becomes\n"
	      "      --type TYPE       of this type (dvd+r)\n"
	      "      --blocks N        of this many blocks of 2048 bytes\n"
	      "  -i, --insert FILE     put an image into the drive\n"
	      "      --finalised TYPE  what a finalised disc becomes: dvd-rom (default) or dvd+r\n"
	      "  -d, --device PATH     the device that the program sees (/dev/sr0)\n"
	      "  -l, --log FILE        log the commands, a line for each\n"
	      "      --script FILE     write them as a conversation, which can be replayed\n"
	      "      --trace FILE      write them as a trace, for \"mmcgadgetctl trace show\"\n"
	      "  -s, --status FILE     write the state of the disc at the end, as JSON; - is\n"
	      "                        standard output\n"
	      "      --fault WORDS     let storage fail, for example 'write enospc skip=20'\n"
	      "      --faults FILE     let the drive fail as the lines of the file say; without\n"
	      "                        this option, of the file that MMCSHIM_FAULTS names\n"
	      "      --refuse OPCODE   refuse this command, for example 53\n"
	      "  -a, --ask WORD...     ask the drive of the program that runs this; --ask help\n"
	      "                        lists the words\n"
	      "  -V, --version         print the version and exit\n"
	      "  -h, --help            print this help and exit\n"
	      "\n"
	      "Exit code: that of PROGRAM (128 + N after signal N); 125 the shim failed, 126\n"
	      "PROGRAM cannot be run with a shim, 127 there is no PROGRAM; of --ask: 0 done,\n"
	      "1 refused, 3 no drive.\n",
		out);
}

static int complain(const char *text, const char *word)
{
	fprintf(stderr, "mmcgadget-shim: %s%s%s\n", text, word ? ": " : "", word ? word : "");
	fputs("mmcgadget-shim: --help lists the options\n", stderr);
	return SHIM_EXIT_FAILED;
}

static int ask(int words, char **word)
{
	static char help[] = "help";
	char *only[] = {help, NULL};
	const char *socket = getenv("MMCSHIM_SOCKET");

	if (words == 0)
		return complain("--ask needs a word; \"help\" lists them", NULL);
	if (socket && socket[0])
		return shim_ask(socket, words, word);
	/* Help needs no drive. */
	if (strcmp(word[0], help) == 0) {
		struct shim_drive none = {.mmc = NULL};
		char text[SHIM_ANSWER_MAX];

		shim_control(&none, 1, only, text, sizeof(text));
		puts(text);
		return 0;
	}
	fputs("mmcgadget-shim: MMCSHIM_SOCKET is not set: --ask is for programs that "
	      "mmcgadget-shim "
	      "runs\n",
		stderr);
	return SHIM_ASK_NO_SERVER;
}

enum {
	OPT_TYPE = 256,
	OPT_BLOCKS,
	OPT_FINALISED,
	OPT_SCRIPT,
	OPT_TRACE,
	OPT_FAULT,
	OPT_FAULTS,
	OPT_REFUSE
};

static const struct option long_options[] = {
	{"blank", required_argument, NULL, 'b'},
	{"type", required_argument, NULL, OPT_TYPE},
	{"blocks", required_argument, NULL, OPT_BLOCKS},
	{"insert", required_argument, NULL, 'i'},
	{"finalised", required_argument, NULL, OPT_FINALISED},
	{"device", required_argument, NULL, 'd'},
	{"log", required_argument, NULL, 'l'},
	{"script", required_argument, NULL, OPT_SCRIPT},
	{"trace", required_argument, NULL, OPT_TRACE},
	{"status", required_argument, NULL, 's'},
	{"fault", required_argument, NULL, OPT_FAULT},
	{"faults", required_argument, NULL, OPT_FAULTS},
	{"refuse", required_argument, NULL, OPT_REFUSE},
	{"ask", no_argument, NULL, 'a'},
	{"version", no_argument, NULL, 'V'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

/* Takes the option c with its value. 0, or an exit code after an error was printed. */
static int take_option(struct shim_options *o, int c, const char *value)
{
	unsigned long long blocks;
	char *end;

	switch (c) {
	case 'b':
		o->blank = value;
		break;
	case OPT_TYPE:
		o->type = value;
		break;
	case OPT_BLOCKS:
		errno = 0;
		blocks = strtoull(value, &end, 10);
		if (value[0] < '0' || value[0] > '9' || *end || errno || blocks == 0 ||
			blocks >= UINT32_MAX)
			return complain("--blocks: this is not a number of blocks", value);
		o->blocks = (uint32_t)blocks;
		break;
	case 'i':
		o->insert = value;
		break;
	case OPT_FINALISED:
		o->finalised_dvd_plus_r = strcmp(value, "dvd+r") == 0;
		if (!o->finalised_dvd_plus_r && strcmp(value, "dvd-rom") != 0)
			return complain("--finalised: dvd-rom or dvd+r, not", value);
		break;
	case 'd':
		o->device = value;
		break;
	case 'l':
		o->log = value;
		break;
	case OPT_SCRIPT:
		o->script = value;
		break;
	case OPT_TRACE:
		o->trace = value;
		break;
	case 's':
		o->status = value;
		break;
	case OPT_FAULT:
		o->fault = value;
		break;
	case OPT_FAULTS:
		o->faults = value;
		break;
	case OPT_REFUSE:
		o->refuse = value;
		break;
	default:
		return complain("wrong usage", NULL);
	}
	return 0;
}

/* NULL, or which options do not fit each other. */
static const char *check_options(const struct shim_options *o)
{
	if (o->blank && o->insert)
		return "one disc fits into the drive: --blank or --insert";
	if (!o->blank && (o->type || o->blocks))
		return "--type and --blocks need --blank";
	if (o->device[0] != '/')
		return "--device: the path of a device begins with /";
	return NULL;
}

int main(int argc, char **argv)
{
	struct shim_options o = {.device = "/dev/sr0"};
	const char *faults = getenv("MMCSHIM_FAULTS");
	const char *why;
	int c, r;

	/* "+": options end where the program begins. */
	while ((c = getopt_long(argc, argv, "+b:i:d:l:s:aVh", long_options, NULL)) != -1) {
		switch (c) {
		case 'h':
			usage(stdout);
			return 0;
		case 'V':
			puts("mmcgadget-shim " MMCGADGET_VERSION);
			return 0;
		case 'a':
			return ask(argc - optind, argv + optind);
		}
		r = take_option(&o, c, optarg);
		if (r)
			return r;
	}
	if (!o.faults && faults && faults[0])
		o.faults = faults;
	if (optind == argc)
		return complain("which program shall run?", NULL);
	why = check_options(&o);
	return why ? complain(why, NULL) : shim_run(&o, argv + optind);
}
