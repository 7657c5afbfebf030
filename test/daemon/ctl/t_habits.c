// SPDX-License-Identifier: GPL-2.0-or-later
/* What people type who do not know this client: each row ends as they expect, or says what to type.
 */
#include "daemon/ctl/habits_fixture.h"

#include <pwd.h>

#include "util/array.h"

/* No row may have made or inserted a disc that is called like an option. */
static void check_nothing_was_made(void)
{
	static const char *const names[] = {
		"--help", "-h", "help", "help.iso", "--", "--frob", ".x"};
	char path[64];

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof(path), "media/%s", names[i]);
		if (access(in_scratch(path), F_OK) == 0)
			fail_msg("there is a disc called \"%s\"", names[i]);
	}
}

/* Help and nothing else, wherever it is asked for. */
static const struct habit helps[] = {
	{"blank --help", 0, "make a blank disc"},
	{"blank -h", 0, "make a blank disc"},
	{"insert -h", 0, "insert NAME"},
	{"insert --frob x y z --help", 0, "insert NAME"},
	{"close --help", 0, "finalise"},
	{"eject --force -h", 0, "remove the disc"},
	{"--help blank x", 0, "make a blank disc"},
	{"watch --help", 0, "watch [drive=DRIVE]"},
	{"doctor -h", 0, "no host sees a drive"},
	{"trace save --help", 0, "trace script FILE"},
	{"help", 0, "doctor"},
	{"help insert", 0, "insert NAME"},
	{"help trace", 0, "trace show FILE"},
	{"insert help", 0, "insert NAME"},
	{"status help", 0, "show the drives"},
	{"blank help", 0, "make a blank disc"},
	{"help load", 2, "there is no \"load\"; did you mean insert?"},
	{"next --help", 0, "next image"},
	{"delete --help a.iso", 0, "delete NAME"},
	{"rename -h a.iso z.iso", 0, "rename OLD NEW"},
	{"erase -h a.iso", 0, "erase NAME"},
};

static const struct habit habits[] = {
	/* options after the verb, and short ones */
	{"status --json", 0, "\"ok\":true"},
	{"list --json", 0, "\"ok\":true"},
	{"stats --json", 0, "\"ok\":true"},
	{"watch --json | head -n 1", 0, "\"drive\":"},
	{"status -j", 0, "\"ok\":true"},
	{"-j status", 0, "\"ok\":true"},
	{"eject drive=drive0 --wait 1", 0, "drive0: there is no disc"},
	{"-v", 0, "mmcgadgetctl " MMCGADGET_VERSION},
	{"version", 0, "mmcgadgetctl " MMCGADGET_VERSION},
	{"version --json", 0, "\"version\":\"" MMCGADGET_VERSION "\""},
	{"status -v", 0, "phase errors"},
	{"status", 0, "disc       none"},
	{"status --frob", 2, "\"--frob\": there is no such option"},
	{"status --json=1", 2, "\"--json=1\": this option takes no value"},
	{"--ver", 2, "\"--ver\": several options begin so"},
	{"--ver=1", 2, "\"--ver=1\": several options begin so"},
	{"status -x", 2, "\"-x\": there is no such option"},
	{"insert -x.iso", 2, "a name that begins with \"-\" stands after --"},
	/* other words for the verbs */
	{"ls", 2, "there is no \"ls\"; did you mean list?"},
	{"images", 2, "did you mean list?"},
	{"discs", 2, "did you mean list?"},
	{"load a.iso", 2, "there is no \"load\"; did you mean insert?"},
	{"mount a.iso", 2, "did you mean insert?"},
	{"unload", 2, "did you mean eject?"},
	{"umount", 2, "did you mean eject?"},
	{"open", 2, "eject opens the tray"},
	{"previous", 2, "did you mean prev?"},
	{"back", 2, "did you mean prev?"},
	{"finalize x", 2, "did you mean close?"},
	{"finalise x", 2, "did you mean close?"},
	{"finish x", 2, "did you mean close?"},
	{"new x", 2, "did you mean blank?"},
	{"rm x", 2, "did you mean delete?"},
	{"mv x y", 2, "did you mean rename?"},
	{"create x", 2, "did you mean blank?"},
	{"info", 2, "did you mean status?"},
	{"drives", 2, "did you mean status?"},
	{"stat", 2, "did you mean status?"},
	{"drive", 2, "did you mean status?"},
	{"reload", 2, "did you mean insert?"},
	{"swap b.iso", 2, "did you mean insert?"},
	{"df", 2, "did you mean list?"},
	{"md5sum a.iso", 2, "did you mean sum?"},
	{"debug", 2, "did you mean doctor?"},
	/* what no verb does */
	{"burn x", 2, "there is no \"burn\"; the PC burns, with its own program"},
	{"COPY x y", 2, "there is no \"COPY\"; upload FILE puts a file into the media folder"},
	{"unlock", 2, "eject --force"},
	{"restart", 2, "sudo systemctl restart mmcgadgetd"},
	{"logs", 2, "sudo journalctl -u mmcgadgetd"},
	{"config", 2, "/etc/mmcgadget/mmcgadget.conf"},
	{"help burn", 2, "the PC burns"},
	{"reboot", 2, "sudo reboot"},
	{"poweroff", 2, "sudo poweroff"},
	{"shutdown", 2, "sudo poweroff"},
	{"update", 2, "\"Update, uninstall\", says how"},
	{"uninstall", 2, "\"Update, uninstall\", says how"},
	{"journal", 2, "sudo journalctl -u mmcgadgetd"},
	{"set x", 2, "/etc/mmcgadget/mmcgadget.conf"},
	{"name MYDISC", 2, "vendor and product of drives"},
	{"import x.iso", 2, "did you mean upload?"},
	{"export x.iso", 2, "did you mean get?"},
	{"bug", 2, "did you mean report?"},
	{"diag", 2, "did you mean doctor?"},
	/* waiting, watching, mistyped verbs */
	{"wait host", 0, "drive0: host"},
	{"wait empty drive1", 0, "drive1: empty"},
	{"wait -d 1 empty", 0, "drive1: empty"},
	{"wait burned timeout=0", 1, "drive0: not yet after 0 seconds: burned"},
	{"wait", 2, "usage: wait burned|empty|host"},
	{"wait sunday", 2, "usage: wait burned|empty|host"},
	{"wait host timeout=soon", 2, "usage: wait burned|empty|host"},
	{"wait host drive=7", 1, "no drive \"7\"; there are: drive0, drive1"},
	{"wait burned size=3", 2, "wait: unknown option \"size\" (usage: wait burned|empty|host "},
	{"wait host none", 2, "wait: there is no drive \"none\" (usage: wait burned|empty|host "},
	{"wait host none", 2, " [drive=DRIVE]); the drives are: drive0, drive1"},
	{"wait --help", 0, "wait until a burn has ended"},
	{"Status", 2, "did you mean status?"},
	{"wacth", 2, "did you mean watch?"},
	{"watch a b", 2, "watch: too many arguments (usage: watch [drive=DRIVE])"},
	{"watch none", 2, "watch: "},
	{"watch none", 2, "(usage: watch [drive=DRIVE]); the drives are: drive0, drive1"},
	{"watch drive=0 drive=1", 2, "watch: option \"drive\" is given twice"},
	{"frob", 2, "unknown command \"frob\"; try help"},
	/* drives */
	{"insert a.iso drive1", 0, "drive1: inserted a.iso"},
	{"insert drive1 a.iso", 0, "drive1: inserted a.iso"},
	{"insert a.iso --drive drive1", 0, "drive1: inserted a.iso"},
	{"insert --drive=drive1 a.iso", 0, "drive1: inserted a.iso"},
	{"insert a.iso -d 1", 0, "drive1: inserted a.iso"},
	{"insert a.iso drive=1", 0, "drive1: inserted a.iso"},
	{"insert a.iso Drive=drive1", 0, "drive1: inserted a.iso"},
	{"insert a.iso drive=Drive1", 0, "drive1: inserted a.iso"},
	{"insert a.iso drive=7", 1, "no drive \"7\"; there are: drive0, drive1"},
	{"insert a.iso -d 1 drive=0", 2, "option \"drive\" is given twice"},
	{"status drive0", 0, "drive0\n"},
	{"list 1", 0, "a.iso"},
	{"next drive1", 0, "drive1: inserted"},
	{"eject drive1", 0, "drive1: there is no disc"},
	{"eject -f", 0, "drive0: there is no disc"},
	{"--force eject", 0, "drive0: there is no disc"},
	{"eject --force force", 0, "drive0: there is no disc"},
	{"insert a.iso --force", 0, "drive0: inserted a.iso"},
	{"next -f", 0, "drive0: inserted"},
	{"list --force", 2, "there is nothing to force"},
	{"status drive9", 2, "there is no drive \"drive9\""},
	/* names */
	{"insert My Holiday.iso", 2, "names with blanks need quotes: insert \"My Holiday.iso\""},
	{"insert The Lord of the Rings The Two Towers Extended.iso", 2,
		"names with blanks need quotes"},
	{"insert my", 0, "inserted My Holiday.iso"},
	{"insert 'MY HOLIDAY.ISO'", 0, "inserted My Holiday.iso"},
	{"insert holiday", 0, "inserted My Holiday.iso"},
	{"insert movie.iso", 0, "inserted films/movie.iso"},
	{"insert Movie", 0, "inserted films/movie.iso"},
	{"insert mobie.iso", 1, "did you mean \"films/movie.iso\"? mmcgadgetctl list shows all"},
	{"insert $M/a.iso", 0, "inserted a.iso"},
	{"insert $M//films/movie.iso", 0, "inserted films/movie.iso"},
	{"insert $W/media/../media/a.iso", 0, "inserted a.iso"},
	{"insert $W/x.iso", 1, "; copy it there first"},
	{"insert x.iso", 1, "the file of that name in this directory must be copied there first"},
	{"insert films", 1, "is a folder; name one disc in it: \"films/movie.iso\""},
	{"insert -- -dash.iso", 0, "inserted -dash.iso"},
	{"insert -- -dash.iso drive=drive1", 0, "drive1: inserted -dash.iso"},
	{"insert -- a=b.iso", 0, "inserted a=b.iso"},
	{"insert -- drive=1.iso", 0, "inserted drive=1.iso"},
	{"-- insert a.iso", 0, "inserted a.iso"},
	{"insert --", 2, "too few arguments"},
	{"insert -- -- drive=drive0", 1, "no image \"--\""},
	{"insert a=b.iso", 2, "unknown option \"a\""},
	{"blank -- --frob", 1, "cannot begin with \"-\" or \".\""},
	{"blank .x", 1, "cannot begin with \"-\" or \".\""},
	{"blank $M/new.iso", 0, "inserted new.iso"},
	{"blank ./new2.iso", 0, "inserted new2.iso"},
	{"blank kind.img type=BD-R", 0, "inserted kind.img (blank BD-R"},
	{"insert a.iso as=CD", 0, "inserted a.iso (CD-ROM"},
	{"get none.iso", 1, "no image \"none.iso\" in "},
	{"get none.iso", 1, " mmcgadgetctl list shows all"},
	{"blank minus type=dvd-r", 0, "inserted minus.iso (blank DVD-R, 4.71 GB)"},
	{"rename to-rename plus", 1, "whole names only; did you mean"},
	{"rename to-rename.iso plus.iso", 0, "renamed to-rename.iso to plus.iso"},
	{"delete to-delete.iso", 0, "deleted to-delete.iso"},
	{"delete no-such.iso", 1, "no image \"no-such.iso\" in "},
	{"blank x type=cd-i", 1, "no blank of type \"cd-i\"; dvd+r"},
	{"blank x type=cd-r minutes=70", 1,
		"blank: a CD-R has 74, 80, 90 or 99 minutes, not \"70\""},
	{"blank x type=cd-rw minutes=99", 1, "blank: a CD-RW has 74 or 80 minutes, not \"99\""},
	{"blank x minutes=80", 1,
		"blank: minutes= is for type=cd-r and type=cd-rw; a DVD+R has one size"},
	{"close $M/a.iso", 0, "closed a.iso"},
	{"get MOVIE && rm movie.iso", 0, "wrote movie.iso, 40.96 kB"},
	{"get films/movie.iso again.iso && rm again.iso", 0, "wrote again.iso, 40.96 kB"},
	{"get movie >/dev/null && mmcgadgetctl get MOVIE", 1, "movie.iso: File exists"},
	{"get a.iso drive=0 drive=1", 2, "usage: get NAME [FILE] [drive=DRIVE]"},
	{"get a.iso -d 0 drive=1", 2, "usage: get NAME [FILE] [drive=DRIVE]"},
	{"get movie.isp", 1, "did you mean \"films/movie.iso\"?"},
};

static void help_does_nothing_else(void **state)
{
	struct drive_info info;

	(void)state;
	put_discs();
	FIFO("insert \"b c.iso\"\n", "ok: drive0: inserted b c.iso (DVD-ROM, 8.19 kB)");
	for (size_t i = 0; i < ARRAY_LEN(helps); i += emulated() ? 7 : 1) {
		check(&helps[i]);
		check_nothing_was_made();
		assert_int_equal(size_of("media/a.iso"), 4096);
		drive_get_info(usb[0].drive, &info);
		if (!info.mmc.loaded || !info.image || strcmp(info.image, "b c.iso") != 0)
			fail_msg("mmcgadgetctl %s took the disc out", helps[i].typed);
	}
}

static void every_habit_ends_as_expected(void **state)
{
	static char out[16384], err[16384];

	(void)state;
	put_discs();
	/*
	 * Under an emulator, each start of the client takes a second, so only every seventh row is
	 * tried: the client reads its command line in the same way on every machine. So no row may
	 * need the one before it.
	 */
	for (size_t i = 0; i < ARRAY_LEN(habits); i += emulated() ? 7 : 1) {
		check(&habits[i]);
		check_nothing_was_made();
		assert_int_equal(type("eject -f drive0", out, err, sizeof(out)), 0);
		assert_int_equal(type("eject -f drive1", out, err, sizeof(out)), 0);
	}
}

/* Through the FIFO there is no shell, and no client that understands options. */
static void no_line_makes_a_disc_called_like_an_option(void **state)
{
	(void)state;
	FIFO("blank --help\n",
		"error: \"--help\": the name of a disc cannot begin with \"-\" or \".\"");
	FIFO("blank -h\n", "error: \"-h\": the name of a disc cannot begin with \"-\" or \".\"");
	FIFO("blank .hidden\n",
		"error: \".hidden\": the name of a disc cannot begin with \"-\" or \".\"");
	FIFO("load a.iso\n", "error: there is no \"load\"; did you mean insert?");
	check_nothing_was_made();
}

/* On a terminal of 80 columns no line of the help is broken. */
static void help_fits_on_a_terminal(void **state)
{
	static char out[16384], err[16384];

	(void)state;
	assert_int_equal(type("help", out, err, sizeof(out)), 0);
	for (const char *p = out; *p; p += strcspn(p, "\n") + 1)
		if (strcspn(p, "\n") > 80)
			fail_msg("%.*s", (int)strcspn(p, "\n"), p);
}

static void help_needs_neither_daemon_nor_group(void **state)
{
	static const struct habit rows[] = {
		{"help", 0, "usage: mmcgadgetctl"},
		{"help insert", 0, "insert NAME"},
		{"insert -h", 0, "insert NAME"},
		{"version", 0, MMCGADGET_VERSION},
		{"load", 2, "did you mean insert?"},
		{"status", 3,
			"start it: sudo systemctl start mmcgadgetd; mmcgadgetctl doctor says "},
	};

	(void)state;
	assert_int_equal(rename(in_scratch("run/socket"), in_scratch("run/away")), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check(&rows[i]);
	assert_int_equal(rename(in_scratch("run/away"), in_scratch("run/socket")), 0);
}

struct end {
	const char *typed;
	int exit;
	const char *code; /* NULL: a success */
};

/* Fails unless the client printed one object, with that code, and nothing else. */
static void check_end(const struct end *e, int exit, const char *out, const char *err)
{
	json_t *a = json_loads(out, 0, NULL);
	const char *has = json_string_value(json_object_get(a, "code"));

	if (exit != e->exit || *err || !json_is_object(a) ||
		strcmp(strchrnul(out, '\n'), "\n") != 0 ||
		strcmp(has ? has : "", e->code ? e->code : "") != 0)
		fail_msg("%s ends with %d, \"%s\" and \"%s\", not with %d and one object, %s",
			e->typed, exit, out, err, e->exit, e->code ? e->code : "a success");
	assert_int_equal(json_integer_value(json_object_get(a, "format")), 1);
	assert_true(json_is_true(json_object_get(a, "ok")) == !e->code);
	assert_true(json_is_string(json_object_get(a, "message")));
	json_decref(a);
}

static const struct end ends[] = {
	{"status --json", 0, NULL},
	{"--json insert a.iso", 0, NULL},
	{"eject --json", 0, NULL},
	{"help --json", 0, NULL},
	{"--json insert --help", 0, NULL},
	{"--json", 2, "usage"},
	{"load --json", 2, "usage"},
	{"insert --json", 2, "usage"},
	{"--json insert a b", 2, "bad-arguments"},
	{"--frob --json", 2, "usage"},
	{"--json --wait x status", 2, "usage"},
	{"--json trace show /nonexistent", 2, "usage"},
	{"--json trace save -", 2, "usage"},
	{"--json trace save /dev/null drive1", 1, "no-trace"},
	{"--json trace save trace", 0, NULL},
	{"--json trace save /nonexistent/trace", 1, "io-error"},
	{"--json trace save /dev/full", 1, "io-error"},
	{"--json insert none", 1, "no-such-image"},
	{"--json wait host", 0, NULL},
	{"--json wait burned timeout=0", 1, "timeout"},
	{"--json wait", 2, "usage"},
	{"--json watch none", 2, "bad-arguments"},
	{"--json watch drive=none", 1, "no-such-drive"},
	{"--json events a b", 2, "usage"},
	{"--json get", 2, "usage"},
	{"--json get none.iso", 1, "no-such-image"},
	{"--json get a.iso", 0, NULL},
	{"--json get a.iso", 1, "exists"}, /* from the row before */
	{"--json get a.iso /nonexistent/x", 1, "io-error"},
	{"--json upload", 2, "usage"},
	{"--json upload /nonexistent/x.iso", 1, "io-error"},
	{"--json upload /dev/null", 1, "not-a-file"},
	{"--json upload a.iso", 1, "exists"},
	{"--json report", 2, "usage"},
	{"--json report a b", 2, "usage"},
	{"--json report /nonexistent/x", 1, "io-error"},
	{"--json report /dev/full", 1, "io-error"},
	{"--json web sideways", 2, "usage"},
	{"--json web token add", 2, "usage"},
	{"--json web token remove none", 1, "no-such-token"},
	{"--json web password </dev/null", 1, "bad-password"},
	{"--json loopback on", 1, "not-ready"}, /* $MMCGADGET_ROOT has no modules */
	{"--json loopback sideways", 2, "usage"},
	{"--json network sideways", 2, "usage"},
	{"--json --socket /nonexistent status", 3, "no-daemon"},
	{"--json --socket /nonexistent watch", 3, "no-daemon"},
	{"--json --socket /nonexistent events", 3, "no-daemon"},
	{"--json --socket /nonexistent get a.iso x", 3, "no-daemon"},
	{"--json --socket /nonexistent upload a.iso", 3, "no-daemon"},
	{"--json --socket /nonexistent wait host", 3, "no-daemon"},
	{"--json --socket /nonexistent trace save x", 3, "no-daemon"},
};

/* With --json there is one object on standard output, whatever the end. */
static void every_end_is_an_object(void **state)
{
	static char out[16384], err[16384];
	struct recorder *r = drive_recorder(usb[0].drive);

	(void)state;
	/* A command for the trace to save. */
	fifo_slow("trace start\n", "ok: drive0: a trace begins");
	recorder_observer.began(r);
	fake_host(&usb[0], 0x00, 0);
	recorder_observer.ended(r, &(struct bot_command){.csw = 0});
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		check_end(&ends[i], type(ends[i].typed, out, err, sizeof(out)), out, err);
	}
}

/* Root may use every socket, so another user runs the client. Returns its exit code. */
static int type_as_nobody(const char *typed, char *out, char *err, size_t size)
{
	char command[1024];

	put_text("as.sh",
		"cd /; exec setpriv --reuid=65534 --regid=65534 --clear-groups -- \"$@\"\n");
	snprintf(command, sizeof(command),
		"version >/dev/null; cp ${CTL##* } ctl; chmod 755 ctl as.sh; "
		"sh as.sh $WRAP $W/ctl --socket $W/run/socket %s",
		typed);
	return type(command, out, err, size);
}

/* A user without permission is told what to type, with that user's name and the socket's group. */
static void no_permission_names_user_and_group(void **state)
{
	static const struct end rows[] = {
		{"status --json", 4, "no-permission"},
		{"events --json", 4, "no-permission"},
		{"get a.iso --json", 4, "no-permission"},
		{"web password --json <as.sh", 4, "no-permission"},
	};
	static char out[16384], err[16384];
	const struct passwd *user = getpwuid(65534);
	const struct group *other = getgrgid(1);
	char want[512];

	(void)state;
	if (geteuid() != 0 || !user || !other)
		skip();
	chmod(scratch, 0755);
	chmod(in_scratch("run"), 0755);
	chmod(in_scratch("run/socket"), 0660);
	mkdir(in_scratch("root"), 0755);
	mkdir(in_scratch("root/etc"), 0755);
	mkdir(in_scratch("root/etc/mmcgadget"), 0755);
	assert_int_equal(type_as_nobody("status", out, err, sizeof(out)), 4);
	snprintf(want, sizeof(want),
		"mmcgadgetctl: %s: permission denied; only root may use it: put sudo before this "
		"command\n",
		in_scratch("run/socket"));
	assert_string_equal(err, want);
	assert_int_equal(chown(in_scratch("run/socket"), 0, other->gr_gid), 0);
	snprintf(want, sizeof(want),
		"mmcgadgetctl: %s: permission denied; join the group %s: sudo usermod -aG %s %s, "
		"then log out and in again; or put sudo before this command\n",
		in_scratch("run/socket"), other->gr_name, other->gr_name, user->pw_name);
	assert_int_equal(type_as_nobody("status", out, err, sizeof(out)), 4);
	assert_string_equal(err, want);
	assert_string_equal(out, "");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		check_end(&rows[i], type_as_nobody(rows[i].typed, out, err, sizeof(out)), out, err);
	}
}

/* The disc is recorded on, and finalised while the client waits. */
static void wait_ends_with_the_burn(void **state)
{
	static const struct habit rows[] = {
		{"wait burned timeout=0", 1, "not yet"},
		/* The delay lets the client see the burn before its end; any other length works. */
		{"version; (sleep 1; mmcgadgetctl close n.img) >/dev/null & mmcgadgetctl wait "
		 "burned "
		 "timeout=30",
			0, "drive0: burned: n.img\n"},
		{"wait burned", 0, "drive0: burned: n.img\n"},
		{"wait empty timeout=0", 1, "not yet"},
	};

	(void)state;
	FIFO("blank n.img\n", "ok: drive0: inserted n.img (blank DVD+R, 4.70 GB)");
	assert_true(fake_ready(&usb[0]));
	assert_true(fake_write(&usb[0], 0));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check(&rows[i]);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(help_does_nothing_else),
		T(every_habit_ends_as_expected),
		T(no_line_makes_a_disc_called_like_an_option),
		T(help_fits_on_a_terminal),
		T(help_needs_neither_daemon_nor_group),
		T(every_end_is_an_object),
		T(no_permission_names_user_and_group),
		T(wait_ends_with_the_burn),
	};

	return cmocka_run_group_tests_name("habits", tests, NULL, NULL);
}
