// SPDX-License-Identifier: GPL-2.0-or-later
/* The services of a drive's state machine, by its other parts. */
#include "drive/drive_int.h"

static bool find_is_exact(void *ctx, const char *name)
{
	return drive_find_is_exact(((const struct drive *)ctx)->find, name);
}

static void find_begin(void *ctx, const struct drive_command *command)
{
	drive_find_begin(((const struct drive *)ctx)->find, command);
}

static void find_cancel(void *ctx)
{
	drive_find_cancel(((const struct drive *)ctx)->find);
}

static enum disc_opening open_image(void *ctx, const char *name, const struct image_blank *blank,
	enum image_as as, bool may_wait, struct image *out, json_t **answer)
{
	const struct drive *d = ctx;

	return disc_opener_open(&d->opener, name, blank, as, may_wait, out, answer);
}

static bool any_leaving(void *ctx)
{
	return holders_any_leaving(((const struct drive *)ctx)->opener.holders);
}

static int eject(void *ctx, const struct usb_task *task)
{
	const struct drive *d = ctx;
	int r = disc_watch_must_stay(d->watch);

	return r < 0 ? r : engine_thread_post(d->engine, task);
}

static int insert(void *ctx, struct image *image)
{
	const struct drive *d = ctx;
	struct usb_task task = {.kind = USB_TASK_INSERT, .disc = image->disc};
	int r;

	/* The task may end, and the command with it, before the call returns. */
	image->disc = NULL;
	image_write_behind(&d->opener.policy, task.disc);
	drive_handover_describe(&task.image, image);
	r = engine_thread_post(d->engine, &task);
	if (r < 0)
		image->disc = task.disc;
	return r;
}

static int finalise(void *ctx)
{
	const struct usb_task task = {.kind = USB_TASK_FINALISE};

	return engine_thread_post(((const struct drive *)ctx)->engine, &task);
}

static bool host_is_absent(void *ctx)
{
	return engine_thread_host_is_absent(((const struct drive *)ctx)->engine);
}

static void start_timer(void *ctx, unsigned ms)
{
	const struct drive *d = ctx;

	sd_event_source_set_time_relative(d->timer, (uint64_t)ms * 1000);
	sd_event_source_set_enabled(d->timer, SD_EVENT_ONESHOT);
}

static void stop_timer(void *ctx)
{
	sd_event_source_set_enabled(((const struct drive *)ctx)->timer, SD_EVENT_OFF);
}

static bool command_waits(void *ctx)
{
	return drive_commands_any_waits(((const struct drive *)ctx)->commands);
}

static void command_finished(void *ctx)
{
	drive_commands_next(((const struct drive *)ctx)->commands);
}

static int choose_blank(void *ctx, char **name, json_t **answer)
{
	return burned_choose_blank(((const struct drive *)ctx)->burned, name, answer);
}

static void blank_failed(void *ctx, const char *problem)
{
	burned_blank_failed(((const struct drive *)ctx)->burned, problem);
}

const struct drive_services drive_services = {
	.find_is_exact = find_is_exact,
	.find_begin = find_begin,
	.find_cancel = find_cancel,
	.open = open_image,
	.any_leaving = any_leaving,
	.eject = eject,
	.insert = insert,
	.finalise = finalise,
	.host_is_absent = host_is_absent,
	.start_timer = start_timer,
	.stop_timer = stop_timer,
	.command_waits = command_waits,
	.finished = command_finished,
	.choose_blank = choose_blank,
	.blank_failed = blank_failed,
};
