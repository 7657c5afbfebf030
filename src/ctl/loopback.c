// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * There is one service, which belongs to a board's port, to this PC itself, or to a PC at the other
 * end of a network. So two daemons can never want the same controller, FIFO or gadget, whatever
 * starts the service: the administrator, or udev when a module has made its controller.
 */
#include "ctl/loopback.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl/ask.h"
#include "ctl/client.h"
#include "ctl/loopback_unit.h"
#include "ctl/loopback_use.h"
#include "ctl/loopback_user.h"
#include "ctl/network_socket.h"
#include "ctl/own_verbs.h"
#include "ctl/root_file.h"
#include "ctl/soft_udc.h"
#include "protocol/answer.h"
#include "protocol/field.h"
#include "util/array.h"
#include "util/shell_word.h"

#define UNIT     "mmcgadgetd.service"
#define PAUSE_MS 100u
#define LOCK_MS  3000u             /* for programs of udev to end that use the drive */
#define FOLDER   "mmcgadget-discs" /* in the user's home, if no other is named */

/* The two verbs. */
struct choice {
	enum loopback_kind kind;
	const char *verb, *usage;
	const struct soft_udc *udc;
	const char *off;   /* said when it is off */
	const char *using; /* said when the disc cannot be taken away */
};

static const struct choice choices[] = {
	[KIND_LOOPBACK] = {.kind = KIND_LOOPBACK,
		.verb = LOOPBACK_VERB,
		.usage = LOOPBACK_ON_SYNOPSIS ", " LOOPBACK_OFF_SYNOPSIS ", " LOOPBACK_SYNOPSIS,
		.udc = &soft_dummy,
		.off = "this PC has no drive of its own (loopback is off)",
		.using = "this PC uses the disc: it is mounted, or a program burns or reads. Eject "
			 "it first, or: sudo mmcgadgetctl loopback off force"},
	[KIND_NETWORK] = {.kind = KIND_NETWORK,
		.verb = NETWORK_VERB,
		.usage = NETWORK_ON_SYNOPSIS ", " NETWORK_OFF_SYNOPSIS ", " NETWORK_SYNOPSIS,
		.udc = &soft_vudc,
		.off = "no PC can have a drive of this machine by network (network is off)",
		.using = "the PC uses the disc: it is mounted there, or a program burns or reads. "
			 "Eject it there first, or: sudo mmcgadgetctl network off force"},
};

/* The modules that "on" may have to load, in the order in which they can be removed. */
#define MODULES 3
struct module {
	enum part part;
	const char *name;
};

/* The words after the verb. */
struct words_given {
	const char *what, *folder, *user, *listen;
	bool force;
};

struct loopback {
	const struct options *o;
	const struct loopback_env *env;
	const struct choice *choice;
	struct words_given given;
	struct loopback_unit unit;
	bool service_waits; /* the service runs for a port that this machine does not have */
};

static struct module module(const struct loopback *l, unsigned i)
{
	const struct module all[MODULES] = {{PART_FFS, "usb_f_fs"},
		{l->choice->udc->part, l->choice->udc->module}, {PART_COMPOSITE, "libcomposite"}};

	return all[i];
}

static enum exit_code fail(const struct loopback *l, const char *code, const char *text)
{
	return say_failure(l->o->json, EXIT_REFUSED, code, "%s", text);
}

/* Runs systemctl or modprobe with up to two arguments. True: it has succeeded. */
static bool run(const struct loopback *l, bool quiet, const char *program, const char *first,
	const char *second)
{
	const char *const argv[] = {program, first, second, NULL};

	return l->env->run(argv, quiet) == 0;
}

static void sleep_ms(unsigned ms)
{
	const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

	nanosleep(&t, NULL);
}

/* ---- what is there ------------------------------------------------------------------------ */

static bool daemon_runs(const struct loopback *l)
{
	int fd = client_connect(l->env->socket, 0);

	if (fd >= 0)
		close(fd);
	return fd >= 0 || fd == -EACCES;
}

static void describe_loopback(const struct loopback *l, const char *device, char *out, size_t size)
{
	const struct loopback_unit *u = &l->unit;

	if (*device != '\0')
		snprintf(out, size,
			"this PC is its own host: it has the drive as %s; the discs are the files "
			"in %s, of the user %s",
			device, u->folder, u->user);
	else
		snprintf(out, size,
			"this PC is its own host, but does not see the drive yet: ask again in a "
			"few seconds, then mmcgadgetctl doctor");
}

static void describe_network(
	const struct loopback *l, bool listens, bool connected, char *out, size_t size)
{
	const struct loopback_unit *u = &l->unit;
	const char *discs = "the discs are the files in";

	if (connected)
		snprintf(out, size, "a PC has the drive by network; %s %s, of the user %s", discs,
			u->folder, u->user);
	else if (listens)
		snprintf(out, size,
			"no PC has the drive yet: %s waits for one at %s; %s %s, of the user %s",
			u->controller, u->listen, discs, u->folder, u->user);
	else
		snprintf(out, size,
			"network is on, but nothing listens at %s: sudo mmcgadgetctl network on "
			"starts it again",
			u->listen);
}

/* Writes the text, and adds the facts in it to `all`, for the JSON. */
static void describe(const struct loopback *l, bool runs, json_t *all, char *out, size_t size)
{
	char device[64] = "";
	bool connected;

	if (l->choice->kind == KIND_LOOPBACK) {
		if (runs)
			soft_udc_drive(l->env->root, l->unit.controller, device, sizeof(device));
		json_object_set_new(all, "device", json_string(device));
		if (runs)
			describe_loopback(l, device, out, size);
	} else {
		connected = runs && loopback_has_host(l->env->socket, false);
		json_object_set_new(all, "listen", json_string(l->unit.listen));
		json_object_set_new(all, "connected", json_boolean(connected));
		if (runs)
			describe_network(l,
				network_listener(l->env->root, l->unit.listen) != LISTENS_NOT,
				connected, out, size);
	}
	if (!runs)
		snprintf(out, size,
			"%s is on, but mmcgadgetd does not run: journalctl -u mmcgadgetd says why",
			l->choice->verb);
}

/* Prints what is on, or gives it as JSON. */
static enum exit_code report(const struct loopback *l, bool on)
{
	const struct loopback_unit *u = &l->unit;
	char text[1024];
	bool runs = on && daemon_runs(l);
	json_t *all = json_object();

	snprintf(text, sizeof(text), "%s", l->choice->off);
	if (l->choice->kind == KIND_NETWORK &&
		network_listener(l->env->root, NETWORK_LISTEN) != LISTENS_NOT)
		snprintf(text, sizeof(text),
			"network is off, but something listens at port %u: systemctl "
			"status " NETWORK_SOCKET " says whether that is for good",
			network_port(NETWORK_LISTEN));
	if (on) {
		json_object_set_new(all, "running", json_boolean(runs));
		json_object_set_new(all, "controller", json_string(u->controller));
		json_object_set_new(all, "user", json_string(u->user));
		json_object_set_new(all, "folder", json_string(u->folder));
		describe(l, runs, all, text, sizeof(text));
	}
	if (l->o->json) {
		json_t *answer = answer_ok("%s", text);

		json_object_set_new(answer, "on", json_boolean(on));
		json_object_update(answer, all);
		say_object(answer);
	} else {
		puts(text);
	}
	json_decref(all);
	return say_end(EXIT_OK);
}

/* ---- on ----------------------------------------------------------------------------------- */

/* Checks what the kernel and the system must have. True, or the failure is reported. */
static bool system_good(const struct loopback *l, struct facts *f)
{
	const struct doctor_env env = {.root = l->env->root, .socket = l->env->socket};
	char text[768];

	facts_gather(&env, f);
	if (f->part[l->choice->udc->part] == PART_MISSING) {
		soft_udc_missing(l->choice->udc, f, text, sizeof(text));
		fail(l, "not-ready", text);
		return false;
	}
	for (unsigned i = 0; i < MODULES; i++) {
		if (f->part[module(l, i).part] != PART_MISSING)
			continue;
		snprintf(text, sizeof(text),
			"the kernel (%s) has no %s; mmcgadgetctl doctor says more", f->release,
			module(l, i).name);
		fail(l, "not-ready", text);
		return false;
	}
	if (!root_has(l->env->root, "/run/systemd/system")) {
		fail(l, "not-ready",
			"this system was not started by systemd; docs/virtual.md says how the "
			"daemon "
			"runs without a service");
		return false;
	}
	return true;
}

/* Whether a word is an option of these verbs. A folder of such a name is given as ./NAME. */
static bool is_option(const char *word)
{
	return strncmp(word, "user=", 5) == 0 || strncmp(word, "listen=", 7) == 0 ||
	       strcmp(word, "force") == 0;
}

static bool needs_root(const struct loopback *l)
{
	const struct words_given *g = &l->given;
	char text[PATH_MAX + 512], path[PATH_MAX] = "", folder[PATH_MAX] = "";
	char user[128] = "", listen[128] = "";

	if (l->env->uid == 0)
		return false;
	/* What was given after "--" is not to be taken for an option without it. */
	if (g->folder)
		snprintf(path, sizeof(path), "%s%s",
			*g->folder == '-' || is_option(g->folder) ? "./" : "", g->folder);
	if (g->folder && !shell_word(path, folder, sizeof(folder)))
		strcpy(folder, "FOLDER");
	if (g->user)
		shell_word(g->user, user, sizeof(user));
	if (g->listen)
		shell_word(g->listen, listen, sizeof(listen));
	snprintf(text, sizeof(text),
		"this loads a kernel module and changes the service mmcgadgetd, which only root "
		"may: sudo mmcgadgetctl %s %s%s%s%s%s%s%s%s",
		l->choice->verb, g->what, *folder ? " " : "", folder, *user ? " user=" : "", user,
		*listen ? " listen=" : "", listen, g->force ? " force" : "");
	say_failure(l->o->json, EXIT_NO_PERMISSION, "no-permission", "%s", text);
	return true;
}

/* Makes the folder, unless it is on (is_on): then only its path is found. True, or reported. */
static bool find_user_and_folder(struct loopback *l, bool is_on)
{
	char home[PATH_MAX - 64], folder[PATH_MAX], why[PATH_MAX + 256];

	if (!loopback_user(l->given.user, l->env->caller, &l->unit, home, sizeof(home), why,
		    sizeof(why))) {
		fail(l, "bad-arguments", why);
		return false;
	}
	if (is_on) {
		if (l->given.folder && realpath(l->given.folder, folder))
			snprintf(l->unit.folder, sizeof(l->unit.folder), "%.255s", folder);
		return true;
	}
	snprintf(folder, sizeof(folder), "%s/" FOLDER, home);
	if (!loopback_folder(
		    &l->unit, l->given.folder ? l->given.folder : folder, why, sizeof(why))) {
		fail(l, "no-such-folder", why);
		return false;
	}
	return true;
}

/* True, or reported. */
static bool find_listen(struct loopback *l)
{
	char text[256];

	if (l->choice->kind != KIND_NETWORK ||
		network_listen(l->given.listen ? l->given.listen : NETWORK_LISTEN, l->unit.listen,
			sizeof(l->unit.listen)))
		return true;
	snprintf(text, sizeof(text),
		"listen=%.80s: an address is needed, such as 192.168.7.2, [fd00::2] or "
		"192.168.7.2:3240",
		l->given.listen);
	fail(l, "bad-arguments", text);
	return false;
}

/* True, or reported. */
static bool find_controller(struct loopback *l)
{
	char owner[256], text[512];

	if (soft_udc_free(l->choice->udc, l->env->root, l->unit.controller,
		    sizeof(l->unit.controller), owner, sizeof(owner)))
		return true;
	/* If no controller of the module exists, the module creates this one. */
	snprintf(l->unit.controller, sizeof(l->unit.controller), "%s0", l->choice->udc->prefix);
	if (*owner == '\0')
		return true;
	snprintf(text, sizeof(text),
		"the gadget \"%s\" has the controller of %s; stop what made that gadget first",
		owner, l->choice->udc->module);
	fail(l, "in-use", text);
	return false;
}

static void note_modules(struct loopback *l, const struct facts *f)
{
	for (unsigned i = 0; i < MODULES; i++) {
		size_t n = strlen(l->unit.modules);

		if (f->part[module(l, i).part] == PART_ON_DISK)
			snprintf(l->unit.modules + n, sizeof(l->unit.modules) - n, "%s%s",
				n > 0 ? " " : "", module(l, i).name);
	}
}

/*
 * Another daemon, or the service for a board's port, is not to be disturbed. But on a machine
 * without any controller the service only waits, and no host can use it: start() will stop it.
 */
static bool other_daemon(struct loopback *l, const struct facts *f)
{
	bool active = run(l, true, "systemctl", "is-active", UNIT);
	struct loopback_unit other;
	char text[256];

	for (size_t i = 0; i < ARRAY_LEN(choices); i++) {
		const char *verb = choices[i].verb;

		if (!loopback_unit_read(l->env->root, choices[i].kind, &other))
			continue;
		snprintf(text, sizeof(text), "%s is on; first: sudo mmcgadgetctl %s off", verb,
			verb);
		fail(l, "in-use", text);
		return true;
	}
	if (!active && !daemon_runs(l))
		return false;
	l->service_waits = active && f->udcs == 0;
	if (l->service_waits)
		return false;
	fail(l, "in-use",
		"mmcgadgetd runs already, for a port of this machine. If no PC uses its disc: sudo "
		"systemctl stop mmcgadgetd, then the same again");
	return true;
}

/* Undoes what start() has done, after the units were stopped. False: the controller's module could
 * not be removed. */
static bool undo(struct loopback *l)
{
	bool clean = true;

	run(l, true, "systemctl", "reset-failed", UNIT);
	loopback_unit_remove(l->env->root, l->choice->kind);
	if (l->choice->kind == KIND_NETWORK)
		network_socket_remove(l->env->root);
	run(l, true, "systemctl", "daemon-reload", NULL);
	for (unsigned i = 0; i < MODULES; i++) {
		/* The other modules may stay loaded: other gadgets may use them. */
		if (strstr(l->unit.modules, module(l, i).name) &&
			!run(l, true, "modprobe", "-r", module(l, i).name) &&
			module(l, i).part == l->choice->udc->part)
			clean = false;
	}
	return clean;
}

static enum exit_code start(struct loopback *l)
{
	char text[256];
	bool network = l->choice->kind == KIND_NETWORK;
	int r;

	if (l->service_waits && !run(l, false, "systemctl", "stop", UNIT))
		return fail(l, "io-error", "mmcgadgetd does not stop; nothing else was changed");
	/* The drop-in comes first: a controller that appears lets udev start the service. */
	r = loopback_unit_write(l->env->root, &l->unit);
	if (r == 0 && network)
		r = network_socket_write(l->env->root, l->unit.listen);
	if (r < 0) {
		loopback_unit_remove(l->env->root, l->choice->kind);
		if (l->service_waits)
			run(l, true, "systemctl", "start", UNIT);
		snprintf(text, sizeof(text), "/run/systemd/system: %s", strerror(-r));
		return fail(l, "io-error", text);
	}
	if (run(l, false, "systemctl", "daemon-reload", NULL) &&
		run(l, false, "modprobe", "libcomposite", NULL) &&
		run(l, false, "modprobe", l->choice->udc->module, NULL) &&
		run(l, false, "systemctl", "start", UNIT) &&
		(!network || run(l, false, "systemctl", "start", NETWORK_SOCKET)))
		return EXIT_OK;
	if (network)
		run(l, true, "systemctl", "stop", NETWORK_SOCKET);
	run(l, true, "systemctl", "stop", UNIT);
	undo(l);
	if (l->service_waits)
		run(l, true, "systemctl", "start", UNIT);
	return fail(l, "io-error",
		"it did not start, and everything is as before; the reason is above, or in "
		"journalctl -u mmcgadgetd");
}

static enum exit_code report_started(const struct loopback *l)
{
	char device[64];

	if (l->choice->kind == KIND_NETWORK && !network_listen_is_local(l->unit.listen))
		fprintf(stderr,
			"mmcgadgetctl: whoever reaches %s can use the drive: USB/IP has neither "
			"password nor encryption (docs/usbip.md)\n",
			l->unit.listen);
	for (unsigned ms = 0; l->choice->kind == KIND_LOOPBACK && ms < l->env->wait_ms;
		ms += PAUSE_MS) {
		if (soft_udc_drive(l->env->root, l->unit.controller, device, sizeof(device)) &&
			loopback_has_host(l->env->socket, false))
			break;
		sleep_ms(PAUSE_MS);
	}
	return report(l, true);
}

/* It is on: only the same again is accepted. */
static enum exit_code again(struct loopback *l, const struct loopback_unit *before)
{
	char text[768];

	if (strcmp(before->user, l->unit.user) != 0 ||
		(l->given.folder && strcmp(before->folder, l->unit.folder) != 0) ||
		(l->given.listen && strcmp(before->listen, l->unit.listen) != 0)) {
		snprintf(text, sizeof(text),
			"%s is on already, for the user %s with %s%s%s; first: sudo mmcgadgetctl "
			"%s "
			"off",
			l->choice->verb, before->user, before->folder,
			*before->listen ? " at " : "", before->listen, l->choice->verb);
		return fail(l, "in-use", text);
	}
	l->unit = *before;
	if (!run(l, false, "systemctl", "start", UNIT) ||
		(l->choice->kind == KIND_NETWORK &&
			!run(l, false, "systemctl", "start", NETWORK_SOCKET)))
		return fail(l, "io-error",
			"mmcgadgetd does not start; journalctl -u mmcgadgetd says why");
	return report_started(l);
}

static enum exit_code turn_on(struct loopback *l)
{
	struct loopback_unit before;
	bool is_on = loopback_unit_read(l->env->root, l->choice->kind, &before);
	struct facts f;
	enum exit_code code;

	if (!system_good(l, &f))
		return EXIT_REFUSED;
	if (needs_root(l))
		return EXIT_NO_PERMISSION;
	if (!is_on && other_daemon(l, &f))
		return EXIT_REFUSED;
	if (!find_listen(l) || !find_user_and_folder(l, is_on))
		return EXIT_REFUSED;
	if (is_on)
		return again(l, &before);
	if (!find_controller(l))
		return EXIT_REFUSED;
	note_modules(l, &f);
	code = start(l);
	return code == EXIT_OK ? report_started(l) : code;
}

/* ---- off ---------------------------------------------------------------------------------- */

static enum exit_code turn_off(struct loopback *l)
{
	unsigned ms = 0;

	if (!loopback_unit_read(l->env->root, l->choice->kind, &l->unit))
		return report(l, false);
	if (needs_root(l))
		return EXIT_NO_PERMISSION;
	/* For a moment, programs of udev use the drive as well. */
	while (!l->given.force && loopback_in_use(l->env, &l->unit, l->choice->kind)) {
		if (ms >= MIN(l->env->wait_ms, LOCK_MS))
			return fail(l, "locked", l->choice->using);
		sleep_ms(PAUSE_MS);
		ms += PAUSE_MS;
	}
	if (l->choice->kind == KIND_NETWORK)
		run(l, true, "systemctl", "stop", NETWORK_SOCKET);
	if (!run(l, false, "systemctl", "stop", UNIT))
		return fail(l, "io-error", "mmcgadgetd does not stop; nothing else was changed");
	if (!undo(l))
		fprintf(stderr,
			"mmcgadgetctl: the module %s stays loaded, as something else uses it\n",
			l->choice->udc->module);
	return report(l, false);
}

/* ---- the verb ----------------------------------------------------------------------------- */

/* Sorts the words after the verb. False: there is one too many, or one that does not belong there.
 */
static bool sort_words(const struct options *o, const struct choice *choice, struct words_given *g)
{
	g->what = o->count > 1 && !o->literal[1] ? o->word[1] : "status";
	g->force = o->force;
	for (unsigned i = 2; i < o->count; i++) {
		const char *word = o->word[i];

		if (!o->literal[i] && strncmp(word, "user=", 5) == 0 && !g->user)
			g->user = word + 5;
		else if (!o->literal[i] && strncmp(word, "listen=", 7) == 0 && !g->listen &&
			 choice->kind == KIND_NETWORK)
			g->listen = word + 7;
		else if (!o->literal[i] && strcmp(word, "force") == 0 &&
			 strcmp(g->what, "off") == 0)
			g->force = true;
		else if (!g->folder && (o->literal[i] || !is_option(word)))
			g->folder = word;
		else
			return false;
	}
	return true;
}

enum exit_code loopback_run(const struct options *o, const struct loopback_env *env)
{
	const struct choice *choice =
		&choices[strcmp(o->word[0], NETWORK_VERB) == 0 ? KIND_NETWORK : KIND_LOOPBACK];
	struct loopback l = {.o = o, .env = env, .choice = choice, .unit.kind = choice->kind};
	bool good = sort_words(o, choice, &l.given) && !o->drive;
	const struct words_given *g = &l.given;
	bool alone = !g->folder && !g->user && !g->listen;

	if (good && strcmp(g->what, "on") == 0 && !g->force)
		return say_end(turn_on(&l));
	if (good && strcmp(g->what, "off") == 0 && alone)
		return say_end(turn_off(&l));
	if (good && strcmp(g->what, "status") == 0 && alone && !g->force)
		return report(&l, loopback_unit_read(env->root, choice->kind, &l.unit));
	return say_failure(o->json, EXIT_USAGE, "usage", "usage: %s", choice->usage);
}
