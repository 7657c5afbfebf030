/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the image and the folder of the simulated storage share (powercut.c, powercut_folder.c). */
#ifndef TEST_LIB_POWERCUT_INT_H
#define TEST_LIB_POWERCUT_INT_H

#include "lib/powercut.h"

#define GARBAGE 0xdb

enum powercut_how { DO_IT, PARTLY, NOT_AT_ALL };

/* Counts the operation, and returns how much of it is done. */
enum powercut_how powercut_begin(struct powercut *c, enum powercut_op op);
/* The result of an operation that was not done. */
int powercut_error(const struct powercut *c);
bool powercut_coin(struct powercut *c);
/* The folder after a power cut. */
void powercut_restore_names(struct powercut *c, enum powercut_names names);

#endif
