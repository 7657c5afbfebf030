// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The daemon without USB, as a process: its control, drives, engine and library are the real
 * ones; the USB thread is the fake one of the daemon's tests. For tests of programs that talk to
 * the daemon, such as mmcgadget-web.
 *
 *     fake_daemon [OPTION]... FOLDER    serves FOLDER/media until it is killed, or told to end
 *     fake_daemon --host FOLDER LINE... lets the host in it do something, and waits for that
 *
 * FOLDER gets the folders media and run; run has the daemon's sockets and the host's, "host". What
 * the host does is a line to that socket, whose answer is a line that begins with "ok" or "error":
 *
 *     burn DRIVE [blocks=N] [rate=KB/S] [label=TEXT] [file=PATH] [finalise|session]
 *     wait DRIVE              answers when the burn in that drive has ended
 *     cancel DRIVE            stops the burn, as when the burning program is killed
 *     lock, unlock, eject, load, suspend, wake, unplug, plug DRIVE
 *     problem [TEXT]          there is no controller, for this reason; none: there is one again
 *     die                     the daemon is killed
 *
 * With --folders, drive1 has a media folder of its own, media1.
 *
 * The daemon prints "ready" when its sockets are there.
 */
#include "daemon/control/control_fixture.h"

#include <getopt.h>

#include "protocol/words.h"
#include "web/fake_host.h"

#define DRIVES  2u
#define CLIENTS 16u
#define LINE    1024u

struct host_client {
	int fd; /* -1 = free */
	sd_event_source *source;
	char line[LINE];
	size_t len;
	int waits_for; /* number of the drive; -1 = none */
};

static struct host_client clients[CLIENTS];
static struct fake_burn burns[DRIVES];
static unsigned drive_count = DRIVES, unlock_wait = DRIVE_UNLOCK_WAIT;
static char no_controller[256];

static const char *udc_or_none(void *ctx)
{
	(void)ctx;
	return *no_controller ? "" : "dummy_udc.0";
}

static const char *why_none(void *ctx)
{
	(void)ctx;
	return no_controller;
}

/* ---- the host ------------------------------------------------------------------------------- */

static void answer(struct host_client *c, const char *text)
{
	char line[LINE];
	int n = snprintf(line, sizeof(line), "%s\n", text);

	/* A client that has gone hears nothing. */
	(void)!send(c->fd, line, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void drop_client(struct host_client *c)
{
	sd_event_source_unref(c->source);
	close(c->fd);
	*c = (struct host_client){.fd = -1, .waits_for = -1};
}

static int find_drive(const char *name)
{
	for (unsigned i = 0; name && i < drive_count; i++) {
		if (strcmp(drive_name(usb[i].drive), name) == 0)
			return (int)i;
	}
	return -1;
}

/* Returns NULL, or what is wrong with the word. */
static const char *take_burn_word(struct fake_burn_order *o, char *word)
{
	char *value = strchr(word, '=');

	if (strcmp(word, "finalise") == 0) {
		o->end = FAKE_BURN_FINALISE;
		return NULL;
	}
	if (strcmp(word, "session") == 0) {
		o->end = FAKE_BURN_SESSION;
		return NULL;
	}
	if (!value)
		return "error: burn takes blocks=, rate=, label=, file=, finalise and session";
	*value++ = '\0';
	if (strcmp(word, "blocks") == 0)
		o->blocks = (uint32_t)strtoul(value, NULL, 10);
	else if (strcmp(word, "rate") == 0)
		o->rate = (uint32_t)strtoul(value, NULL, 10);
	else if (strcmp(word, "label") == 0)
		o->label = value;
	else if (strcmp(word, "file") == 0)
		o->file = value;
	else
		return "error: burn has no such option";
	return NULL;
}

static const char *burn(unsigned at, const struct words *w)
{
	struct fake_burn_order order = {.blocks = 1000};

	if (burns[at].active)
		return "error: a burn goes on in this drive";
	for (unsigned i = 2; i < w->count; i++) {
		const char *wrong = take_burn_word(&order, w->word[i].text);

		if (wrong)
			return wrong;
	}
	return fake_burn_begin(&burns[at], &usb[at], &order) ? "ok: the burn goes on"
							     : burns[at].result;
}

/* The things that a host does at once. NULL: there is no such verb. */
static const char *act(unsigned at, const char *verb)
{
	struct fake_usb *u = &usb[at];
	bool ok = true;

	fake_burn_settle(&burns[at]);
	(void)fake_ready(u); /* as hosts ask for attentions first */
	if (strcmp(verb, "lock") == 0 || strcmp(verb, "unlock") == 0)
		ok = fake_lock(u, *verb == 'l');
	else if (strcmp(verb, "eject") == 0 || strcmp(verb, "load") == 0)
		ok = fake_host(u, 0x1b, *verb == 'e' ? 2 : 3);
	else if (strcmp(verb, "suspend") == 0 || strcmp(verb, "wake") == 0)
		u->suspended = *verb == 's';
	else if (strcmp(verb, "unplug") == 0 || strcmp(verb, "plug") == 0)
		u->unplugged = *verb == 'u';
	else if (strcmp(verb, "cancel") == 0)
		fake_burn_cancel(&burns[at]);
	else
		return NULL;
	drive_changed(u->drive);
	return ok ? "ok" : "error: the drive refuses";
}

static const char *obey(struct host_client *c, const struct words *w)
{
	const char *verb = w->count > 0 ? w->word[0].text : "", *done;
	int at;

	if (strcmp(verb, "die") == 0)
		kill(getpid(), SIGKILL);
	if (strcmp(verb, "problem") == 0) {
		snprintf(no_controller, sizeof(no_controller), "%s",
			w->count > 1 ? w->word[1].text : "");
		return "ok";
	}
	at = find_drive(w->count > 1 ? w->word[1].text : NULL);
	if (at < 0)
		return "error: there is no such drive";
	if (strcmp(verb, "burn") == 0)
		return burn((unsigned)at, w);
	if (strcmp(verb, "wait") == 0) {
		if (!burns[at].active)
			return *burns[at].result ? burns[at].result : "error: nothing was burned";
		c->waits_for = at;
		return NULL;
	}
	done = act((unsigned)at, verb);
	return done ? done : "error: a host cannot do that; see the top of fake_daemon.c";
}

static void obey_line(struct host_client *c, char *line)
{
	struct words w;
	const char *said = words_split(line, strlen(line), &w);

	said = said ? "error: the line cannot be read" : obey(c, &w);
	if (said)
		answer(c, said);
}

static int on_client(sd_event_source *s, int fd, uint32_t revents, void *client)
{
	struct host_client *c = client;
	ssize_t n = recv(fd, c->line + c->len, sizeof(c->line) - 1 - c->len, MSG_DONTWAIT);
	char *end;

	(void)s;
	(void)revents;
	if (n <= 0) {
		drop_client(c);
		return 0;
	}
	c->len += (size_t)n;
	c->line[c->len] = '\0';
	while ((end = strchr(c->line, '\n')) != NULL) {
		*end = '\0';
		obey_line(c, c->line);
		c->len -= (size_t)(end + 1 - c->line);
		memmove(c->line, end + 1, c->len + 1);
	}
	if (c->len == sizeof(c->line) - 1)
		drop_client(c);
	return 0;
}

static int on_connect(sd_event_source *s, int listener, uint32_t revents, void *ctx)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	(void)s;
	(void)revents;
	(void)ctx;
	for (unsigned i = 0; fd >= 0 && i < CLIENTS; i++) {
		if (clients[i].fd >= 0)
			continue;
		clients[i].fd = fd;
		return sd_event_add_io(
			event, &clients[i].source, fd, EPOLLIN, on_client, &clients[i]);
	}
	if (fd >= 0)
		close(fd);
	return 0;
}

static void host_address(struct sockaddr_un *addr)
{
	*addr = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(addr->sun_path, sizeof(addr->sun_path), "%s", in_scratch("run/host"));
}

static void listen_for_hosts(void)
{
	struct sockaddr_un addr;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	for (unsigned i = 0; i < CLIENTS; i++)
		clients[i] = (struct host_client){.fd = -1, .waits_for = -1};
	host_address(&addr);
	unlink(addr.sun_path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 || listen(fd, 8) < 0 ||
		sd_event_add_io(event, NULL, fd, EPOLLIN, on_connect, NULL) < 0) {
		perror(addr.sun_path);
		exit(1);
	}
}

static void step_burns(void)
{
	for (unsigned i = 0; i < drive_count; i++) {
		if (!burns[i].active)
			continue;
		fake_burn_step(&burns[i]);
		for (unsigned k = 0; !burns[i].active && k < CLIENTS; k++) {
			if (clients[k].fd < 0 || clients[k].waits_for != (int)i)
				continue;
			clients[k].waits_for = -1;
			answer(&clients[k], burns[i].result);
		}
	}
}

/* ---- the daemon ----------------------------------------------------------------------------- */

static int make_real_control(void)
{
	struct command_env env = {
		.drives = &set, .udc = udc_or_none, .problem = why_none, .functions = functions};
	struct control_config cc = {.fifo = "control",
		.socket = "socket",
		.status = "status",
		.group = "",
		.web = "web"};
	const struct group *own = getgrgid(getegid());

	snprintf(cc.web_group, sizeof(cc.web_group), "%s", own ? own->gr_name : "");
	snprintf(cc.directory, sizeof(cc.directory), "%s/run", scratch);
	return control_new(&cc, &env, event, &control);
}

/* Drops the answer to the insertion at the start; the status has the result. */
static void drop_answer(struct reply *r, json_t *a)
{
	(void)r;
	json_decref(a);
}

static void insert_first_disc(struct drive *d)
{
	static struct reply silent = {.progress = drop_answer, .final = drop_answer};
	enum drive_verb verb;
	const char *image = drive_initial_disc(d, &verb);

	if (image)
		drive_submit_as(d, verb, image, drive_initial_as(d, image), false, &silent);
}

static void start(void)
{
	static const char *const name[DRIVES] = {"drive0", "drive1"};

	mkdir(in_scratch("media"), 0775);
	if (fake_media[1])
		mkdir(in_scratch(fake_media[1]), 0775);
	mkdir(in_scratch("run"), 0755);
	if (sd_event_new(&event) < 0)
		exit(1);
	for (unsigned i = 0; i < drive_count; i++) {
		fake_drive(&usb[i], name[i], event, &set, unlock_wait);
		insert_first_disc(usb[i].drive);
	}
	signal(SIGPIPE, SIG_IGN);
	if (make_real_control() < 0)
		exit(1);
	listen_for_hosts();
}

static int on_end(sd_event_source *s, const struct signalfd_siginfo *si, void *ctx)
{
	(void)s;
	(void)si;
	(void)ctx;
	return sd_event_exit(event, 0);
}

static void serve(void)
{
	sigset_t ends;
	bool burning;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	sd_event_add_signal(event, NULL, SIGTERM, on_end, NULL);
	sd_event_add_signal(event, NULL, SIGINT, on_end, NULL);
	puts("ready");
	fflush(stdout);
	while (sd_event_get_state(event) != SD_EVENT_FINISHED) {
		burning = false;
		for (unsigned i = 0; i < drive_count; i++) {
			fake_run(&usb[i]);
			burning |= burns[i].active;
		}
		step_burns();
		/* Nothing wakes this loop when a fake USB thread has something to do. */
		if (sd_event_run(event, burning ? 1000 : 5000) < 0)
			break;
	}
	for (unsigned i = 0; i < drive_count; i++)
		fake_burn_cancel(&burns[i]);
	stop_all();
}

/* Sends the line to the host in the daemon of the folder; 0 = the answer is "ok". */
static int command_host(char **words, int n)
{
	struct sockaddr_un addr;
	char line[LINE] = "";
	size_t len = 0;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ssize_t got;

	for (int i = 0; i < n && len < sizeof(line); i++)
		len += (size_t)snprintf(line + len, sizeof(line) - len, "\"%s\"%s", words[i],
			i + 1 < n ? " " : "\n");
	host_address(&addr);
	if (len >= sizeof(line) || fd < 0 ||
		connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
		send(fd, line, len, MSG_NOSIGNAL) != (ssize_t)len) {
		perror(addr.sun_path);
		return 1;
	}
	got = recv(fd, line, sizeof(line) - 1, 0);
	line[got > 0 ? got : 0] = '\0';
	fputs(line, stdout);
	return strncmp(line, "ok", 2) != 0;
}

static int usage(void)
{
	fputs("usage: fake_daemon [--drives 1|2] [--rename label|date] [--verify] [--verbose] "
	      "[--folders] FOLDER\n"
	      "       fake_daemon --host FOLDER VERB [WORD]...\n",
		stderr);
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"drives", 1, NULL, 'd'}, {"rename", 1, NULL, 'r'},
		{"unlock-wait", 1, NULL, 'w'}, {"verify", 0, NULL, 'c'}, {"verbose", 0, NULL, 'v'},
		{"folders", 0, NULL, 'f'}, {"host", 0, NULL, 'h'}, {0}};
	bool host = false;
	int o;

	log_set_level(LOG_LEVEL_WARN);
	fake_remembers = true;
	/* "+": what follows the folder is the host's. */
	while ((o = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		if (o == 'd')
			drive_count = strcmp(optarg, "1") == 0 ? 1 : DRIVES;
		else if (o == 'r')
			fake_burned.rename = strcmp(optarg, "label") == 0 ? POSTBURN_RENAME_LABEL
									  : POSTBURN_RENAME_DATE;
		else if (o == 'w')
			unlock_wait = (unsigned)strtoul(optarg, NULL, 10);
		else if (o == 'c')
			fake_burned.checksum = true;
		else if (o == 'f')
			fake_media[1] = "media1";
		else if (o == 'v')
			log_set_level(LOG_LEVEL_DEBUG);
		else if (o == 'h')
			host = true;
		else
			return usage();
	}
	if (optind >= argc || (host ? optind + 1 >= argc : optind + 1 != argc))
		return usage();
	if (strlen(argv[optind]) >= sizeof(scratch)) {
		fprintf(stderr, "fake_daemon: %s: at most %zu characters\n", argv[optind],
			sizeof(scratch) - 1);
		return 2;
	}
	strcpy(scratch, argv[optind]);
	if (host)
		return command_host(argv + optind + 1, argc - optind - 1);
	start();
	serve();
	return 0;
}
