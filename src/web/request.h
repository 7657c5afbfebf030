/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A request of HTTP from its headers to its answer, and the ways to answer. A handler either
 * answers at once, or calls request_wait() and answers later, on the main thread.
 */
#ifndef WEB_REQUEST_H
#define WEB_REQUEST_H

#include <jansson.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "web/auth.h"
#include "web/config.h"
#include "web/cookie.h"
#include "web/gate.h"
#include "web/json_list.h"
#include "web/tally.h"

#define REQUEST_JSON 16384u /* bytes of a body in JSON or of a form, at most */

/* The parts of the program, which handlers need. */
struct web {
	struct web_config config;
	sd_event *event;
	struct mail *mail;
	struct link *link;
	struct auth *auth;
	struct hub *hub;
	struct uploads *uploads;
	struct tally refused; /* log-ins that came too soon */
	char host_name[65];
	bool resumed; /* a connection goes on: the library must run */
};

struct request {
	struct web *web;
	struct MHD_Connection *connection;
	struct gate gate;
	const char *method;
	struct in6_addr peer;
	const char *scheme; /* "http" or "https" */
	bool pages;         /* its errors are pages for people, not JSON */
	enum request_login login;
	char who[AUTH_WHO]; /* for the log */
	struct cookie session;
	bool new_cookie;       /* the answer carries it */
	char *name;            /* what stands in the path for NAME, ID or DRIVE; decoded */
	struct json_text body; /* of JSON or a form */
	const void *route;     /* struct route, for routes.c and server.c */
	unsigned status;       /* 0: not answered yet */
	struct MHD_Response *response;
	bool suspended;
	/*
	 * The handler waits for something before it takes the body: the library comes with the
	 * headers again. Until then it neither reads the body nor asks for it (100 Continue).
	 */
	bool begins;
	uint64_t offset; /* of an upload: where the body begins in the file */
	bool finished;   /* the body has ended, and the handler was called */
	/* Takes the body, instead of it being kept: returns how many bytes. NULL: it is kept. */
	size_t (*take)(struct request *r, const char *data, size_t n);
	/* The body has ended; only with take. */
	void (*taken)(struct request *r);
	void *work; /* of the handler */
	void (*work_free)(struct request *r);
};

void request_free(struct request *r);

/* Nothing is answered until one of the functions below is called. */
void request_wait(struct request *r);
/* Goes on: take() is called again. Only after request_wait(). */
void request_go_on(struct request *r);

/* Answers with the object, which it takes; NULL: no memory. */
void reply_json(struct request *r, unsigned status, json_t *o);
/* Answers without a body. */
void reply_empty(struct request *r, unsigned status);
/* Answers with a text that was allocated, and takes it; NULL: no memory. */
void reply_text(struct request *r, unsigned status, const char *type, char *text);
/* Answers with an error; the code says which status. */
void reply_error(struct request *r, const char *code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Passes on what the daemon said; NULL: it said nothing. status: if it is ok. */
void reply_answer(struct request *r, unsigned status, const json_t *answer);
/* Answers with a response of the library, and takes it; NULL: no memory. */
void reply_response(struct request *r, unsigned status, struct MHD_Response *response);
/* Adds a header to the response before it is given away. */
void reply_header(struct MHD_Response *response, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Returns a parameter of the query, not decoded; NULL: it is not there. */
const char *request_query(const struct request *r, const char *key);
/* Returns the body as JSON, "{}" if it is empty; NULL: answered with an error. */
json_t *request_json(struct request *r);
/* One line in the log for each effect. */
void request_log(const struct request *r, const char *what, const char *name, const char *result);

#endif
