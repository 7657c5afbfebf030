// SPDX-License-Identifier: GPL-2.0-or-later
/* Media as their owner sees them: what a blank is, and what list and status say. */
#include "daemon/control/control_fixture.h"

#include "library/image.h"

static const struct disc_medium *dl(void)
{
	return disc_medium_named("dvd+r-dl");
}

/* Two drives share a folder; an empty file is a DVD+R in one, and a DVD+R DL in the other. */
static int setup_two_owners(void **state)
{
	fake_blank[0] = NULL;
	fake_blank[1] = dl();
	return setup(state);
}

static bool has_state(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "media/%s.mmcdisc", name);
	return access(in_scratch(path), F_OK) == 0;
}

/* Returns a member of an image in the answer to `line`, as text. */
static const char *listed(const char *line, const char *name, const char *member)
{
	static char text[64];
	int fd = connect_client();
	json_t *a, *each;
	size_t i;

	strcpy(text, "not listed");
	send_text(fd, line);
	a = json_loads(receive_line(fd), 0, NULL);
	json_array_foreach(json_object_get(a, "images"), i, each)
	{
		if (strcmp(json_string_value(json_object_get(each, "name")), name) == 0)
			snprintf(text, sizeof(text), "%s",
				json_string_value(json_object_get(each, member)));
	}
	json_decref(a);
	close(fd);
	return text;
}

static void an_empty_file_is_what_the_owner_of_the_drive_says(void **state)
{
	(void)state;
	put_size("media/e.iso", 0);
	assert_string_equal(listed("list\n", "e.iso", "medium"), "dvd+r");
	assert_string_equal(listed("list drive=drive1\n", "e.iso", "medium"), "dvd+r-dl");
	FIFO("insert e.iso drive=drive1\n",
		"ok: drive1: inserted e.iso (blank DVD+R DL, 8547991552 bytes)");
	/* In a drive it is what it is there, whoever asks. */
	assert_string_equal(listed("list drive=drive0\n", "e.iso", "medium"), "dvd+r-dl");
	FIFO("eject drive=drive1\n", "ok: drive1: ejected e.iso");
	FIFO("insert e.iso\n", "ok: drive0: inserted e.iso (blank DVD+R, 4700372992 bytes)");
	FIFO("eject\n", "ok: drive0: ejected e.iso");
	assert_false(has_state("e.iso"));
}

static void a_blank_keeps_its_medium_in_every_drive(void **state)
{
	(void)state;
	FIFO("blank d.iso drive=drive1\n",
		"ok: drive1: inserted d.iso (blank DVD+R DL, 8547991552 bytes)");
	FIFO("blank s.iso type=dvd+r drive=drive1\n",
		"ok: drive1: inserted s.iso (blank DVD+R, 4700372992 bytes)");
	FIFO("eject drive=drive1\n", "ok: drive1: ejected s.iso");
	FIFO("insert d.iso\n", "ok: drive0: inserted d.iso (blank DVD+R DL, 8547991552 bytes)");
	/* Out of a drive in which an empty file would be the same, it keeps its state file. */
	FIFO("insert s.iso drive=drive0\n",
		"ok: drive0: inserted s.iso (blank DVD+R, 4700372992 bytes)");
	FIFO("eject\n", "ok: drive0: ejected s.iso");
	assert_true(has_state("s.iso") && has_state("d.iso"));
	FIFO("insert s.iso drive=drive1\n",
		"ok: drive1: inserted s.iso (blank DVD+R, 4700372992 bytes)");
	FIFO("eject drive=drive1\n", "ok: drive1: ejected s.iso");
	/* Where an empty file is a DVD+R for everybody, it stays alone. */
	FIFO("blank p.iso\n", "ok: drive0: inserted p.iso (blank DVD+R, 4700372992 bytes)");
	FIFO("eject\n", "ok: drive0: ejected p.iso");
	assert_false(has_state("p.iso"));
	FIFO("blank p.iso type=dvd+r drive=drive1\n",
		"error: \"p.iso\" exists and is a blank DVD+R DL; choose another name for a DVD+R, "
		"or delete it first");
}

int main(void)
{
#define TWO(f) cmocka_unit_test_setup_teardown(f, setup_two_owners, teardown)
	const struct CMUnitTest tests[] = {
		TWO(an_empty_file_is_what_the_owner_of_the_drive_says),
		TWO(a_blank_keeps_its_medium_in_every_drive),
	};

	return cmocka_run_group_tests_name("media", tests, NULL, NULL);
}
