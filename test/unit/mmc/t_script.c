// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every conversation of test/script, with every executor that needs no device:
 *
 *	t_script [SCRIPT...]     default: test/script/ *.cdb
 */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/script.h"
#include "util/array.h"

#define MAX_SCRIPTS 600

struct executor {
	const char *name;
	enum script_executor kind;
	uint32_t size; /* portion, or wMaxPacketSize */
	struct script_exec *x;
};

static struct executor executors[] = {
	{"direct", SCRIPT_DIRECT, 32768, NULL},
	/* Portions that are no whole blocks, as after short packets in the middle of WRITE data. */
	{"direct, odd portions", SCRIPT_DIRECT, 1000, NULL},
	{"bot, high speed", SCRIPT_BOT, 512, NULL},
	{"bot, full speed", SCRIPT_BOT, 64, NULL},
	{"bot, super speed", SCRIPT_BOT, 1024, NULL},
};

struct conversation {
	const struct script *script;
	struct executor *executor;
};

static struct script *scripts[MAX_SCRIPTS];
static size_t script_count;

static void run_conversation(void **state)
{
	const struct conversation *c = *state;
	char error[1024];

	if (script_run(c->script, c->executor->x, error, sizeof(error)) < 0)
		fail_msg("%s (%s)", error, c->script->title);
}

/* ---- the scripts as a whole ------------------------------------------------------------------ */

/* Operation codes that the scripts send. */
static void collect_opcodes(bool sent[256])
{
	for (size_t i = 0; i < script_count; i++) {
		for (const struct script_step *p = scripts[i]->steps; p; p = p->next) {
			bool command = p->kind == SCRIPT_COMMAND || p->kind == SCRIPT_WRITE ||
				       p->kind == SCRIPT_READ;

			if (command)
				sent[p->cdb[0]] = true;
		}
	}
}

static void every_command_has_a_script(void **state)
{
	bool sent[256] = {false};
	unsigned missing = 0;

	(void)state;
	collect_opcodes(sent);
	for (unsigned op = 0; op < 256; op++) {
		if (!mmc_opcode_name((uint8_t)op) || sent[op])
			continue;
		print_error("no script sends %02X %s\n", op, mmc_opcode_name((uint8_t)op));
		missing++;
	}
	assert_int_equal(missing, 0);
}

static void every_command_that_can_fail_has_a_script_in_which_it_fails(void **state)
{
	/* REQUEST SENSE, MECHANISM STATUS and READ BUFFER CAPACITY have no error of their own:
	 * they fail only for what the gate checks of every command. */
	static const uint8_t harmless[] = {0x03, 0xbd, 0x5c};
	bool failed[256] = {false};
	unsigned missing = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(harmless); i++)
		failed[harmless[i]] = true;
	for (size_t i = 0; i < script_count; i++)
		for (const struct script_step *p = scripts[i]->steps; p; p = p->next)
			if (p->kind == SCRIPT_COMMAND && p->senses)
				failed[p->cdb[0]] = true;
	for (unsigned op = 0; op < 256; op++) {
		if (!mmc_opcode_name((uint8_t)op) || failed[op])
			continue;
		print_error("no script shows %s refused\n", mmc_opcode_name((uint8_t)op));
		missing++;
	}
	assert_int_equal(missing, 0);
}

/* A script that only expects GOOD of each command shows too little. */
static void every_script_expects_something(void **state)
{
	unsigned idle = 0;

	(void)state;
	for (size_t i = 0; i < script_count; i++) {
		bool expects = false;

		for (const struct script_step *p = scripts[i]->steps; p; p = p->next)
			expects |= p->senses || p->golden || p->has_moved || p->has_blocks ||
				   p->kind == SCRIPT_READ;
		if (!expects)
			print_error("%s expects nothing\n", scripts[i]->name);
		idle += !expects;
	}
	assert_int_equal(idle, 0);
}

/* A script with a wrong expectation must fail; otherwise the other results prove nothing. */
static void a_script_with_a_wrong_expectation_fails(void **state)
{
	static const char *const wrong[] = {
		"# status\nmedia none\n> 00 00 00 00 00 00\n",
		"# sense\nmedia none\n> 00 00 00 00 00 00\n! 2/04/01\n",
		"# no error came\nmedia rom 100\n> 00 00 00 00 00 00\n! 2/3a/01\n",
		"# byte\nmedia rom 100\n> 25 00 00 00 00 00 00 00 00 00 in=8\n< 00 00 00 64\n",
		"# length\nmedia rom 100\n> 25 00 00 00 00 00 00 00 00 00 in=8\n<= 7\n",
		"# too short\nmedia rom 100\n> 25 00 00 00 00 00 00 00 00 00 in=9\n@4 00 00 08 00 "
		"00\n",
		"# info\nmedia rom 100\n> 28 00 00 00 00 64 00 00 01 00 in=2048\n! 5/21/00 "
		"info=99\n",
		"# stamp\nmedia rom 100\n> 28 00 00 00 00 02 00 00 01 00 in=2048\n< block 3*1\n",
		"# read\nmedia rom 100\nread 0..101\n",
		"# write\nmedia rom 100\nwrite 0..1\n",
		"# nothing to eject\nmedia none\neject\n",
		"# not locked\nmedia rom 1\neject asks\n",
		"# never ready\nmedia none\nready\n",
		"# out\nmedia blank\n> 53 00 00 00 00 00 00 00 10 00 out=zero*4\n",
	};
	char error[1024];

	(void)state;
	for (size_t w = 0; w < ARRAY_LEN(executors); w++) {
		for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
			struct script *s = script_parse("wrong", wrong[i], error, sizeof(error));

			if (!s)
				fail_msg("%s", error);
			if (script_run(s, executors[w].x, error, sizeof(error)) == 0)
				fail_msg(
					"taken for right with %s: %s", executors[w].name, wrong[i]);
			script_free(s);
		}
	}
}

static void a_script_with_a_syntax_error_is_refused(void **state)
{
	static const char *const wrong[] = {
		"media rom 100\n",
		"# a\nmedia disc\n",
		"# a\nmedia rom\n",
		"# a\nmedia none\nspin\n",
		"# a\nmedia none\n> \n",
		"# a\nmedia none\n> 0g\n",
		"# a\nmedia none\n> 00 00 in=x\n",
		"# a\nmedia none\n> 12 00 00 00 24 00 in=9999999\n",
		"# a\nmedia none\n< 00\n",
		"# a\nmedia none\n> 00 00 00 00 00 00\n< 00\n",
		"# a\nmedia none\n> 12 00 00 00 24 00 in=2\n< 05 80 00\n",
		"# a\nmedia none\n> 00 00 00 00 00 00\n! 2/3a\n",
		"# a\nmedia none\n> 00 00 00 00 00 00\n!\n",
		"# a\nmedia none\nrepeat 2\n",
		"# a\nconfig strict=1\n",
		"# a\nrequires direct bot\nconfig strikt=1\n",
		"# a\nrequires everything\n",
		"# a\nmedia none\nrequires direct\n",
		"# a\n> 00 00 00 00 00 00\n",
		"# a\nfault write enospc\n",
		"# a\nmedia blank 100\n",
		"# a\nmedia none\nwrite 0-16\n",
		"# a\nmedia none\nwrite 0..16 step 0\n",
	};
	char error[1024];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct script *s = script_parse("wrong", wrong[i], error, sizeof(error));

		if (s)
			fail_msg("taken: %s", wrong[i]);
	}
}

/* ---- all together ---------------------------------------------------------------------------- */

static int load(const char *path)
{
	char error[1024];
	struct script *s = script_load(path, error, sizeof(error));

	if (!s || script_count == MAX_SCRIPTS) {
		fprintf(stderr, "%s\n", s ? "too many scripts" : error);
		script_free(s);
		return -1;
	}
	scripts[script_count++] = s;
	return 0;
}

static int load_all(int argc, char **argv)
{
	glob_t g;
	int err = 0;

	if (argc > 1) {
		for (int i = 1; i < argc; i++)
			err |= load(argv[i]);
		return err;
	}
	if (glob("test/script/*.cdb", 0, NULL, &g) != 0) {
		fprintf(stderr, "no test/script/*.cdb here\n");
		return -1;
	}
	for (size_t i = 0; i < g.gl_pathc; i++)
		err |= load(g.gl_pathv[i]);
	globfree(&g);
	return err;
}

static int run_on(struct executor *executor)
{
	struct CMUnitTest *tests = calloc(script_count + 1, sizeof(*tests));
	struct conversation *c = calloc(script_count + 1, sizeof(*c));
	char(*names)[256] = calloc(script_count + 1, sizeof(*names));
	size_t n = 0;

	if (!tests || !c || !names)
		abort();
	for (size_t i = 0; i < script_count; i++) {
		if (!(scripts[i]->executors & executor->kind))
			continue;
		snprintf(names[n], sizeof(names[n]), "%s: %s", executor->name, scripts[i]->name);
		c[n] = (struct conversation){scripts[i], executor};
		tests[n] = (struct CMUnitTest){
			.name = names[n], .test_func = run_conversation, .initial_state = &c[n]};
		n++;
	}
	int failed = _cmocka_run_group_tests(executor->name, tests, n, NULL, NULL);
	free(names);
	free(c);
	free(tests);
	return failed;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest whole[] = {
		cmocka_unit_test(every_command_has_a_script),
		cmocka_unit_test(every_command_that_can_fail_has_a_script_in_which_it_fails),
		cmocka_unit_test(every_script_expects_something),
		cmocka_unit_test(a_script_with_a_wrong_expectation_fails),
		cmocka_unit_test(a_script_with_a_syntax_error_is_refused),
	};
	int failed = load_all(argc, argv) < 0;

	for (size_t i = 0; i < ARRAY_LEN(executors); i++)
		executors[i].x = executors[i].kind == SCRIPT_BOT
					 ? exec_bot_new((uint16_t)executors[i].size)
					 : exec_direct_new(executors[i].size);
	if (!failed && argc == 1)
		failed += cmocka_run_group_tests_name("scripts", whole, NULL, NULL);
	for (size_t i = 0; i < ARRAY_LEN(executors) && script_count; i++)
		failed += run_on(&executors[i]);
	for (size_t i = 0; i < ARRAY_LEN(executors); i++)
		executors[i].kind == SCRIPT_BOT ? exec_bot_free(executors[i].x)
						: exec_direct_free(executors[i].x);
	while (script_count)
		script_free(scripts[--script_count]);
	return failed != 0;
}
