// SPDX-License-Identifier: GPL-2.0-or-later
/* mmcgadgetctl report: what is in it, and that no personal name is. */
#include "daemon/control/control_fixture.h"

#include "daemon/audio_disc.h"
#include "ctl/redact.h"
#include "util/array.h"

/* Makes a file below the test's root directory, with its directories. */
static void put_file(const char *path, const char *text)
{
	char name[256], full[SCRATCH_PATH];

	snprintf(name, sizeof(name), "root%s", path);
	snprintf(full, sizeof(full), "%s", in_scratch(name));
	for (char *p = full + strlen(scratch) + 1; (p = strchr(p, '/')) != NULL; *p++ = '/') {
		*p = '\0';
		mkdir(full, 0755);
	}
	put_text(name, text);
}

/* Makes a program that prints text. */
static void put_program(const char *name, const char *text)
{
	char path[64], script[2048];

	snprintf(path, sizeof(path), "bin/%s", name);
	snprintf(script, sizeof(script), "#!/bin/sh\ncat <<'END'\n%s\nEND\n", text);
	mkdir(in_scratch("bin"), 0755);
	put_text(path, script);
	assert_int_equal(chmod(in_scratch(path), 0755), 0);
}

static int ctl(const char *args, char *out)
{
	char command[4096];
	int status;

	snprintf(command, sizeof(command),
		"unset USER LOGNAME; SUDO_USER=annegret PATH=%s:$PATH MMCGADGET_ROOT=%s exec "
		"%s --socket "
		"%s %s >%s 2>&1",
		in_scratch("bin"), in_scratch("root"), client(), in_scratch("run/socket"), args,
		in_scratch("out"));
	status = run_beside(command);
	strcpy(out, get_text("out"));
	return status;
}

/* ---- redaction ---------------------------------------------------------------------------- */

static const char *redacted(const struct redact *r, const char *text, bool log)
{
	static char out[1024];
	FILE *f = fmemopen(out, sizeof(out), "w");

	redact_write(r, text, log, f);
	fclose(f);
	out[strcspn(out, "\n")] = '\0';
	return out;
}

/* Addresses, and what looks like one. */
static void addresses_are_replaced(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{"2001:db8:0:1:2:3:4:5", "<address>"},
		{"2001:0DB8:0000:0001:0002:0003:0004:0005/64", "<address>/64"},
		{"at fe80::c82e:d2ff:fea5:6f3%usb0, up", "at <address>, up"},
		{"fe80::1%enx00112233aabb.7: up", "<address>: up"},
		{"inet6 addr:2001:db8::1.", "inet6 addr:<address>."},
		{"listen=[fd00::2]:3240", "listen=[<address>]:3240"},
		{"[::]:3240 and [::1]:3240", "[::]:3240 and [<address>]:3240"},
		{"from 2001:db8::: no", "from <address>: no"},
		{"2001:db8::1: refused", "<address>: refused"},
		{"2001:db8::1.443 > fd12:3456::", "<address>.443 > <address>"},
		{"1:2:3:4:5:6:7:8:3240", "<address>:3240"},
		{"1:2:3:4:5:6:7::, 1::8", "<address>, <address>"},
		{"::ffff:192.0.2.1:80", "<address>:80"},
		{"64:ff9b::192.0.2.33 (192.0.2.33)", "<address> (<address>)"},
		{"\"fdaa:bbcc::dd\"", "\"<address>\""},
		{"FE80::1, x=fe80::2;", "<address>, x=<address>;"},
		{"MAC CA:2e:d2:a5:06:f3, enxca2ed2a506f3", "MAC <mac>, enx<mac>"},
		/* Neither an address nor anything else */
		{"12:34:56", "12:34:56"},
		{"2026-11-28T12:34:56.789012+01:00", "2026-11-28T12:34:56.789012+01:00"},
		{"[   12.345678] usb 1-1: x", "[   12.345678] usb 1-1: x"},
		{"std::dec, a::push_back, Foo::bad, ::add",
			"std::dec, a::push_back, Foo::bad, ::add"},
		{"x::1 :: ab::c_d 0::x", "x::1 :: ab::c_d 0::x"},
		{"1d6b:0104, 0000:00:14.0, 1:0:0:0", "1d6b:0104, 0000:00:14.0, 1:0:0:0"},
		{"INDEX 01 00:03:25 sense 6/28/00: 100%", "INDEX 01 00:03:25 sense 6/28/00: 100%"},
	};
	struct redact *r = redact_new();

	(void)state;
	assert_non_null(r);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_string_equal(redacted(r, rows[i].text, false), rows[i].want);
		assert_string_equal(redacted(r, rows[i].text, true),
			*rows[i].text == '"' ? "\"<name>\"" : rows[i].want);
	}
	redact_free(r);
}

static void names_are_replaced(void **state)
{
	static const struct {
		const char *text, *want;
		bool log;
	} rows[] = {
		{"drive0: inserted films/My Holiday.iso (DVD-ROM)",
			"drive0: inserted <image> (DVD-ROM)", 0},
		{"/x/My Holiday.iso.mmcdisc", "/x/<image>.mmcdisc", 0},
		{"label HOLIDAY, HOLIDAYS, XHOLIDAY", "label <label>, HOLIDAYS, XHOLIDAY", 0},
		{"{\"image\": \"say \\\"cheese\\\".iso\"}", "{\"image\": \"<image>\"}", 0},
		{"pi@raspi: pin, raspi2", "<user>@<host>: pin, raspi2", 0},
		{"MAC ca:2e:d2:a5:06:f3 here", "MAC <mac> here", 0},
		{"at 192.168.178.20, kernel 6.12.0-1", "at <address>, kernel 6.12.0-1", 0},
		{"media = \"/home/anne/discs\"", "media = \"/home/<user>/discs\"", 0},
		{"serial = \"0123456789AB\"; image = \"a b.iso\"; image = \"\";",
			"serial = \"<serial>\"; image = \"<image>\"; image = \"\";", 0},
		/* Names that end as an image's are replaced in the log even if there is no such
		   file. */
		{"drive0: removed Our Wedding.iso", "drive0: removed <image>", 1},
		{"drive0: removed Our Wedding.iso", "drive0: removed Our Wedding.iso", 0},
		{"drive0: Secret Plans.IMG: renamed to The Label.iso",
			"drive0: <image>: renamed to <image>", 1},
		{"drive0: wedding.iso.sha256: no space left", "drive0: <image>: no space left", 1},
		/* What happened is no name. */
		{"drive0: the host ejected Our Wedding.iso", "drive0: the host ejected <image>", 1},
		{"2026-11-28T15:00:00+0000 mmcgadgetd[1]: drive0: the host loaded our wedding "
		 "again",
			"2026-11-28T15:00:00+0000 mmcgadgetd[1]: drive0: the host loaded <image> "
			"again",
			1},
		{"drive0: the host ejected films/My Holiday.iso",
			"drive0: the host ejected <image>", 1},
		{"drive0: burning to Letter to Bob.iso begins", "drive0: burning to <image> begins",
			1},
		{"drive0: burning track 3 (audio) of for anne.bin",
			"drive0: burning track 3 (audio) of <image>", 1},
		{"drive0: session 2 of Anne: 1999.iso is closed, 4.10 MB are recorded; more",
			"drive0: session 2 of <image> is closed, 4.10 MB are recorded; more", 1},
		{"drive0: inserted Our Wedding (Anne) (DVD-ROM, 4.10 GB)",
			"drive0: inserted <image> (DVD-ROM, 4.10 GB)", 1},
		{"drive0: inserted fe80::1 of anne (DVD-ROM, 4.10 GB)",
			"drive0: inserted <image> (DVD-ROM, 4.10 GB)", 1},
		{"drive0: inserted HOLIDAY of anne (DVD-ROM, 4.10 GB)",
			"drive0: inserted <image> (DVD-ROM, 4.10 GB)", 1},
		{"drive0: our wedding.iso is finalised, 42 blocks, 86.02 kB",
			"drive0: <image> is finalised, 42 blocks, 86.02 kB", 1},
		{"drive0: the cue sheet of Anne's songs.bin is removed, the disc is another one "
		 "now",
			"drive0: the cue sheet of <image> is removed, the disc is another one now",
			1},
		{"drive0: locked by the host, eject requested",
			"drive0: locked by the host, eject requested", 1},
		{"drive0: a fault was requested: write-error 500",
			"drive0: a fault was requested: write-error 500", 1},
		{"controller fe980000.usb disappeared", "controller fe980000.usb disappeared", 1},
		{"no image \"my secret\" in /var/lib/mmcgadget",
			"no image \"<name>\" in /var/lib/mmcgadget", 1},
		{"the controller \"x.usb\" is taken by gadget \"g_ether\"",
			"the controller \"x.usb\" is taken by gadget \"g_ether\"", 1},
		{"drive0: configured by the host at high speed",
			"drive0: configured by the host at high speed", 1},
	};
	struct redact *r = redact_new();

	(void)state;
	assert_non_null(r);
	redact_add(r, "films/My Holiday.iso", "image");
	redact_add(r, "say \"cheese\".iso", "image");
	redact_add(r, "HOLIDAY", "label");
	redact_add(r, "pi", "user");
	redact_add(r, "raspi", "host");
	redact_add(r, NULL, "host");
	redact_add(r, "", "label");
	redact_add(r, "x", "label");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(redacted(r, rows[i].text, rows[i].log), rows[i].want);
	redact_free(r);
}

/* The host sends TEST UNIT READY; the trace of drive0 records it. */
static void host_command(void)
{
	struct recorder *r = drive_recorder(usb[0].drive);

	recorder_observer.began(r);
	fake_host(&usb[0], 0x00, 0);
	recorder_observer.ended(r, &(struct bot_command){.csw = 0});
}

/* ---- the client --------------------------------------------------------------------------- */

/* Fails unless the report has the text. */
static void has(const char *report, const char *text)
{
	if (!strstr(report, text))
		fail_msg("no \"%s\" in:\n%s", text, report);
}

static void a_report_has_everything_but_names(void **state)
{
	static const char *const names[] = {"b c", "a.iso", "wedding", "annegret",
		"0123456789ABCDEF", "fedcba9876543210", "ca:2e:d2"};
	static char out[131072];
	char host[64] = "";

	(void)state;
	put_file("/etc/machine-id", "fedcba9876543210fedcba9876543210\n");
	put_file("/sys/kernel/config/usb_gadget/mmcgadget/strings/0x409/serialnumber",
		"B8E75437A2F5\n");
	put_file("/etc/os-release", "PRETTY_NAME=\"Debian GNU/Linux 12\"\nNAME=x\n");
	put_file("/proc/modules", "usb_f_fs 1 2\nlibcomposite 1 2\nsnd 1 2\n");
	put_file("/proc/device-tree/model", "Raspberry Pi Zero 2 W Rev 1.0");
	put_file("/boot/firmware/config.txt",
		"# mine\n[all]\ndtoverlay=dwc2,dr_mode=peripheral\nhdmi=1\n");
	put_file("/sys/class/udc/dummy_udc.0/state", "configured\n");
	put_file("/sys/class/udc/dummy_udc.0/function", "mmcgadget\n");
	put_file("/etc/mmcgadget/mmcgadget.conf",
		"# a comment\ngadget: { serial = \"0123456789ABCDEF\"; };\n"
		"drives = ( { image = \"a.iso\"; } );\n");
	put_program("journalctl",
		"2026-11-28T15:00:00 mmcgadgetd[1]: drive0: inserted Our wedding.iso (DVD-ROM)\n"
		"2026-11-28T15:00:01 usb0: MAC ca:2e:d2:a5:06:f3 of the gadget\n"
		"2026-11-28T15:00:02 data 01 42 38 45 37 35 34 33 37 41 32 46 35 31 00");
	put_program("systemctl", "ActiveState=active");
	assert_int_equal(ctl("insert 'b c.iso'", out), 0);
	assert_int_equal(ctl("trace start", out), 0);
	host_command();
	assert_int_equal(ctl("report", out), 0);
	assert_starts(out, "Report of mmcgadgetctl " MMCGADGET_VERSION "\n");
	has(out, "\n== doctor ==\n");
	has(out, "\ngood  host        it has the drive, at high speed\n");
	has(out, "\nboard: Raspberry Pi Zero 2 W Rev 1.0\n");
	has(out, "\nPRETTY_NAME=\"Debian GNU/Linux 12\"\n");
	has(out, "\ncontroller dummy_udc.0: state=configured function=mmcgadget\n");
	has(out, "\nmodules:\nusb_f_fs 1 2\nlibcomposite 1 "
		 "2\nconfig.txt:\n[all]\ndtoverlay=dwc2,dr_mode=peripheral\n");
	has(out, "\n== settings in /etc/mmcgadget/mmcgadget.conf ==\n"
		 "gadget: { serial = \"<serial>\"; };\ndrives = ( { image = \"<image>\"; } );\n");
	has(out, "\n   \"image\": \"<image>\",\n");
	has(out, "\n== stats ==\n{\n");
	has(out, "\n== service ==\nActiveState=active\n");
	has(out, " mmcgadgetd[1]: drive0: inserted <image> (DVD-ROM)\n");
	has(out, "usb0: MAC <mac> of the gadget\n");
	/* bytes of the serial number of drive1, as a trace shows them */
	has(out, "data 01 <serial> 31 00\n");
	has(out, "\n== trace of drive0 ==\n");
	/* For the trace the client executes itself, which the kernel cannot do with a program of
	 * another architecture, run by an emulator. */
	if (!emulated())
		has(out, "records saved");
	assert_null(strstr(out, "== trace of drive1"));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strstr(out, names[i]))
			fail_msg("\"%s\" is in:\n%s", names[i], out);
	gethostname(host, sizeof(host) - 1);
	assert_null(strlen(host) > 3 ? strstr(out, host) : NULL);
}

static int setup_with_songs(void **state)
{
	int r;

	fake_burned = (struct drive_burned){.songs = true};
	r = setup(state);
	fake_burned = (struct drive_burned){0};
	return r;
}

/* The name of the songs' folder, which status reports, has band and album. */
static void a_report_has_no_name_of_an_album(void **state)
{
	static char out[131072];
	struct postburn *queue = set.holders.at[0]->postburn;
	int folder = library_open_folder(in_scratch("media"));
	uint64_t end = now_ms() + 10000;
	struct postburn_status now;
	struct image_place *place;
	struct library_file f;

	(void)state;
	use_resolver();
	put_file("/etc/os-release", "");
	put_program("journalctl", "");
	put_program("systemctl", "");
	put_audio_disc();
	assert_int_equal(library_find(folder, "x.cue", &f), 0);
	assert_int_equal(image_place_new(&f, &place), 0);
	postburn_add(queue, "x.cue", place);
	image_place_unref(place);
	library_forget(&f);
	close(folder);
	do {
		turn(event, usb, 2, 10, NULL);
		postburn_status(queue, &now);
	} while (*now.state && now_ms() < end);
	assert_string_equal(now.last, "the 2 songs of x.cue are in \"The Band - Al_bum\"");
	assert_int_equal(ctl("report", out), 0);
	has(out, "the 2 songs of <image> are in \\\"<label>\\\"");
	assert_null(strstr(out, "The Band"));
}

static void a_report_is_a_new_file(void **state)
{
	static char out[131072];
	char args[SCRATCH_PATH + 16];

	(void)state;
	put_file("/etc/os-release", "");
	put_program("journalctl", "");
	put_program("systemctl", "");
	/* A journal without the kernel's messages, as on a card image */
	put_program("dmesg", "[    1.5] dwc2 3f980000.usb: EPs: 8, dedicated fifos");
	snprintf(args, sizeof(args), "report %s", in_scratch("report.txt"));
	assert_int_equal(ctl(args, out), 0);
	assert_starts(out, "wrote /tmp/");
	assert_starts(get_text("report.txt"), "Report of mmcgadgetctl ");
	has(get_text("report.txt"), "\n[    1.5] dwc2 3f980000.usb: EPs: 8, dedicated fifos\n");
	/* It is not overwritten. */
	assert_int_equal(ctl(args, out), 1);
	assert_non_null(strstr(out, "report.txt: File exists\n"));
	assert_int_equal(ctl("report a b", out), 2);
	/* Without a daemon */
	control_free(control);
	control = NULL;
	assert_int_equal(ctl("report", out), 0);
	has(out, "mmcgadgetd does not run");
	has(out, "\n== status ==\n(no answer of the daemon)\n");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_replaced),
		cmocka_unit_test(addresses_are_replaced),
		T(a_report_has_everything_but_names),
		T(a_report_is_a_new_file),
		cmocka_unit_test_setup_teardown(
			a_report_has_no_name_of_an_album, setup_with_songs, teardown),
	};

	/* The last one needs seccomp, which emulators have not. */
	size_t n = ARRAY_LEN(tests) - (emulated() ? 1 : 0);

	return _cmocka_run_group_tests("report", tests, n, NULL, NULL);
}
