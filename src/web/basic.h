/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plain page with forms: for browsers without script, old ones, and those that show only text.
 * Every form has the session's token, because such browsers send no headers of ours.
 */
#ifndef WEB_BASIC_H
#define WEB_BASIC_H

#include "web/request.h"

void basic_page(struct request *r);
void basic_log_in(struct request *r);
void basic_log_out(struct request *r);
void basic_insert(struct request *r);
void basic_eject(struct request *r);
void basic_next(struct request *r);
void basic_prev(struct request *r);
void basic_blank(struct request *r);
void basic_ask_delete(struct request *r);
void basic_delete(struct request *r);

#endif
