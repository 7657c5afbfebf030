// SPDX-License-Identifier: GPL-2.0-or-later
/* What programs and people can rely on in answers. */
#include "daemon/control/control_fixture.h"

#include "daemon/iso.h"
#include "protocol/answer.h"

/* A name or label cannot make a text look like another one; programs get it unchanged. */
static void answers_show_no_deceptive_characters(void **state)
{
	static const char name[] = "media/gnp\xe2\x80\xaeosi.txt.iso";
	int fd = connect_client();
	char want[256];
	const char *text;
	json_t *a;

	(void)state;
	unlink(in_scratch("media/a.iso"));
	unlink(in_scratch("media/b c.iso"));
	put_iso(name, "\xe2\x80\xae"
		      "BAD\xe2\x80\x8b");
	send_text(fd, "list\n");
	text = receive_line(fd);
	assert_null(strstr(text, "\xe2\x80"));
	assert_non_null(strstr(text, "\"name\":\"gnp\\u202eosi.txt.iso\""));
	a = json_loads(text, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(
				    json_array_get(json_object_get(a, "images"), 0), "name")),
		name + strlen("media/"));
	json_decref(a);
	snprintf(want, sizeof(want), "ok: 1 image in %s/media", scratch);
	FIFO("list\n", want);
	assert_null(strstr(get_text("run/status"), "\xe2\x80"));
	assert_non_null(strstr(get_text("run/status"), "\ngnp?osi.txt.iso  ?BAD?  DVD-ROM "));
	FIFO("insert gnp\n", "ok: drive0: inserted gnp?osi.txt.iso (DVD-ROM, 40.96 kB)");
	FIFO("status\n", "ok: mmcgadgetd " MMCGADGET_VERSION ", 2 drives");
	assert_null(strstr(get_text("run/status"), "\xe2\x80"));
	close(fd);
}

/* The members of a drive, and the table of them in mmcgadgetd(8), which programs rely on. */
static void socket_status_has_the_members_of_the_manual(void **state)
{
	static char manual[1 << 17];
	FILE *f = fopen("docs/man/mmcgadgetd.8", "r");
	int fd = connect_client();
	unsigned found = 0;
	char *line, *rest;
	json_t *a, *d;

	(void)state;
	assert_non_null(f);
	manual[fread(manual, 1, sizeof(manual) - 1, f)] = '\0';
	fclose(f);
	send_text(fd, "status\n");
	a = json_loads(receive_line(fd), 0, NULL);
	d = json_array_get(json_object_get(a, "drives"), 0);
	rest = strstr(manual, "The members of a drive are:\n");
	assert_non_null(rest);
	*strstr(rest, "\n.El\n") = '\0';
	for (line = strtok(rest, "\n"); line; line = strtok(NULL, "\n")) {
		if (strncmp(line, ".It Li ", 7) != 0)
			continue;
		/* Only with the group "burned" of the configuration. */
		if (strcmp(line + 7, "burned") == 0)
			continue;
		found++;
		if (!json_object_get(d, line + 7))
			fail_msg("the manual has the member %s, status has not", line + 7);
	}
	assert_int_equal(found, json_object_size(d));
	assert_int_equal(json_integer_value(json_object_get(a, "format")), ANSWER_FORMAT);
	json_decref(a);
	close(fd);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(answers_show_no_deceptive_characters),
		T(socket_status_has_the_members_of_the_manual),
	};

	fake_faults[0] = true; /* so that status has the member */
	return cmocka_run_group_tests_name("answers", tests, NULL, NULL);
}
