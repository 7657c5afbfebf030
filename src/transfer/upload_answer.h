/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answers to the verbs of uploads. Each is a new one; NULL stands for no memory, or no fault.
 */
#ifndef TRANSFER_UPLOAD_ANSWER_H
#define TRANSFER_UPLOAD_ANSWER_H

#include "protocol/answer.h"
#include "transfer/upload_table.h"
#include "transfer/upload_work.h"

/* NULL if an upload can be begun with this; sha256 NULL: none is given. */
json_t *upload_answer_bad(const char *image, uint64_t size, const char *sha256);
json_t *upload_answer_socket_only(const char *verb);
json_t *upload_answer_unknown(const char *id);
/* An upload of that name is not finished, and is of other data. */
json_t *upload_answer_other(const struct upload_entry *e);
/* NULL if as is in the folder of the upload. */
json_t *upload_answer_other_folder(const struct upload_entry *e, const char *as);

/* How far it is; what: the beginning of the message. */
json_t *upload_answer_at(const struct upload_entry *e, const char *what);
/* A step has failed. */
json_t *upload_answer_failed(const struct upload_work *w);
/* The checksum is another one than was announced. */
json_t *upload_answer_differs(const struct upload_work *w, const char *hex);
json_t *upload_answer_done(const struct upload_work *w);
json_t *upload_answer_dropped(const struct upload_work *w);

#endif
