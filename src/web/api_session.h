/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Logging in and out, the facts of a session, and whether the server runs. */
#ifndef WEB_API_SESSION_H
#define WEB_API_SESSION_H

#include "web/request.h"

void api_health(struct request *r);
void api_log_in(struct request *r);
void api_session(struct request *r);
void api_log_out(struct request *r);

/*
 * Tries the password. Then either answers with an error, or puts the new session into r->session
 * and calls good(). Copies the password.
 */
void session_log_in(struct request *r, const char *password, void (*good)(struct request *r));
/* Ends the session of the request. */
void session_log_out(struct request *r, struct MHD_Response *response);

#endif
