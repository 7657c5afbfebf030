// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The resolver as it would be if a text had taken it over: in the same sandbox, it does what the
 * name of the text says ("open.cue", "spin.cue"). mmcgadgetd must refuse each with words.
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cdimage/wire.h"
#include "resolver/sandbox.h"
#include "util/array.h"

static struct wire_message m;

static void call(long number, long a, long b, long c)
{
	(void)syscall(number, a, b, c, 0, 0, 0);
}

static void open_a_file(void)
{
	call(SYS_openat, AT_FDCWD, (long)"/etc/passwd", O_RDONLY);
}

static void open_a_socket(void)
{
	call(SYS_socket, AF_INET, SOCK_STREAM, 0);
}

static void start_a_program(void)
{
	char *argv[] = {NULL};

	call(SYS_execve, (long)"/bin/true", (long)argv, (long)argv);
}

static void fork_off(void)
{
	call(SYS_clone, SIGCHLD, 0, 0);
}

static void signal_the_daemon(void)
{
	call(SYS_kill, 1, 0, 0);
}

static void duplicate(void)
{
	call(SYS_dup, 0, 0, 0);
}

static void take_memory(void)
{
	call(SYS_munmap, 0, 4096, 0);
}

static void spin(void)
{
	for (volatile unsigned long i = 0;; i++)
		;
}

static void crash(void)
{
	__builtin_trap();
}

static void wait_for_ever(void)
{
	while (read(0, &m, sizeof(m)) > 0)
		;
}

static void send_garbage(void)
{
	memset(&m, 0xa5, sizeof(m));
	(void)!write(0, &m, 1000);
}

static void send_short(void)
{
	m.type = WIRE_DISC;
	(void)!write(0, &m, WIRE_SIZE(disc) - 1);
}

static void send_wrong_map(void)
{
	memset(&m, 0xff, sizeof(m));
	m.type = WIRE_DISC;
	m.disc.map.files = 0;
	m.disc.mentions.count = 0;
	(void)!write(0, &m, WIRE_SIZE(disc));
}

/* A piece of the text that is not there. */
static void send_wrong_mention(void)
{
	memset(&m, 0, sizeof(m));
	m.type = WIRE_FIND;
	strcpy(m.find.name, "x (Track 1).bin");
	if (write(0, &m, WIRE_SIZE(find)) < 0 || read(0, &m, sizeof(m)) <= 0 || m.found.result < 0)
		_exit(1);
	memset(&m, 0, sizeof(m));
	m.type = WIRE_DISC;
	m.disc.map.files = 1;
	m.disc.mentions.count = 2;
	m.disc.mentions.at[0] = (struct cdimage_mention){.at = 10, .length = 10};
	m.disc.mentions.at[1] = (struct cdimage_mention){.at = 19, .length = 1};
	(void)!write(0, &m, WIRE_SIZE(disc));
}

static void send_unknown_files(void)
{
	memset(&m, 0, sizeof(m));
	m.type = WIRE_DISC;
	m.disc.map.files = 3;
	(void)!write(0, &m, WIRE_SIZE(disc));
}

static void send_error_of_terminal(void)
{
	memset(&m, '\x1b', sizeof(m));
	m.type = WIRE_REFUSED;
	(void)!write(0, &m, WIRE_SIZE(refused));
}

/* Asks for files that no text may name; says by its answer if it got one. */
static void ask_outside(void)
{
	static const char *const names[] = {"/etc/passwd", "../secret", "..", ".", "", ".hidden",
		"outside-link", "ask-outside.cue", "folder", "fifo"};
	static char longest[CDIMAGE_NAME_MAX];

	memset(longest, 'a', sizeof(longest));
	for (size_t i = 0; i <= ARRAY_LEN(names); i++) {
		memset(&m, 0, sizeof(m));
		m.type = WIRE_FIND;
		if (i < ARRAY_LEN(names))
			strncpy(m.find.name, names[i], sizeof(m.find.name) - 1);
		else
			memcpy(m.find.name, longest, sizeof(longest));
		if (write(0, &m, WIRE_SIZE(find)) < 0 || read(0, &m, sizeof(m)) <= 0)
			_exit(1);
		if (m.type != WIRE_FOUND || m.found.result >= 0)
			_exit(1);
	}
	m.type = WIRE_READ;
	m.read = (struct wire_read){.file = 0, .length = 10};
	if (write(0, &m, WIRE_SIZE(read)) < 0 || read(0, &m, sizeof(m)) <= 0 || m.bytes.result >= 0)
		_exit(1);
	memset(&m, 0, sizeof(m));
	m.type = WIRE_REFUSED;
	strcpy(m.refused.error, "nothing was given");
	(void)!write(0, &m, WIRE_SIZE(refused));
}

static void ask_for_ever(void)
{
	for (;;) {
		memset(&m, 0, sizeof(m));
		m.type = WIRE_FIND;
		strcpy(m.find.name, "nothing");
		if (write(0, &m, WIRE_SIZE(find)) < 0 || read(0, &m, sizeof(m)) <= 0)
			_exit(1);
	}
}

/* Checks what the process can use before it reads anything; the result is in the error text. */
static void tell_limits(void)
{
	memset(&m, 0, sizeof(m));
	m.type = WIRE_REFUSED;
	strcpy(m.refused.error,
		read(1, &m.disc, 1) < 0 && read(2, &m.disc, 1) < 0 && read(3, &m.disc, 1) < 0
			? "one descriptor"
			: "more descriptors");
	(void)!write(0, &m, WIRE_SIZE(refused));
}

static const struct {
	const char *name;
	void (*act)(void);
} acts[] = {
	{"open.cue", open_a_file},
	{"socket.cue", open_a_socket},
	{"exec.cue", start_a_program},
	{"fork.cue", fork_off},
	{"kill.cue", signal_the_daemon},
	{"dup.cue", duplicate},
	{"memory.cue", take_memory},
	{"spin.cue", spin},
	{"crash.cue", crash},
	{"wait.cue", wait_for_ever},
	{"garbage.cue", send_garbage},
	{"short.cue", send_short},
	{"map.cue", send_wrong_map},
	{"mention.cue", send_wrong_mention},
	{"files.cue", send_unknown_files},
	{"terminal.cue", send_error_of_terminal},
	{"ask-outside.cue", ask_outside},
	{"ask-for-ever.cue", ask_for_ever},
	{"limits.cue", tell_limits},
};

int main(void)
{
	if (sandbox_enter() < 0)
		_exit(3);
	if (read(0, &m, sizeof(m)) <= 0)
		_exit(1);
	for (size_t i = 0; i < ARRAY_LEN(acts); i++) {
		if (strcmp(m.parse.name, acts[i].name) == 0)
			acts[i].act();
	}
	_exit(0);
}
