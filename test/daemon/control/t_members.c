// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Compares the members of answers and events with mmcgadgetd(8), on which programs rely: an answer
 * has each member that the manual marks in its part about that answer, and no other.
 */
#include "daemon/control/events_fixture.h"

#include "daemon/audio_disc.h"
#include "daemon/transfer/upload_fixture.h"
#include "protocol/answer.h"
#include "util/array.h"

static char manual[1 << 17];

struct part {
	/* The part of the manual begins with `from`, and ends before `to`; NULL: the next item. */
	const char *from, *to;
	const char *others; /* words that this part marks, but that are not in this answer */
	bool deep;          /* this part describes the members of members, too */
};

static bool is_common(const char *key)
{
	static const char *const keys[] = {
		"ok", "message", "format", "code", "usage", "event", "seq"};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (strcmp(key, keys[i]) == 0)
			return true;
	}
	return false;
}

static void collect(json_t *o, bool top, bool deep, json_t *found)
{
	const char *key;
	json_t *value;
	size_t i;

	json_array_foreach(o, i, value) collect(value, false, deep, found);
	json_object_foreach(o, key, value)
	{
		if (!top || !is_common(key))
			json_object_set_new(found, key, json_true());
		if (deep)
			collect(value, false, deep, found);
	}
}

/* Returns the words that the part marks as members, except p->others, which it must mark. */
static json_t *described(const struct part *p)
{
	char *text = strstr(manual, p->from), *end, *line, *save = NULL;
	json_t *found = json_object();

	if (!text)
		fail_msg("mmcgadgetd(8) has no \"%s\"", p->from);
	end = strstr(text + strlen(p->from), p->to ? p->to : "\n.It\n");
	if (!end)
		fail_msg("mmcgadgetd(8): \"%s\" has no end", p->from);
	text = strndup(text, (size_t)(end - text));
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char word[64], *at = strstr(line, "Li ");

		if (*line == '.' && at && sscanf(at, "Li %63s", word) == 1)
			json_object_set_new(found, word, json_true());
	}
	free(text);
	text = strdup(p->others ? p->others : "");
	for (line = strtok_r(text, " ", &save); line; line = strtok_r(NULL, " ", &save)) {
		if (json_object_del(found, line) < 0)
			fail_msg("mmcgadgetd(8), \"%s\": no %s", p->from, line);
	}
	free(text);
	return found;
}

/* Takes the answer, and compares its members with that part of the manual. */
static void compare(json_t *answer, const struct part *p)
{
	json_t *has = json_object(), *said = described(p), *value;
	char *text = json_dumps(answer, JSON_COMPACT);
	const char *key;

	collect(answer, true, p->deep, has);
	json_object_foreach(said, key, value)
	{
		if (!json_object_get(has, key))
			fail_msg("the manual has %s, the answer has not: %s", key, text);
	}
	json_object_foreach(has, key, value)
	{
		if (!json_object_get(said, key))
			fail_msg("\"%s\" of the manual lacks %s of: %s", p->from, key, text);
	}
	free(text);
	json_decref(said);
	json_decref(has);
	json_decref(answer);
}

static json_t *ask(int fd, const char *line)
{
	json_t *a;

	send_text(fd, line);
	a = json_loads(receive_line(fd), 0, NULL);
	assert_true(json_is_object(a));
	assert_int_equal(json_integer_value(json_object_get(a, "format")), ANSWER_FORMAT);
	return a;
}

static int setup_members(void **state)
{
	FILE *f = fopen("docs/man/mmcgadgetd.8", "r");

	assert_non_null(f);
	manual[fread(manual, 1, sizeof(manual) - 1, f)] = '\0';
	fclose(f);
	fake_faults[0] = true;
	return setup(state);
}

/* With the group "burned" of the configuration. */
static int setup_burned(void **state)
{
	int r;

	fake_burned = (struct drive_burned){.checksum = true};
	r = setup_members(state);
	fake_burned = (struct drive_burned){0};
	return r;
}

#define ACTION ".It\n.Cm insert ,\n.Cm next ,\n"
#define UPLOAD "\n.Cm upload-"

struct row {
	const char *line;
	struct part part;
};

static void check_rows(const struct row *rows, size_t count)
{
	int fd = connect_client();

	for (size_t i = 0; i < count; i++)
		compare(ask(fd, rows[i].line), &rows[i].part);
	close(fd);
}

static void actions_have_the_members_of_the_manual(void **state)
{
	static const struct row rows[] = {
		{"insert a.iso\n", {ACTION, "has the same without", NULL, false}},
		{"next\n", {ACTION, "has the same without", NULL, false}},
		{"prev\n", {ACTION, "has the same without", NULL, false}},
		{"blank n.iso\n", {ACTION, "has the same without", NULL, false}},
		{"eject\n", {".Cm eject\nhas\n", "If the command takes", NULL, false}},
	};
	/* With a disc that was in the drive. */
	static const struct row closed_rows[] = {
		{"rename a.iso x.iso\n", {".It\n.Cm rename :", NULL, NULL, false}},
		{"delete x.iso\n", {".It\n.Cm delete :", NULL, NULL, false}},
		{"blank rw1.iso type=dvd-rw\n", {ACTION, "has the same without", NULL, false}},
		{"blank rw2.iso type=dvd-rw\n", {ACTION, "has the same without", NULL, false}},
		{"insert rw\n", {".Dq ambiguous :", ".El", NULL, false}},
	};
	static const struct part unfinished = {ACTION, "\n.It\n", NULL, false},
				 closed = {ACTION, "has the same without", "host_awake", false};
	int fd = connect_client();

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
	wait_unlocked("media/a.iso");
	check_rows(closed_rows, ARRAY_LEN(closed_rows));
	wait_unlocked("media/rw1.iso");
	compare(ask(fd, "erase rw1.iso\n"), &(struct part){.from = ".It\n.Cm erase :"});
	json_decref(ask(fd, "blank open.iso\n"));
	assert_true(fake_ready(&usb[0]));
	assert_true(fake_write(&usb[0], 0));
	compare(ask(fd, "insert rw1.iso\n"), &unfinished);
	wait_unlocked("media/open.iso");
	compare(ask(fd, "close open.iso\n"), &closed);
	close(fd);
}

static void questions_have_the_members_of_the_manual(void **state)
{
	static const struct row rows[] = {
		{"status\n", {".It\n.Cm status :", "The members of a drive are:",
				     "type node host_mac board_mac", false}},
		{"stats\n", {".It\n.Cm stats :", NULL, NULL, false}},
		{"trace status\n",
			{".It\n.Cm trace :", NULL, "state header records first next end", false}},
		{"fault list\n", {".It\n.Cm fault list :", NULL, NULL, false}},
		{"help\n", {".It\n.Cm help :", NULL, NULL, false}},
		{"sum a.iso\n", {".It\n.Cm sum :", NULL, NULL, false}},
	};
	static const struct part list = {".It\n.Cm list :", NULL, NULL, true},
				 read = {".It\n.Cm trace :", NULL, "state", true},
				 extract = {".It\n.Cm extract :", NULL, NULL, false};
	int fd = connect_client();
	struct recorder *r = drive_recorder(usb[0].drive);
	json_t *a;

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
	json_decref(ask(fd, "trace start\n"));
	recorder_observer.began(r);
	fake_host(&usb[0], 0x00, 0);
	recorder_observer.ended(r, &(struct bot_command){.csw = 0});
	compare(ask(fd, "trace read from=1\n"), &read);
	/* The resolver, which reads cue sheets, needs seccomp, which emulators have not. */
	if (!emulated()) {
		use_resolver();
		put_audio_disc();
		json_decref(ask(fd, "blank rw.iso type=dvd-rw\n"));
		json_decref(ask(fd, "blank burned.iso\n"));
		assert_true(fake_ready(&usb[0]));
		assert_true(fake_write(&usb[0], 0));
		close_disc(&usb[0]);
		do {
			a = ask(fd, "list\n");
		} while (field_number(a, "labels_unread") > 0 && (json_decref(a), true));
		compare(a, &list);
		compare(ask(fd, "extract x.cue\n"), &extract);
	}
	close(fd);
}

/*
 * The manual's list marks the members of a drive and the members of these; its tags are the members
 * of the drive.
 */
static void a_drive_has_the_members_of_the_manual(void **state)
{
	static const char begin[] = "The members of a drive are:\n";
	static const struct part part = {begin, NULL, "open_track open_kind", true};
	int fd = connect_client();
	unsigned found = 0;
	char *line, *text;
	json_t *a, *d;

	(void)state;
	json_decref(ask(fd, "fault add not-ready\n"));
	a = ask(fd, "status\n");
	d = json_array_get(json_object_get(a, "drives"), 0);
	compare(json_incref(d), &part);
	text = strstr(manual, begin);
	assert_non_null(text);
	*strstr(text, "\n.El\n") = '\0';
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		if (strncmp(line, ".It Li ", 7) != 0)
			continue;
		found++;
		if (!json_object_get(d, line + 7))
			fail_msg("the manual has the member %s, status has not", line + 7);
	}
	assert_int_equal(found, json_object_size(d));
	json_decref(a);
	close(fd);
}

static void files_have_the_members_of_the_manual(void **state)
{
	static const struct part open = {".Cm open\nanswers with", "and passes a descriptor", NULL,
					 false},
				 upload = {"The command answers with\n", "A refusal for lack", NULL,
					 false},
				 at = {UPLOAD "at\nwith the\n", "After a crash", NULL, false},
				 uploads = {"\n.Cm uploads\nanswers with\n", UPLOAD "drop\n", NULL,
					 true},
				 drop = {UPLOAD "drop\nwith\n", "At most 16", NULL, false},
				 end = {"The answer has\n.Li image ,\n.Li size\n",
					 "Nothing is ever", NULL, false};
	int fd = connect_client();
	char line[128], id[64];
	struct upload u;
	json_t *a;

	(void)state;
	compare(ask(fd, "open a.iso\n"), &open);
	a = ask(fd, "upload u.iso size=4096\n");
	snprintf(id, sizeof(id), "%s", field_text(a, "id"));
	compare(a, &upload);
	compare(ask(fd, "uploads\n"), &uploads);
	snprintf(line, sizeof(line), "upload-at %s\n", id);
	compare(ask(fd, line), &at);
	snprintf(line, sizeof(line), "upload-open %s\n", id);
	compare(ask(fd, line), &upload);
	snprintf(line, sizeof(line), "upload-drop %s\n", id);
	compare(ask(fd, line), &drop);
	u = begin(fd, "upload v.iso size=4096");
	write_bytes(u.fd, 0, 4096);
	close(u.fd);
	snprintf(line, sizeof(line), "upload-at %s offset=4096\n", u.id);
	json_decref(ask(fd, line));
	snprintf(line, sizeof(line), "upload-end %s\n", u.id);
	compare(ask(fd, line), &end);
	close(fd);
}

static void events_have_the_members_of_the_manual(void **state)
{
	static const struct {
		const char *event;
		struct part part;
	} rows[] = {
		{"daemon", {".It Li daemon\n", ".It Li drive\n", "daemon", false}},
		{"drive", {".It Li drive\n.Li drive ,", "The members\n", NULL, false}},
		{"library", {".It Li library\n", ".It Li upload\n", "library", false}},
		{"upload", {".It Li upload\n", ".It Li burned\n", "upload", true}},
		{"burned", {".It Li burned\nSomething happened", "\n.El\n",
				   "burned session done written renamed failed", false}},
	};
	int fd = connect_client();
	char line[128];
	json_t *a;

	(void)state;
	a = ask(fd, "upload u.iso size=4096\n");
	snprintf(line, sizeof(line), "upload-drop %s\n", field_text(a, "id"));
	json_decref(a);
	json_decref(ask(fd, line));
	close(fd);
	fd = connect_client();
	compare(ask(fd, "events\n"), &(struct part){.from = ".It\n.Cm events :", .to = "\n.It\n"});
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (strcmp(rows[i].event, "burned") == 0) {
			fifo_slow("blank b.iso\n", "ok: drive0: inserted ");
			assert_true(fake_ready(&usb[0]));
			assert_true(fake_write(&usb[0], 0));
			close_disc(&usb[0]);
		}
		compare(next_of(fd, rows[i].event), &rows[i].part);
	}
	close(fd);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup_members, teardown)
	const struct CMUnitTest tests[] = {
		T(actions_have_the_members_of_the_manual),
		T(questions_have_the_members_of_the_manual),
		cmocka_unit_test_setup_teardown(
			a_drive_has_the_members_of_the_manual, setup_burned, teardown),
		T(files_have_the_members_of_the_manual),
		T(events_have_the_members_of_the_manual),
	};

	return cmocka_run_group_tests_name("members", tests, NULL, NULL);
}
