// SPDX-License-Identifier: GPL-2.0-or-later
/* The state machine of a drive over several steps: order of notices, retries, refusals. */
#include "daemon/drive/machine_fixture.h"

static void on_engine_state(void *ctx, const struct mmc_state *before,
	const struct mmc_state *state, const struct image *in)
{
	(void)in;
	if (memcmp(before, state, sizeof(*before)) != 0)
		note("%sstate", (const char *)ctx);
}

static const struct drive_observer whole_observer = {
	.engine_state = on_engine_state,
	.finalised = on_finalised,
	.removed = on_removed,
	.left_empty = on_left_empty,
	.inserted = on_inserted,
	.restored = on_restored,
	.event_handled = on_event_handled,
	.host_ejected = on_host_ejected,
};
/* ---- observers, and sequences of events
 * ----------------------------------------------------------- */

static void a_swap_notifies_removed_then_inserted(void **state)
{
	(void)state;
	drive_machine_observe(machine, &whole_observer, (void *)(uintptr_t) "2:");
	begin(DRIVE_INSERT, "new", false);
	EXPECT("open(new) eject");
	now.loaded = false;
	ejected(MMC_EJECT_DONE);
	EXPECT("2:state removed(old) 2:removed(old) timer(20) . 2:.");
	timeout();
	EXPECT("insert(new)");
	now.loaded = true;
	task_done((struct usb_result){0});
	EXPECT("2:state inserted(new) 2:inserted(new) ok next . 2:.");
	assert_string_equal(message, "d: inserted new (DVD-ROM, 8.19 kB)");
	engine_event();
	EXPECT(". 2:.");
}

static void an_eject_notifies_left_empty(void **state)
{
	(void)state;
	begin(DRIVE_EJECT, NULL, false);
	EXPECT("eject");
	ejected(MMC_EJECT_DONE);
	EXPECT("removed(old) empty ok next .");
	assert_string_equal(message, "d: ejected old");
	assert_null(drive_machine_in(machine)->name);
}

static void removed_names_the_next_image_if_it_is_the_same_file(void **state)
{
	(void)state;
	fake.opening = DISC_HELD_BY_OLD;
	fake.leaving = true;
	begin(DRIVE_INSERT, "old", false);
	EXPECT("open(old) eject");
	ejected(MMC_EJECT_DONE);
	EXPECT("removed(old,old) timer(20) .");
	fake.leaving = false;
	/* Another program locks the file, too: the machine waits for the old disc only once. */
	timeout();
	EXPECT("open(old) no-such-image next");
	assert_string_equal(message, "no old; d is empty now");
}

static void finalised_is_notified_once_a_disc(void **state)
{
	(void)state;
	now.testing = now.finalised = true;
	engine_event();
	EXPECT(".");
	now.testing = false;
	engine_event();
	EXPECT("finalised(old) .");
	engine_event();
	EXPECT(".");
	/* The next disc is read-only: finalised, but not here. */
	begin(DRIVE_INSERT, "new", false);
	ejected(MMC_EJECT_DONE);
	timeout();
	task_done((struct usb_result){0});
	journal[0] = '\0';
	engine_event();
	EXPECT(".");
}

/* Both at once: what became of the disc last is seen before its removal. */
static void the_last_state_of_a_removed_disc_is_seen(void **state)
{
	const struct usb_result done = {.eject = MMC_EJECT_DONE};
	struct mmc_state last = now;

	(void)state;
	drive_machine_observe(machine, &whole_observer, (void *)(uintptr_t) "2:");
	begin(DRIVE_EJECT, NULL, false);
	last.sessions = 2;
	last.finalised = true;
	now.loaded = false;
	drive_machine_engine_event(machine, &now, &last, &done);
	EXPECT("eject 2:state finalised(old) 2:finalised(old) 2:state removed(old) 2:removed(old) "
	       "empty 2:empty ok next . 2:.");
}

static void restored_is_notified_only_for_a_disc(void **state)
{
	struct image none = {0}, in = {.name = strdup("kept")};

	(void)state;
	begin(DRIVE_EJECT, NULL, false);
	ejected(MMC_EJECT_DONE);
	journal[0] = '\0';
	drive_machine_restore(machine, &none, &now);
	EXPECT("");
	drive_machine_restore(machine, &in, &now);
	EXPECT("restored(kept)");
}

static void an_absent_hosts_lock_is_void(void **state)
{
	(void)state;
	begin(DRIVE_EJECT, NULL, false);
	fake.host_absent = true;
	now.locked = true;
	ejected(MMC_EJECT_REQUESTED);
	EXPECT("eject eject-force .");
	/* Force is tried only once, whatever the engine reports. */
	ejected(MMC_EJECT_REQUESTED);
	EXPECT("timer(1000) progress .");
	ejected(MMC_EJECT_DONE);
	EXPECT(".");
	now.locked = false;
	engine_event();
	EXPECT("eject-force .");
	fake.timer_on = false;
	ejected(MMC_EJECT_DONE);
	EXPECT("removed(old) empty ok next .");
	assert_string_equal(
		message, "d: ejected old (the host, which had locked it, is not there)");
}

/* The host unlocks, and locks again before the eject comes to the engine. */
static void a_lock_after_an_unlock_is_waited_for_again(void **state)
{
	(void)state;
	enter_state(WAIT_UNLOCK);
	now.locked = false;
	engine_event();
	EXPECT("eject .");
	now.locked = true;
	ejected(MMC_EJECT_REQUESTED);
	EXPECT(".");
	now.locked = false;
	engine_event();
	EXPECT("eject .");
	/* The timeout comes while the eject is on its way; it counts if the engine refuses. */
	timeout();
	EXPECT("");
	now.locked = true;
	ejected(MMC_EJECT_REQUESTED);
	EXPECT("close locked next .");
}

static void a_refused_command_gives_way_to_one_that_waits(void **state)
{
	(void)state;
	begin(DRIVE_INSERT, "new", false);
	fake.command_waits = true;
	now.locked = true;
	ejected(MMC_EJECT_REQUESTED);
	EXPECT("open(new) eject close cancelled next .");
}

static void a_waiting_command_hides_the_hosts_eject(void **state)
{
	(void)state;
	fake.command_waits = true;
	now.ejected_by_host = true;
	engine_event();
	EXPECT(".");
}

static void an_insert_of_an_unknown_name_touches_nothing(void **state)
{
	(void)state;
	fake.opening = DISC_REFUSED;
	begin(DRIVE_INSERT, "new", false);
	EXPECT("open(new) no-such-image next");
	assert_string_equal(drive_machine_in(machine)->name, "old");
}

static void an_exact_name_is_not_searched_for(void **state)
{
	(void)state;
	fake.exact = true;
	begin(DRIVE_FIND, "new", false);
	EXPECT("open(new) eject");
}

static void a_found_image_is_inserted(void **state)
{
	(void)state;
	begin(DRIVE_NEXT, NULL, false);
	EXPECT("find");
	fake.searching = false;
	drive_machine_found(machine, "new", NULL);
	EXPECT("open(new) eject");
	assert_string_equal(drive_machine_pending(machine), "next new");
}

static void nothing_found_ends_the_command(void **state)
{
	(void)state;
	begin(DRIVE_PREV, NULL, false);
	fake.searching = false;
	drive_machine_found(machine, NULL, answer_error("no-such-image", "none"));
	EXPECT("find no-such-image next");
}

/* The host ejected its disc, and loads it again while the next disc is searched for or about to be
 * inserted. */
static void the_host_keeps_its_disc_by_loading_it(void **state)
{
	(void)state;
	enter_state(HOST_GAP);
	timeout();
	now.ejected_by_host = false;
	engine_event();
	EXPECT("find forget ok next .");
	now.ejected_by_host = true;
	engine_event();
	begin(DRIVE_NEXT, NULL, true);
	timeout();
	fake.searching = false;
	drive_machine_found(machine, "new", NULL);
	EXPECT(". host-ejected timer(20) find open(new) eject-if-out");
	task_done((struct usb_result){.kept = true});
	EXPECT("close ok next .");
	assert_string_equal(message, "d: the host loaded old again");
}

static void a_swap_by_the_host_has_only_one_gap(void **state)
{
	(void)state;
	enter_state(HOST_GAP);
	timeout();
	fake.searching = false;
	drive_machine_found(machine, "new", NULL);
	ejected(MMC_EJECT_DONE);
	EXPECT("find open(new) eject-if-out removed(old) timer(0) .");
}

/* ---- a burned disc is replaced -------------------------------------------------------------- */

static void a_burned_disc_is_replaced_with_a_blank(void **state)
{
	(void)state;
	fake.blank = "blank-1";
	begin(DRIVE_REPLACE_BURNED, NULL, false);
	EXPECT("choose blank(blank-1) eject-if-idle");
	ejected(MMC_EJECT_DONE);
	EXPECT("removed(old) timer(20) .");
}

static void a_burned_disc_that_the_host_ejected_waits_for_a_reload(void **state)
{
	(void)state;
	fake.blank = "blank-1";
	now.ejected_by_host = true;
	engine_event();
	begin(DRIVE_REPLACE_BURNED, NULL, true);
	EXPECT(". host-ejected timer(300)");
	timeout();
	EXPECT("choose blank(blank-1) eject-if-out");
	ejected(MMC_EJECT_DONE);
	EXPECT("removed(old) timer(0) .");
}

static void a_burned_disc_is_taken_out_if_no_blank_follows(void **state)
{
	(void)state;
	begin(DRIVE_REPLACE_BURNED, NULL, false);
	EXPECT("choose eject-if-idle");
	ejected(MMC_EJECT_DONE);
	EXPECT("removed(old) empty ok next .");
}

static void a_burned_disc_stays_without_a_blank(void **state)
{
	(void)state;
	fake.blank_refused = true;
	begin(DRIVE_REPLACE_BURNED, NULL, false);
	EXPECT("choose ok next");
	fake.blank_refused = false;
	fake.blank = "blank-1";
	fake.opening = DISC_REFUSED;
	begin(DRIVE_REPLACE_BURNED, NULL, false);
	EXPECT("choose blank(blank-1) failed(no blank-1) ok next");
	assert_string_equal(message, "d: later");
}

/* ---- close ---------------------------------------------------------------------------------- */

static void close_in_the_drive_maps_the_sense(void **state)
{
	static const struct {
		mmc_sense_t sense;
		const char *want;
	} rows[] = {
		{0, "ok next ."},
		{0x057200, "blank next ."},
		{0x055302, "locked next ."},
		{0x023a01, "in-use next ."},
		{0x030c00, "io-error next ."},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		begin(DRIVE_CLOSE, "old", false);
		EXPECT("finalise");
		task_done((struct usb_result){.sense = rows[i].sense});
		EXPECT(rows[i].want);
	}
}

/* The host ejects an unfinished disc; who closes it then has no lock to wait for. */
static void close_in_the_open_tray_says_to_take_the_disc_out(void **state)
{
	(void)state;
	begin(DRIVE_CLOSE, "old", false);
	EXPECT("finalise");
	task_done((struct usb_result){.sense = 0x023a01});
	EXPECT("in-use next .");
	assert_string_equal(message,
		"d: \"old\" lies in the open tray; take it out first: mmcgadgetctl eject drive=d");
}

static void close_outside_the_drive_leaves_the_disc_in_it_alone(void **state)
{
	(void)state;
	begin(DRIVE_CLOSE, "new", false);
	EXPECT("open(new) close ok next");
	assert_string_equal(message, "d: closed new (DVD-ROM, 8.19 kB)");
	fake.opening = DISC_HELD_BY_OLD;
	begin(DRIVE_CLOSE, "new", false);
	EXPECT("open(new) in-use next");
	assert_string_equal(drive_machine_in(machine)->name, "old");
}

/* ---- the USB thread takes no task ----------------------------------------------------------- */

static void a_task_that_cannot_be_posted_ends_the_command(void **state)
{
	(void)state;
	fake.post = -ENOMEM;
	begin(DRIVE_EJECT, NULL, false);
	EXPECT("eject io-error next");
	begin(DRIVE_CLOSE, "old", false);
	EXPECT("finalise io-error next");
	begin(DRIVE_INSERT, "new", false);
	EXPECT("open(new) eject close io-error next");
}

/* A bug once: the disc stayed open, and its file could not be inserted again. */
static void a_disc_whose_insert_cannot_be_posted_is_closed(void **state)
{
	(void)state;
	enter_state(GAP);
	fake.post = -ENOMEM;
	timeout();
	EXPECT("insert(new) close io-error next");
	assert_null(drive_machine_prepared(machine)->name);
}

/* ---- a host that must see the empty drive ---------------------------------------------------- */

static void a_swap_waits_for_a_host_that_looks_late(void **state)
{
	(void)state;
	begin(DRIVE_INSERT, "new", false);
	now.loaded = false;
	now.removal_unseen = true;
	ejected(MMC_EJECT_DONE);
	EXPECT("open(new) eject removed(old) timer(20) .");
	timeout();
	EXPECT("timer(500)");
	now.removal_unseen = false;
	engine_event();
	EXPECT("stop insert(new) .");
}

static void a_swap_keeps_its_gap_for_a_host_that_looks_at_once(void **state)
{
	(void)state;
	begin(DRIVE_INSERT, "new", false);
	now.loaded = false;
	now.removal_unseen = true;
	ejected(MMC_EJECT_DONE);
	now.removal_unseen = false;
	engine_event();
	EXPECT("open(new) eject removed(old) timer(20) . .");
	timeout();
	EXPECT("insert(new)");
}

static void a_swap_does_not_wait_for_an_absent_host(void **state)
{
	(void)state;
	fake.host_absent = true;
	begin(DRIVE_INSERT, "new", false);
	now.loaded = false;
	now.removal_unseen = true;
	ejected(MMC_EJECT_DONE);
	EXPECT("open(new) eject removed(old) timer(20) .");
	timeout();
	EXPECT("insert(new)");
}

/* "eject" and then "insert": the disc of another command was removed, and that was not seen. */
static void an_insert_after_an_eject_waits_for_the_host_as_well(void **state)
{
	(void)state;
	begin(DRIVE_EJECT, NULL, false);
	now.loaded = false;
	now.removal_unseen = true;
	ejected(MMC_EJECT_DONE);
	EXPECT("eject removed(old) empty ok next .");
	begin(DRIVE_INSERT, "new", false);
	ejected(MMC_EJECT_EMPTY);
	EXPECT("open(new) eject timer(500) .");
	timeout();
	EXPECT("insert(new)");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_swap_notifies_removed_then_inserted),
		T(an_eject_notifies_left_empty),
		T(removed_names_the_next_image_if_it_is_the_same_file),
		T(finalised_is_notified_once_a_disc),
		T(the_last_state_of_a_removed_disc_is_seen),
		T(restored_is_notified_only_for_a_disc),
		T(an_absent_hosts_lock_is_void),
		T(a_lock_after_an_unlock_is_waited_for_again),
		T(a_refused_command_gives_way_to_one_that_waits),
		T(a_waiting_command_hides_the_hosts_eject),
		T(an_insert_of_an_unknown_name_touches_nothing),
		T(an_exact_name_is_not_searched_for),
		T(a_found_image_is_inserted),
		T(nothing_found_ends_the_command),
		T(the_host_keeps_its_disc_by_loading_it),
		T(a_swap_by_the_host_has_only_one_gap),
		T(a_burned_disc_is_replaced_with_a_blank),
		T(a_burned_disc_that_the_host_ejected_waits_for_a_reload),
		T(a_burned_disc_is_taken_out_if_no_blank_follows),
		T(a_burned_disc_stays_without_a_blank),
		T(close_in_the_drive_maps_the_sense),
		T(close_in_the_open_tray_says_to_take_the_disc_out),
		T(close_outside_the_drive_leaves_the_disc_in_it_alone),
		T(a_task_that_cannot_be_posted_ends_the_command),
		T(a_disc_whose_insert_cannot_be_posted_is_closed),
		T(a_swap_waits_for_a_host_that_looks_late),
		T(a_swap_keeps_its_gap_for_a_host_that_looks_at_once),
		T(a_swap_does_not_wait_for_an_absent_host),
		T(an_insert_after_an_eject_waits_for_the_host_as_well),
	};

	return cmocka_run_group_tests_name("machine_steps", tests, NULL, NULL);
}
