// SPDX-License-Identifier: GPL-2.0-or-later
#include "web/basic_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/field.h"
#include "protocol/format_medium.h"
#include "protocol/format_size.h"
#include "web/text.h"

/* A page that grows in memory. */
struct html {
	FILE *f;
	char *text;
	size_t size;
};

static bool begin(struct html *h, const char *title)
{
	h->text = NULL;
	h->f = open_memstream(&h->text, &h->size);
	if (!h->f)
		return false;
	fputs("<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">"
	      "<meta name=\"viewport\" content=\"width=device-width\">\n"
	      "<link rel=\"stylesheet\" href=\"/app.css\">\n<title>",
		h->f);
	text_html(h->f, title);
	fputs(" - mmcgadget</title></head>\n<body>\n<main>\n<h1>", h->f);
	text_html(h->f, title);
	fputs("</h1>\n", h->f);
	return true;
}

static char *end(struct html *h)
{
	fputs("</main>\n</body>\n</html>\n", h->f);
	if (fclose(h->f) != 0) {
		free(h->text);
		h->text = NULL;
	}
	return h->text;
}

/* Prints before and after as they are, and the value between them escaped, see text_html(). */
static void put(struct html *h, const char *before, const char *value, const char *after)
{
	fputs(before, h->f);
	text_html(h->f, value);
	fputs(after, h->f);
}

/*
 * Prints a button. of: the drive or disc that it acts on. Its accessible name has that as well, for
 * people who do not see where the button stands.
 */
static void put_button(struct html *h, const char *text, const char *of)
{
	put(h, "<button aria-label=\"", text, ": ");
	put(h, "", of, "\">");
	put(h, "", text, "</button>");
}

/* Begins a form with the session's token. drive: in the path; NULL: none. */
static void form(struct html *h, const char *csrf, const char *drive, const char *action)
{
	fputs("<form method=\"post\" action=\"/basic/", h->f);
	if (drive) {
		text_encode(h->f, drive);
		putc('/', h->f);
	}
	fprintf(h->f, "%s\"><input type=\"hidden\" name=\"csrf\" value=\"%s\">", action, csrf);
}

static void put_progress(struct html *h, const json_t *d)
{
	uint64_t done = field_number(d, "recorded_blocks"), all = field_number(d, "burn_end");
	char amount[FORMAT_AMOUNT];

	if (done == 0)
		return;
	put(h, ", ", format_amount(field_text(d, "medium"), done, amount), " recorded");
	if (all >= done && all > 0)
		fprintf(h->f, " (%u %%)", (unsigned)(done * 100 / all));
}

static void put_drive(struct html *h, const char *csrf, const json_t *d)
{
	const char *name = field_text(d, "name"), *image = field_text(d, "image");
	char medium[FORMAT_WITH_STATE];

	put(h, "<h2>", name, "</h2>\n<p>");
	if (!*image && strcmp(field_text(d, "medium"), "none") == 0) {
		fputs("no disc", h->f);
	} else {
		put(h, "<strong>", image, "</strong>, ");
		put(h, "", format_medium_state(d, medium), ", ");
		put(h, "", field_text(d, "state"), "");
		put_progress(h, d);
	}
	fputs(field_flag(json_object_get(d, "host"), "connected")
			? ". The PC is connected"
			: ". No PC is connected, or it is asleep",
		h->f);
	fputs(field_flag(d, "locked") ? ", and has locked the drive.</p>\n" : ".</p>\n", h->f);
	if (*field_text(d, "warning"))
		put(h, "<p>Warning: ", field_text(d, "warning"), "</p>\n");
	if (*field_text(d, "pending"))
		put(h, "<p>", field_text(d, "pending"), "</p>\n");
	form(h, csrf, name, "eject");
	put_button(h, "Eject", name);
	fputs(" <label><input type=\"checkbox\" name=\"force\" value=\"1\"> "
	      "even if the PC uses it, which may break what it does</label></form>\n",
		h->f);
	form(h, csrf, name, "prev");
	put_button(h, "Previous disc", name);
	fputs("</form>\n", h->f);
	form(h, csrf, name, "next");
	put_button(h, "Next disc", name);
	fputs("</form>\n", h->f);
	form(h, csrf, name, "blank");
	put(h, "<label>New blank for ", name,
		" <input name=\"name\" value=\"blank-1.iso\" required></label> ");
	put_button(h, "Make and insert", name);
	fputs("</form>\n", h->f);
}

static void put_insert(struct html *h, const char *csrf, const json_t *drives, const char *image)
{
	const json_t *drive;
	size_t i;

	json_array_foreach(drives, i, drive)
	{
		const char *name = json_string_value(drive);

		form(h, csrf, name, "insert");
		put(h, "<input type=\"hidden\" name=\"image\" value=\"", image, "\">");
		put(h, "<button aria-label=\"Insert into ", name, ": ");
		put(h, "", image, "\">");
		put(h, "Insert into ", name, "</button></form>\n");
	}
}

static bool is_one_of(const char *kind, const char *const *kinds)
{
	while (*kinds && strcmp(kind, *kinds) != 0)
		kinds++;
	return *kinds != NULL;
}

/*
 * Begins a link: path, the disc's name, rest, and of, one of the drives of its folder. The caller
 * ends the address and the link.
 */
static void put_link(
	struct html *h, const char *path, const char *name, const char *rest, const char *of)
{
	fprintf(h->f, "<a href=\"%s", path);
	text_encode(h->f, name);
	fprintf(h->f, "%sdrive=", rest);
	text_encode(h->f, of);
}

/*
 * Offers a download unless the daemon would refuse it: a blank, and a disc that a drive may record
 * now. The link to an unfinished disc asks for it as it is.
 */
static void put_download(struct html *h, const json_t *e, const char *of)
{
	static const char *const open[] = {"open", "appendable", NULL};
	static const char *const recorded[] = {"open", "appendable", "rewritable", NULL};
	const char *name = field_text(e, "name"), *kind = field_text(e, "kind");
	bool unfinished = is_one_of(kind, open);

	if (field_number(e, "size") == 0)
		return;
	if (json_array_size(json_object_get(e, "loaded_in")) > 0 &&
		(is_one_of(kind, recorded) || field_flag(e, "erasable")))
		return;
	put_link(h, "/api/v1/images/", name, "/content?", of);
	if (unfinished)
		fputs("&amp;unfinished=1", h->f);
	put(h, "\" class=\"button\">Download ", name, unfinished ? ", unfinished</a>\n" : "</a>\n");
}

/* drives: the names of those of the folder. */
static void put_image(struct html *h, const char *csrf, const json_t *drives, const json_t *e)
{
	const char *of = json_string_value(json_array_get(drives, 0));
	const char *name = field_text(e, "name"), *label = field_text(e, "label");
	const json_t *in = json_object_get(e, "loaded_in"), *drive;
	char size[16], medium[FORMAT_MEDIUM];
	size_t i;

	format_size(field_number(e, "size"), size);
	put(h, "<li><strong>", name, "</strong>");
	if (*label)
		put(h, ", label ", label, "");
	fprintf(h->f, ", %s, ", size);
	put(h, "", format_medium(field_text(e, "medium"), medium), ", ");
	put(h, "", field_text(e, "kind"), "");
	json_array_foreach(in, i, drive) put(h, ", in ", json_string_value(drive), "");
	if (*field_text(e, "problem"))
		put(h, ". Problem: ", field_text(e, "problem"), "");
	if (*field_text(e, "remark"))
		put(h, ". Note: ", field_text(e, "remark"), "");
	putc('\n', h->f);
	if (json_array_size(in) == 0 && field_flag(e, "insertable"))
		put_insert(h, csrf, drives, name);
	put_download(h, e, of);
	if (json_array_size(in) == 0) {
		put_link(h, "/basic/delete?image=", name, "&amp;", of);
		fputs("&amp;etag=", h->f);
		text_encode(h->f, field_text(e, "etag"));
		put(h, "\" class=\"button\">Delete ", name, "...</a>\n");
	}
	fputs("</li>\n", h->f);
}

/* Prints how many discs there are and how much is free. shown: the discs that follow. */
static void put_counts(struct html *h, const json_t *list, size_t shown)
{
	uint64_t all = field_number(list, "matched");
	const char *room = " free";
	char size[16] = "";

	if (field_flag(list, "card_read_only"))
		room = "the card is read-only, nothing can be burned";
	else
		format_size(field_number(list, "card_free_bytes"), size);
	if (all > shown)
		fprintf(h->f,
			"<p>The first %zu of %" PRIu64 " discs (the page with live states has all)",
			shown, all);
	else
		fprintf(h->f, "<p>%zu discs", shown);
	fprintf(h->f,
		", %s%s. To upload one: "
		"<code>curl -H \"Authorization: Bearer TOKEN\" -T x.iso "
		"http://BOARD/api/v1/images/x.iso/content</code></p>\n<ul>\n",
		size, room);
}

static void put_folder(struct html *h, const char *csrf, const json_t *folder, bool alone)
{
	const json_t *list = json_object_get(folder, "list"),
		     *drives = json_object_get(folder, "drives");
	const json_t *images = json_object_get(list, "images"), *e;
	size_t i;

	if (alone)
		fputs("<h2>Discs</h2>\n", h->f);
	else
		put(h, "<h2>Discs in ", field_text(folder, "folder"), "</h2>\n");
	if (!images) {
		fputs("<p>The media folder cannot be read.</p>\n", h->f);
		return;
	}
	put_counts(h, list, json_array_size(images));
	json_array_foreach(images, i, e) put_image(h, csrf, drives, e);
	fputs("</ul>\n", h->f);
}

char *basic_view(const char *host, const char *csrf, const json_t *status, const json_t *folders)
{
	const json_t *drives = json_object_get(status, "drives"), *drive, *folder;
	struct html h;
	size_t i;

	if (!begin(&h, host))
		return NULL;
	fputs("<p><a href=\"/basic\" class=\"button\">Look again</a> <a href=\"/\" "
	      "class=\"button\">The page with live "
	      "states</a></p>\n",
		h.f);
	if (*field_text(status, "problem"))
		put(&h, "<p>", field_text(status, "problem"), "</p>\n");
	json_array_foreach(drives, i, drive) put_drive(&h, csrf, drive);
	json_array_foreach(folders, i, folder)
		put_folder(&h, csrf, folder, json_array_size(folders) == 1);
	form(&h, csrf, NULL, "logout");
	fputs("<button>Log out</button></form>\n", h.f);
	return end(&h);
}

char *basic_view_login(const char *host)
{
	struct html h;

	if (!begin(&h, host))
		return NULL;
	fputs("<form method=\"post\" action=\"/basic/login\">\n"
	      "<p><label>Password <input type=\"password\" name=\"password\" "
	      "autocomplete=\"current-password\" required autofocus></label>\n"
	      "<button>Log in</button></p></form>\n"
	      "<p>Over http, the password can be read by others in the same network.</p>\n",
		h.f);
	return end(&h);
}

char *basic_view_delete(const char *csrf, const char *name, const char *etag, const char *drive)
{
	struct html h;

	if (!begin(&h, "Delete a disc"))
		return NULL;
	put(&h, "<p>Delete <strong>", name, "</strong>? It cannot be brought back.</p>\n");
	form(&h, csrf, NULL, "delete");
	put(&h, "<input type=\"hidden\" name=\"image\" value=\"", name, "\">");
	put(&h, "<input type=\"hidden\" name=\"etag\" value=\"", etag, "\">");
	put(&h, "<input type=\"hidden\" name=\"drive\" value=\"", drive, "\">");
	fputs("<button>Delete it</button> <a href=\"/basic\" class=\"button\">Keep it</a></form>\n",
		h.f);
	return end(&h);
}
