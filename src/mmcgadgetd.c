// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/config.h"
#include "daemon/config_check.h"
#include "daemon/daemon.h"
#include "usb/serial.h"
#include "usb/usb_setup.h"
#include "util/array.h"
#include "util/log.h"
#include "version.h"

#define DEFAULT_CONFIG SYSCONFDIR "/mmcgadget/mmcgadget.conf"

#define EXIT_CONFIG 2 /* the configuration or the command line is wrong */

/* The keys that the options --udc, --media and --group take the place of. */
static const char *const overridden[] = {"udc", "drives[].media", "control.group"};

#define FIRST_OVERRIDE 256 /* what getopt_long() returns for the first of them */

struct options {
	const char *config; /* NULL = the default file, which may be missing */
	const char *user;   /* of --set-up */
	const char *override[ARRAY_LEN(overridden)]; /* NULL = not given */
	bool check, take_down, verbose;
};

static void usage(FILE *out)
{
	fputs("usage: mmcgadgetd [OPTION]...\n"
	      "Make this board a USB DVD burner whose discs are files.\n"
	      "\n"
	      "  -c, --config FILE   configuration (" DEFAULT_CONFIG ")\n"
	      "      --udc NAME      USB device controller, in place of the key udc\n"
	      "      --media FOLDER  media folder of all drives, in place of drives[].media\n"
	      "      --group GROUP   who may use FIFO and socket, in place of control.group\n"
	      "      --check-config  check the configuration and exit\n"
	      "      --set-up USER   make the gadget for a daemon that runs as USER, and exit\n"
	      "      --take-down     remove such gadgets again, and exit\n"
	      "  -v, --verbose       log more\n"
	      "  -V, --version       print the version and exit\n"
	      "  -h, --help          print this help and exit\n",
		out);
}

/* Returns -1 to continue, otherwise the exit code. */
static int parse(int argc, char **argv, struct options *o)
{
	static const struct option longopts[] = {
		{"config", required_argument, NULL, 'c'},
		{"check-config", no_argument, NULL, 'k'},
		{"set-up", required_argument, NULL, 's'},
		{"take-down", no_argument, NULL, 't'},
		{"verbose", no_argument, NULL, 'v'},
		{"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'},
		{"udc", required_argument, NULL, FIRST_OVERRIDE},
		{"media", required_argument, NULL, FIRST_OVERRIDE + 1},
		{"group", required_argument, NULL, FIRST_OVERRIDE + 2},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "c:vVh", longopts, NULL)) != -1) {
		switch (c) {
		case 'c':
			o->config = optarg;
			break;
		case 'k':
			o->check = true;
			break;
		case 's':
			o->user = optarg;
			break;
		case 't':
			o->take_down = true;
			break;
		case 'v':
			o->verbose = true;
			break;
		case 'V':
			puts("mmcgadgetd " MMCGADGET_VERSION);
			return 0;
		case 'h':
			usage(stdout);
			return 0;
		default:
			if (c >= FIRST_OVERRIDE) {
				o->override[c - FIRST_OVERRIDE] = optarg;
				break;
			}
			fputs("Try mmcgadgetd --help.\n", stderr);
			return EXIT_CONFIG;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "mmcgadgetd: unexpected argument \"%s\"\n", argv[optind]);
		return EXIT_CONFIG;
	}
	return -1;
}

/* Replaces what the command line replaces. 0 or -EINVAL, reported. */
static int override(const struct options *o, struct config *config)
{
	char why[600];
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(overridden); i++) {
		if (o->override[i])
			r = config_override(
				config, overridden[i], o->override[i], why, sizeof(why));
	}
	if (r < 0)
		fprintf(stderr, "mmcgadgetd: %s\n", why);
	return r;
}

static int load(const struct options *o, struct config *config)
{
	const char *path = o->config ? o->config : DEFAULT_CONFIG;
	struct stat st = {0};
	char why[1024];
	int r;

	/* Before the file is read: what is written to it meanwhile is a change. */
	(void)stat(path, &st);
	r = config_load(path, config, why, sizeof(why));
	config->file = path;
	config->changed = st.st_mtim;
	if (r == -ENOENT && !o->config) {
		log_info("no %s, using the built-in defaults", path);
		return override(o, config);
	}
	/* Editors understand FILE:LINE: as it is, without the daemon's name before it. */
	if (r < 0 && !o->user)
		fprintf(stderr, "%s\n", why);
	return r < 0 ? r : override(o, config);
}

/* --check-config: syntax and values are right. Warns of what cannot work on this board now. */
static int check(const struct options *o, const struct config *config)
{
	config_warn(config, stderr);
	if (!o->config && access(DEFAULT_CONFIG, F_OK) < 0)
		puts("no " DEFAULT_CONFIG "; the built-in defaults are good");
	else
		printf("%s: good\n", o->config ? o->config : DEFAULT_CONFIG);
	return EXIT_SUCCESS;
}

static int set_up(const struct options *o, const struct config *config)
{
	const struct passwd *user = getpwnam(o->user);

	if (!user) {
		fprintf(stderr, "mmcgadgetd: no user \"%s\" on this system\n", o->user);
		return EXIT_FAILURE;
	}
	return usb_set_up(&config->usb, user->pw_uid, user->pw_gid) < 0 ? EXIT_FAILURE
									: EXIT_SUCCESS;
}

/*
 * Blocks of 64 KiB and more (a disc, its read-ahead, the answer of the resolver) have pages of
 * their own, which are given back when they are freed, and take memory only where they are used.
 * Without this call glibc would raise that limit each time such a block is freed, and then keep
 * blocks of its size.
 */
static void keep_little_memory(void)
{
#ifdef __GLIBC__
	mallopt(M_MMAP_THRESHOLD, 64 * 1024);
#endif
}

int main(int argc, char **argv)
{
	static struct config config;
	struct options o = {0};
	int r = parse(argc, argv, &o);

	if (r >= 0)
		return r;
	if (o.take_down) {
		usb_take_down();
		return EXIT_SUCCESS;
	}
	/*
	 * The unit runs --set-up before the daemon. It succeeds with a wrong configuration, so that
	 * the daemon reports the fault and ends with EXIT_CONFIG, after which the unit does not
	 * restart it.
	 */
	if (load(&o, &config) < 0)
		return o.user ? EXIT_SUCCESS : EXIT_CONFIG;
	if (o.check)
		return check(&o, &config);
	log_set_level(o.verbose ? LOG_LEVEL_DEBUG : (enum log_level)config.log_level);
	if (config.usb.serial[0] == '\0')
		usb_serial("", config.usb.serial);
	if (o.user)
		return set_up(&o, &config);
	keep_little_memory();
	daemon_block_signals();
	return daemon_run(&config) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
