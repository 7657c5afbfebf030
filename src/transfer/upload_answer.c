// SPDX-License-Identifier: GPL-2.0-or-later
#include "transfer/upload_answer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "drive/disc_rules.h"
#include "protocol/format_size.h"

/* More than any disc has; the number must fit in a file's size. */
#define SIZE_MAX_BYTES (UINT64_C(1) << 40)

json_t *upload_answer_bad(const char *image, uint64_t size, const char *sha256)
{
	if (size == 0)
		return answer_error("bad-arguments", "upload: an image has at least one byte; a "
						     "blank is made by: mmcgadgetctl blank "
						     "NAME");
	if (size > SIZE_MAX_BYTES)
		return answer_error(
			"too-large", "upload: %" PRIu64 " bytes are more than any disc has", size);
	if (sha256 && !upload_text_is_sha256(sha256))
		return answer_error("bad-arguments",
			"upload: sha256 takes 64 hexadecimal digits, not \"%.80s\"", sha256);
	return disc_rules_upload_name(image);
}

json_t *upload_answer_socket_only(const char *verb)
{
	return answer_error("socket-only",
		"%s: the descriptor would have no reader; connect to the socket, or type: "
		"mmcgadgetctl upload FILE",
		verb);
}

json_t *upload_answer_unknown(const char *id)
{
	return answer_error("no-such-upload",
		"there is no unfinished upload \"%.40s\"; it was ended or dropped, or its folder "
		"is "
		"gone",
		id);
}

json_t *upload_answer_other(const struct upload_entry *e)
{
	json_t *a = answer_error("exists",
		"an upload of \"%s\" with other data, %" PRIu64 " bytes, is not finished; drop it "
		"first: mmcgadgetctl upload-drop %s",
		e->found.part.text.image, e->found.part.text.size, e->found.part.id);

	json_object_set_new(a, "id", json_string(e->found.part.id));
	return a;
}

json_t *upload_answer_other_folder(const struct upload_entry *e, const char *as)
{
	const char *slash = strrchr(as, '/');
	size_t folder = slash ? (size_t)(slash - as) : 0;

	if (folder == strlen(e->found.dir) && strncmp(as, e->found.dir, folder) == 0)
		return NULL;
	return answer_error("bad-name",
		"an upload ends in the folder that it was begun in; the name must be %s%sNAME",
		e->found.dir, *e->found.dir ? "/" : "");
}

static void set_image(json_t *a, const char *dir, const char *base)
{
	char image[UPLOAD_IMAGE];

	snprintf(image, sizeof(image), "%s%s%s", dir, *dir ? "/" : "", base);
	json_object_set_new(a, "image", json_string(image));
}

json_t *upload_answer_at(const struct upload_entry *e, const char *what)
{
	const struct upload_part *p = &e->found.part;
	char size[16], offset[16];
	json_t *a;

	format_size(p->text.size, size);
	format_size(p->text.offset, offset);
	a = answer_ok("%s %s: %s of %s", what, p->text.image, offset, size);
	json_object_set_new(a, "id", json_string(p->id));
	set_image(a, e->found.dir, p->text.image);
	json_object_set_new(a, "size", json_integer((json_int_t)p->text.size));
	json_object_set_new(a, "offset", json_integer((json_int_t)p->text.offset));
	return a;
}

json_t *upload_answer_failed(const struct upload_work *w)
{
	const char *code = w->why.text[0] ? w->why.code : "io-error";
	json_t *a = w->why.text[0] ? answer_error(code, "%s", w->why.text)
				   : answer_error(code, "\"%s\": %s", w->part.text.image,
					     w->result < 0 ? strerror(-w->result) : "it is gone");

	if (strcmp(code, "no-room") == 0 && w->room.need > 0) {
		json_object_set_new(a, "need_bytes", json_integer((json_int_t)w->room.need));
		json_object_set_new(a, "free_bytes", json_integer((json_int_t)w->room.free));
		json_object_set_new(a, "reserved_bytes", json_integer((json_int_t)w->room.kept));
	}
	if (strcmp(code, "too-large") == 0)
		json_object_set_new(a, "largest_bytes", json_integer((json_int_t)w->room.largest));
	if (strcmp(code, "bad-offset") == 0 || strcmp(code, "incomplete") == 0)
		json_object_set_new(a, "offset", json_integer((json_int_t)w->part.text.offset));
	return a;
}

json_t *upload_answer_differs(const struct upload_work *w, const char *hex)
{
	json_t *a = answer_error("checksum",
		"\"%s\" arrived with the SHA-256 %s, and %s was announced; drop it and upload it "
		"again: "
		"mmcgadgetctl upload-drop %s",
		w->part.text.image, hex, w->part.text.sha256, w->part.id);

	json_object_set_new(a, "sha256", json_string(hex));
	json_object_set_new(a, "wanted", json_string(w->part.text.sha256));
	return a;
}

json_t *upload_answer_done(const struct upload_work *w)
{
	const char *base = *w->base ? w->base : w->part.text.image;
	char size[16], note[256];
	json_t *a;

	disc_rules_note(base, note, sizeof(note));
	format_size(w->part.text.size, size);
	a = answer_ok("uploaded %s, %s%s%s", base, size,
		*w->sha256 ? ", and its SHA-256 is as announced" : "", note);
	set_image(a, w->dir, base);
	json_object_set_new(a, "size", json_integer((json_int_t)w->part.text.size));
	json_object_set_new(a, "sha256", json_string(w->sha256));
	return a;
}

json_t *upload_answer_dropped(const struct upload_work *w)
{
	char freed[16];
	json_t *a;

	format_size(w->bytes, freed);
	a = answer_ok("dropped the upload of %s, %s are free again", w->part.text.image, freed);
	json_object_set_new(a, "freed_bytes", json_integer((json_int_t)w->bytes));
	return a;
}
