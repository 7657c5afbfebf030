/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The requests that read states: status, drives, events, doctor, statistics. */
#ifndef WEB_API_STATE_H
#define WEB_API_STATE_H

#include "web/request.h"

void api_status(struct request *r);
void api_drives(struct request *r);
void api_drive(struct request *r);
void api_events(struct request *r);
void api_doctor(struct request *r);
void api_stats(struct request *r);

#endif
