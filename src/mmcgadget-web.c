// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "util/log.h"
#include "version.h"
#include "web/assets.h"
#include "web/auth.h"
#include "web/config.h"
#include "web/hub.h"
#include "web/link.h"
#include "web/mail.h"
#include "web/server.h"
#include "web/upload.h"

#define SOCKETS 8

static const char help[] =
	"usage: mmcgadget-web [OPTION]...\n"
	"The web page of mmcgadgetd. It takes its listening sockets from systemd\n"
	"(mmcgadget-web.socket), and opens none itself.\n"
	"\n"
	"  -c, --config FILE   configuration (" WEB_CONFIG_FILE ")\n"
	"      --check-config  say whether the configuration is good, and exit\n"
	"  -V, --version       print the version and exit\n"
	"  -h, --help          print this help and exit\n";

struct options {
	const char *config;
	bool check;
};

/* -1: go on; otherwise the exit code. */
static int parse(int argc, char **argv, struct options *o)
{
	static const struct option longopts[] = {
		{"config", required_argument, NULL, 'c'},
		{"check-config", no_argument, NULL, 'k'},
		{"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "c:Vh", longopts, NULL)) != -1) {
		switch (c) {
		case 'c':
			o->config = optarg;
			break;
		case 'k':
			o->check = true;
			break;
		case 'V':
			puts("mmcgadget-web " MMCGADGET_VERSION);
			return 0;
		case 'h':
			fputs(help, stdout);
			return 0;
		default:
			fputs("mmcgadget-web: try --help\n", stderr);
			return 2;
		}
	}
	if (optind == argc)
		return -1;
	fprintf(stderr, "mmcgadget-web: unexpected argument \"%s\"; try --help\n", argv[optind]);
	return 2;
}

/* The default file need not be there. False: reported. */
static bool load(const struct options *o, struct web_config *c)
{
	char why[512];
	int r;

	web_config_defaults(c);
	r = web_config_load(o->config ? o->config : WEB_CONFIG_FILE, c, why, sizeof(why));
	if (r == 0 || (r == -ENOENT && !o->config))
		return true;
	if (r == -EINVAL)
		log_error("%s", why);
	else
		log_error("%s: %s", o->config ? o->config : WEB_CONFIG_FILE, strerror(-r));
	return false;
}

static int make_parts(struct web *w, const char *hello)
{
	int r = mail_new(w->event, &w->mail);

	if (r >= 0)
		r = link_new(w->event, w->config.socket, &w->link);
	if (r >= 0)
		r = auth_new(w->mail, &w->config, &w->auth);
	if (r >= 0)
		r = hub_new(w->event, w->config.socket, hello, &w->resumed, w->auth, &w->hub);
	if (r >= 0)
		r = uploads_new(&w->uploads);
	return r;
}

static void free_parts(struct web *w, struct server *server)
{
	if (w->hub)
		hub_stop(w->hub);
	uploads_free(w->uploads);
	link_free(w->link);
	auth_free(w->auth);
	server_free(server);
	hub_free(w->hub);
	mail_free(w->mail);
}

static int catch_signals(sd_event *event)
{
	sigset_t set;
	int r;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	signal(SIGPIPE, SIG_IGN);
	r = sd_event_add_signal(event, NULL, SIGTERM, NULL, NULL);
	return r < 0 ? r : sd_event_add_signal(event, NULL, SIGINT, NULL, NULL);
}

static int serve(struct web *w, unsigned count)
{
	struct server *server = NULL;
	int fd[SOCKETS], r;
	char hello[256];

	for (unsigned i = 0; i < count; i++)
		fd[i] = SD_LISTEN_FDS_START + (int)i;
	snprintf(hello, sizeof(hello), "{\"event\":\"hello\",\"web\":\"%s\",\"page\":\"%s\"}",
		MMCGADGET_VERSION, asset_version());
	r = sd_event_new(&w->event);
	if (r >= 0)
		r = catch_signals(w->event);
	if (r >= 0)
		r = make_parts(w, hello);
	if (r >= 0)
		r = server_new(w, fd, count, &server);
	if (r >= 0) {
		sd_notify(0, "READY=1");
		r = sd_event_loop(w->event);
		sd_notify(0, "STOPPING=1");
	}
	free_parts(w, server);
	sd_event_unref(w->event);
	return r;
}

int main(int argc, char **argv)
{
	static struct web w;
	struct options o = {.config = NULL};
	int r = parse(argc, argv, &o), sockets;

	if (r >= 0)
		return r;
	log_set_name("mmcgadget-web");
	/* With these settings, memory of an upload or a log-in goes back to the system at its end.
	 */
	(void)mallopt(M_ARENA_MAX, 1);
	(void)mallopt(M_MMAP_THRESHOLD, 128 * 1024);
	if (!load(&o, &w.config))
		return 2;
	if (o.check) {
		puts("the configuration is good");
		return 0;
	}
	log_set_level(w.config.debug ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
	if (gethostname(w.host_name, sizeof(w.host_name) - 1) < 0)
		w.host_name[0] = '\0';
	sockets = sd_listen_fds(1);
	if (sockets <= 0 || sockets > SOCKETS) {
		log_error("%d listening sockets; systemd must give 1 to %d: sudo systemctl start "
			  "mmcgadget-web.socket",
			sockets, SOCKETS);
		return 2;
	}
	r = serve(&w, (unsigned)sockets);
	if (r < 0)
		log_error("%s", strerror(-r));
	return r < 0 ? 1 : 0;
}
