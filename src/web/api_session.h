/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Logging in and out. */
#ifndef WEB_API_SESSION_H
#define WEB_API_SESSION_H

#include "web/request.h"

void api_health(struct request *r);
void api_log_in(struct request *r);
void api_session(struct request *r);
void api_log_out(struct request *r);

/*
 * Tries the password. Answers with an error, or calls good(), when r->session is the new session.
 * Copies the password.
 */
void session_log_in(struct request *r, const char *password, void (*good)(struct request *r));
/* Ends the session of the request. */
void session_log_out(struct request *r, struct MHD_Response *response);

#endif
