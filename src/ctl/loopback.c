// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * There is one service, which belongs either to a board's port or to this PC itself. So two
 * daemons can never want the same controller, FIFO or gadget, whatever starts the service: the
 * administrator, or udev when dummy_hcd has made its controller.
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
#include "ctl/dummy.h"
#include "ctl/loopback_unit.h"
#include "ctl/loopback_user.h"
#include "ctl/root_file.h"
#include "protocol/answer.h"
#include "protocol/field.h"
#include "util/array.h"

#define UNIT     "mmcgadgetd.service"
#define ASK_MS   3000u /* for the daemon to answer */
#define PAUSE_MS 100u
#define LOCK_MS  3000u       /* for a lock to end that only programs of udev hold */
#define FOLDER   "mmcgadget" /* in the user's home, if no other is named */

/* What the kernel may lack before "on"; in the order in which they can be removed. */
static const struct {
	enum part part;
	const char *name;
} modules[] = {{PART_FFS, "usb_f_fs"}, {PART_DUMMY, "dummy_hcd"}, {PART_COMPOSITE, "libcomposite"}};

/* The words behind the verb. */
struct words_given {
	const char *what, *folder, *user;
	bool force;
};

struct loopback {
	const struct options *o;
	const struct loopback_env *env;
	struct words_given given;
	struct loopback_unit unit;
};

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

/* Asks the daemon whether any drive has the flag; `of` is the object in the drive that has it. */
static bool any_drive(const struct loopback *l, const char *of, const char *flag)
{
	json_t *status = NULL;
	const json_t *drive;
	bool any = false;
	size_t i;

	ask_status(l->env->socket, 0, ASK_MS, &status);
	json_array_foreach(json_object_get(status, "drives"), i, drive) any |=
		field_flag(of ? json_object_get(drive, of) : drive, flag);
	json_decref(status);
	return any;
}

/* Prints what is on, or gives it as JSON. */
static enum exit_code report(const struct loopback *l, bool on)
{
	const struct loopback_unit *u = &l->unit;
	char device[64] = "", text[1024] = "this PC has no drive of its own (loopback is off)";
	bool runs = on && daemon_runs(l);
	json_t *all;

	if (on && !runs)
		snprintf(text, sizeof(text),
			"loopback is on, but mmcgadgetd does not run: journalctl -u mmcgadgetd "
			"says "
			"why");
	else if (on && dummy_drive(l->env->root, u->controller, device, sizeof(device)))
		snprintf(text, sizeof(text),
			"this PC is its own host: it has the drive as %s; the discs are the files "
			"in "
			"%s, of the user %s",
			device, u->folder, u->user);
	else if (on)
		snprintf(text, sizeof(text),
			"this PC is its own host, but does not see the drive yet: ask again in a "
			"few "
			"seconds, then mmcgadgetctl doctor");
	if (!l->o->json) {
		puts(text);
		return say_end(EXIT_OK);
	}
	all = answer_ok("%s", text);
	json_object_set_new(all, "on", json_boolean(on));
	if (on) {
		json_object_set_new(all, "running", json_boolean(runs));
		json_object_set_new(all, "controller", json_string(u->controller));
		json_object_set_new(all, "user", json_string(u->user));
		json_object_set_new(all, "folder", json_string(u->folder));
		json_object_set_new(all, "device", json_string(device));
	}
	say_object(all);
	return say_end(EXIT_OK);
}

/* ---- on ----------------------------------------------------------------------------------- */

/* What the kernel and the system must have. True, or reported. */
static bool system_good(const struct loopback *l, struct facts *f)
{
	const struct doctor_env env = {.root = l->env->root, .socket = l->env->socket};
	char text[768];

	facts_gather(&env, f);
	if (f->part[PART_DUMMY] == PART_MISSING) {
		dummy_missing(f, text, sizeof(text));
		fail(l, "not-ready", text);
		return false;
	}
	for (size_t i = 0; i < ARRAY_LEN(modules); i++) {
		if (f->part[modules[i].part] != PART_MISSING)
			continue;
		snprintf(text, sizeof(text),
			"the kernel (%s) has no %s; mmcgadgetctl doctor says more", f->release,
			modules[i].name);
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

static bool needs_root(const struct loopback *l)
{
	const struct words_given *g = &l->given;
	const char *quote = g->folder && strpbrk(g->folder, " $&'()*;<>?\\`|") ? "\"" : "";
	char text[1024];

	if (l->env->uid == 0)
		return false;
	snprintf(text, sizeof(text),
		"this loads a kernel module and changes the service mmcgadgetd, which only root "
		"may: sudo mmcgadgetctl loopback %s%s%s%s%s%s%s%s",
		g->what, g->folder ? " " : "", quote, g->folder ? g->folder : "", quote,
		g->user ? " user=" : "", g->user ? g->user : "", g->force ? " force" : "");
	fail(l, "no-permission", text);
	return true;
}

/* True, or reported. */
static bool find_user_and_folder(struct loopback *l)
{
	char home[PATH_MAX - 64], folder[PATH_MAX], why[PATH_MAX + 256];

	if (!loopback_user(l->given.user, l->env->caller, &l->unit, home, sizeof(home), why,
		    sizeof(why))) {
		fail(l, "bad-arguments", why);
		return false;
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
static bool find_controller(struct loopback *l)
{
	char owner[256], text[512];

	if (dummy_free_udc(l->env->root, l->unit.controller, sizeof(l->unit.controller), owner,
		    sizeof(owner)))
		return true;
	/* Where there is none, the module makes this one. */
	strcpy(l->unit.controller, DUMMY_UDC "0");
	if (*owner == '\0')
		return true;
	snprintf(text, sizeof(text),
		"the gadget \"%s\" has the controller of dummy_hcd; stop what made that gadget "
		"first",
		owner);
	fail(l, "in-use", text);
	return false;
}

static void note_modules(struct loopback *l, const struct facts *f)
{
	for (size_t i = 0; i < ARRAY_LEN(modules); i++) {
		size_t n = strlen(l->unit.modules);

		if (f->part[modules[i].part] == PART_ON_DISK)
			snprintf(l->unit.modules + n, sizeof(l->unit.modules) - n, "%s%s",
				n > 0 ? " " : "", modules[i].name);
	}
}

/*
 * Another daemon, or the service for a board's port, is not to be disturbed. But on a machine
 * without any controller the service only waits, and no host can use it: it is stopped.
 */
static bool other_daemon(const struct loopback *l, const struct facts *f)
{
	bool active = run(l, true, "systemctl", "is-active", UNIT);

	if (!active && !daemon_runs(l))
		return false;
	if (active && f->udcs == 0 && run(l, false, "systemctl", "stop", UNIT))
		return false;
	fail(l, "in-use",
		"mmcgadgetd runs already, for a port of this machine. If no PC uses its disc: sudo "
		"systemctl stop mmcgadgetd, then loopback on again");
	return true;
}

/* Undoes what start() has done. Returns false if the modules could not be removed. */
static bool undo(struct loopback *l)
{
	bool clean = true;

	run(l, true, "systemctl", "reset-failed", UNIT);
	loopback_unit_remove(l->env->root);
	run(l, true, "systemctl", "daemon-reload", NULL);
	for (size_t i = 0; i < ARRAY_LEN(modules); i++) {
		/* Of the others it does not matter: they wait for the next gadget. */
		if (strstr(l->unit.modules, modules[i].name) &&
			!run(l, true, "modprobe", "-r", modules[i].name) &&
			modules[i].part == PART_DUMMY)
			clean = false;
	}
	return clean;
}

static enum exit_code start(struct loopback *l)
{
	char text[256];
	/* The drop-in comes first: a controller that appears lets udev start the service. */
	int r = loopback_unit_write(l->env->root, &l->unit);

	if (r < 0) {
		snprintf(text, sizeof(text), LOOPBACK_DROP_IN ": %s", strerror(-r));
		return fail(l, "io-error", text);
	}
	if (run(l, false, "systemctl", "daemon-reload", NULL) &&
		run(l, false, "modprobe", "libcomposite", NULL) &&
		run(l, false, "modprobe", "dummy_hcd", NULL) &&
		run(l, false, "systemctl", "start", UNIT))
		return EXIT_OK;
	run(l, true, "systemctl", "stop", UNIT);
	undo(l);
	return fail(l, "io-error",
		"it did not start, and everything is as before; the reason is above, or in "
		"journalctl -u mmcgadgetd");
}

static enum exit_code report_started(const struct loopback *l)
{
	char device[64];

	for (unsigned ms = 0; ms < l->env->wait_ms; ms += PAUSE_MS) {
		if (dummy_drive(l->env->root, l->unit.controller, device, sizeof(device)) &&
			any_drive(l, "host", "connected"))
			break;
		sleep_ms(PAUSE_MS);
	}
	return report(l, true);
}

/* loopback is on: only the same again is accepted. */
static enum exit_code again(struct loopback *l, const struct loopback_unit *before)
{
	char text[512];

	if (strcmp(before->user, l->unit.user) != 0 ||
		(l->given.folder && strcmp(before->folder, l->unit.folder) != 0)) {
		snprintf(text, sizeof(text),
			"loopback is on already, for the user %s with %s; first: sudo mmcgadgetctl "
			"loopback off",
			before->user, before->folder);
		return fail(l, "in-use", text);
	}
	l->unit = *before;
	if (!run(l, false, "systemctl", "start", UNIT))
		return fail(l, "io-error",
			"mmcgadgetd does not start; journalctl -u mmcgadgetd says why");
	return report_started(l);
}

static enum exit_code turn_on(struct loopback *l)
{
	struct loopback_unit before;
	bool is_on = loopback_unit_read(l->env->root, &before);
	struct facts f;
	enum exit_code code;

	if (!system_good(l, &f) || needs_root(l) || (!is_on && other_daemon(l, &f)))
		return EXIT_REFUSED;
	if (!find_user_and_folder(l))
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

	if (!loopback_unit_read(l->env->root, &l->unit))
		return report(l, false);
	if (needs_root(l))
		return EXIT_REFUSED;
	/* For a moment, programs of udev lock the drive as well. */
	while (!l->given.force && any_drive(l, NULL, "locked")) {
		if (ms >= MIN(l->env->wait_ms, LOCK_MS))
			return fail(l, "locked",
				"this PC uses the disc: it is mounted, or a program burns or "
				"reads. "
				"Eject it first, or: sudo mmcgadgetctl loopback off force");
		sleep_ms(PAUSE_MS);
		ms += PAUSE_MS;
	}
	if (!run(l, false, "systemctl", "stop", UNIT))
		return fail(l, "io-error", "mmcgadgetd does not stop; nothing else was changed");
	if (!undo(l))
		fputs("mmcgadgetctl: the module dummy_hcd stays loaded, as something else uses "
		      "it\n",
			stderr);
	return report(l, false);
}

/* ---- the verb ----------------------------------------------------------------------------- */

/* Sorts the words behind the verb. False: there is one too many. */
static bool sort_words(const struct options *o, struct words_given *g)
{
	g->what = o->count > 1 && !o->literal[1] ? o->word[1] : "status";
	g->force = o->force;
	for (unsigned i = 2; i < o->count; i++) {
		const char *word = o->word[i];

		if (!o->literal[i] && strncmp(word, "user=", 5) == 0 && !g->user)
			g->user = word + 5;
		else if (!o->literal[i] && strcmp(word, "force") == 0 &&
			 strcmp(g->what, "off") == 0)
			g->force = true;
		else if (!g->folder)
			g->folder = word;
		else
			return false;
	}
	return true;
}

enum exit_code loopback_run(const struct options *o, const struct loopback_env *env)
{
	struct loopback l = {.o = o, .env = env};
	bool good = sort_words(o, &l.given) && !o->drive;
	const struct words_given *g = &l.given;

	if (good && strcmp(g->what, "on") == 0 && !g->force)
		return say_end(turn_on(&l));
	if (good && strcmp(g->what, "off") == 0 && !g->folder && !g->user)
		return say_end(turn_off(&l));
	if (good && strcmp(g->what, "status") == 0 && !g->folder && !g->user && !g->force)
		return report(&l, loopback_unit_read(env->root, &l.unit));
	return say_failure(o->json, EXIT_USAGE, "usage",
		"usage: " LOOPBACK_ON_SYNOPSIS ", " LOOPBACK_OFF_SYNOPSIS ", " LOOPBACK_SYNOPSIS);
}
