/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Logs what the host does to the disc in a drive. */
#ifndef DRIVE_HOST_LOG_H
#define DRIVE_HOST_LOG_H

#include "drive/drive_observer.h"

/* Its ctx is the drive's name, const char *. */
extern const struct drive_observer host_log_observer;

#endif
