// SPDX-License-Identifier: GPL-2.0-or-later
/* The state machine of a drive: one test of every event in every state. */
#include "daemon/drive/machine_fixture.h"

enum event {
	TASK_KEPT,
	TASK_DONE,
	TASK_EMPTY,
	TASK_REFUSED,
	HOST_EJECTS,
	HOST_LOADS,
	HOST_LOCKS,
	HOST_UNLOCKS,
	HOST_SEES,
	OLD_CLOSED,
	TIMEOUT,
	NEWER_COMMAND,
	CANCEL,
	EVENTS
};
static const char *const event_name[EVENTS] = {"task kept", "task done", "task empty",
	"task refused", "host ejects", "host loads", "host locks", "host unlocks",
	"host sees the empty drive", "old disc closed", "timeout", "newer command", "cancel"};

static void raise_event(enum event e)
{
	switch (e) {
	case TASK_KEPT:
		task_done((struct usb_result){.kept = true});
		break;
	case TASK_DONE:
		ejected(MMC_EJECT_DONE);
		break;
	case TASK_EMPTY:
		ejected(MMC_EJECT_EMPTY);
		break;
	case TASK_REFUSED:
		now.locked = true;
		ejected(MMC_EJECT_REQUESTED);
		break;
	case HOST_EJECTS:
		now.ejected_by_host = true;
		now.loaded = false;
		engine_event();
		break;
	case HOST_LOADS:
		now.ejected_by_host = false;
		now.loaded = true;
		engine_event();
		break;
	case HOST_LOCKS:
	case HOST_UNLOCKS:
		now.locked = e == HOST_LOCKS;
		engine_event();
		break;
	case HOST_SEES:
		now.removal_unseen = false;
		engine_event();
		break;
	case OLD_CLOSED:
		fake.leaving = false;
		engine_event();
		break;
	case TIMEOUT:
		timeout();
		break;
	case NEWER_COMMAND:
		if (drive_machine_newer_command(machine))
			note("ended");
		break;
	case CANCEL:
		drive_machine_cancel(machine, "stopping", "the daemon stops");
		break;
	case EVENTS:
		fail();
	}
}

/*
 * The journal that an event leaves in a state. "." is the observer's `event_handled`, which ends
 * every event of the engine; only host-ejected comes after it. A pair of state and event
 * that is not in the table leaves "." alone, or nothing if the event is not the engine's.
 */
static const struct {
	enum state state;
	enum event event;
	const char *want;
} rows[] = {
	{HOST_GAP, HOST_LOADS, "stop ok next ."},
	{HOST_GAP, TIMEOUT, "find"},
	{HOST_GAP, NEWER_COMMAND, "stop ok next ended"},
	{HOST_GAP, CANCEL, "stop stopping next"},
	{IDLE, HOST_EJECTS, ". host-ejected"},
	{FINDING, CANCEL, "forget stopping next"},
	{EJECTING, TASK_KEPT, "close ok next ."},
	{EJECTING, TASK_DONE, "removed(old) timer(20) ."},
	{EJECTING, TASK_EMPTY, "insert(new) ."},
	{EJECTING, TASK_REFUSED, "timer(1000) progress ."},
	{EJECTING, CANCEL, "close stopping next"},
	{WAIT_UNLOCK, HOST_UNLOCKS, "eject ."},
	{WAIT_UNLOCK, TIMEOUT, "close locked next"},
	{WAIT_UNLOCK, NEWER_COMMAND, "stop close cancelled next ended"},
	{WAIT_UNLOCK, CANCEL, "stop close stopping next"},
	{GAP, TIMEOUT, "insert(new)"},
	{GAP, CANCEL, "stop close stopping next"},
	{UNSEEN, HOST_SEES, "stop insert(new) ."},
	{UNSEEN, TIMEOUT, "insert(new)"},
	{UNSEEN, CANCEL, "stop close stopping next"},
	{WAIT_RELEASE, OLD_CLOSED, "stop open(new) insert(new) ."},
	{WAIT_RELEASE, TIMEOUT, "timer(50)"},
	{WAIT_RELEASE, CANCEL, "stop stopping next"},
	{INSERTING, TASK_KEPT, "inserted(new) ok next ."},
	{INSERTING, TASK_DONE, "inserted(new) ok next ."},
	{INSERTING, TASK_EMPTY, "inserted(new) ok next ."},
	{INSERTING, TASK_REFUSED, "inserted(new) ok next ."},
	{INSERTING, CANCEL, "stopping next"},
	{CLOSING, TASK_KEPT, "ok next ."},
	{CLOSING, TASK_DONE, "ok next ."},
	{CLOSING, TASK_EMPTY, "ok next ."},
	{CLOSING, TASK_REFUSED, "ok next ."},
	{CLOSING, HOST_EJECTS, ". host-ejected"},
	{CLOSING, CANCEL, "stopping next"},
};

static const char *expected_journal(enum state s, enum event e)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (rows[i].state == s && rows[i].event == e)
			return rows[i].want;
	}
	return e == TIMEOUT || e == NEWER_COMMAND || e == CANCEL ? "" : ".";
}

static void each_state_at_each_event(void **state)
{
	char what[160];

	(void)state;
	for (enum state s = 0; s < STATES; s++) {
		for (enum event e = 0; e < EVENTS; e++) {
			free_machine();
			make_machine();
			enter_state(s);
			raise_event(e);
			snprintf(what, sizeof(what), "state \"%s\", event \"%s\"", pending[s],
				event_name[e]);
			expect_at(expected_journal(s, e), what, __FILE__, __LINE__);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_state_at_each_event, setup, teardown),
	};

	return cmocka_run_group_tests_name("machine", tests, NULL, NULL);
}
