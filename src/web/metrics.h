/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers for Prometheus, in its text format. */
#ifndef WEB_METRICS_H
#define WEB_METRICS_H

#include "web/request.h"

void metrics(struct request *r);

#endif
