/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lets the benchmark's one processor stand for two: the host's and the board's (decision 016). */
#ifndef TEST_BENCH_MODEL_H
#define TEST_BENCH_MODEL_H

#include <stdbool.h>

/*
 * Called before each measurement of commands. The host is another machine, which never waits for
 * the board's processor: so the calling thread and those of usb-storage go before all others from
 * now on, those of usb-storage until the device is unplugged. unrest: also starts a thread that
 * loads the board's processor now and then. Ends the program if it cannot.
 */
void model_start(bool unrest);

#endif
