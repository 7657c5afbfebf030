// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/report.h"

#include <dirent.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "ctl/client.h"
#include "ctl/redact.h"
#include "ctl/root_file.h"
#include "util/array.h"
#include "util/shell_word.h"
#include "version.h"

#define ANSWER_MS 8000 /* list may read labels for 5 s */

#define CONFIG    "/etc/mmcgadget/mmcgadget.conf"
#define UDC_CLASS "/sys/class/udc"

struct writer {
	const struct doctor_env *env;
	struct redact *redact;
	FILE *out;
};

/* ---- sections ----------------------------------------------------------------------------- */

static void section(const struct writer *w, const char *title, const char *text, bool log)
{
	fprintf(w->out, "\n== %s ==\n", title);
	if (text && *text)
		redact_write(w->redact, text, log, w->out);
	else
		fputs("(nothing)\n", w->out);
}

/* Returns what a shell command prints, which the caller frees; NULL: no memory. */
static char *output_of(const char *command)
{
	char *text = NULL, piece[4096];
	size_t size, n;
	FILE *out = open_memstream(&text, &size), *in = popen(command, "re");

	while (out && in && (n = fread(piece, 1, sizeof(piece), in)) > 0)
		fwrite(piece, 1, n, out);
	if (in)
		pclose(in);
	if (out && fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static void section_command(
	const struct writer *w, const char *title, const char *command, bool log)
{
	char *text = output_of(command);

	section(w, title, text, log);
	free(text);
}

/* Writes the lines of a file for which take() is true; all of them if take is NULL. */
static void copy_file(
	const struct writer *w, const char *path, bool (*take)(const char *line), FILE *to)
{
	char full[512], *line = NULL;
	size_t size = 0;
	FILE *f;

	root_path(w->env->root, full, sizeof(full), "%s", path);
	f = fopen(full, "re");
	while (f && getline(&line, &size, f) >= 0) {
		if (!take || take(line))
			fputs(line, to);
	}
	free(line);
	if (f)
		fclose(f);
}

/* ---- contents of the sections ------------------------------------------------------------- */

static bool is_name_of_system(const char *line)
{
	return strncmp(line, "PRETTY_NAME=", 12) == 0;
}

static bool is_memory(const char *line)
{
	return strncmp(line, "MemTotal:", 9) == 0 || strncmp(line, "MemAvailable:", 13) == 0;
}

static bool is_gadget_module(const char *line)
{
	static const char *const begin[] = {"usb_f_", "g_", "dwc", "musb", "cdns3", "ci_hdrc",
		"libcomposite", "dummy_hcd", "usbip", "udc_core", "configfs"};

	for (size_t i = 0; i < ARRAY_LEN(begin); i++) {
		if (strncmp(line, begin[i], strlen(begin[i])) == 0)
			return true;
	}
	return false;
}

static bool is_boot_line(const char *line)
{
	return *line == '[' || strncmp(line, "dtoverlay=dwc", 13) == 0 ||
	       strncmp(line, "dtoverlay=upstream", 18) == 0 || strncmp(line, "otg_mode", 8) == 0;
}

static bool is_setting(const char *line)
{
	line += strspn(line, " \t\r\n");
	return *line != '\0' && *line != '#';
}

static void write_udcs(const struct writer *w, FILE *to)
{
	static const char *const files[] = {
		"state", "function", "maximum_speed", "current_speed", "is_selfpowered"};
	char path[512], line[128];
	struct dirent *e;
	DIR *dir;

	root_path(w->env->root, path, sizeof(path), UDC_CLASS);
	dir = opendir(path);
	while (dir && (e = readdir(dir))) {
		if (e->d_name[0] == '.')
			continue;
		fprintf(to, "controller %s:", e->d_name);
		for (size_t i = 0; i < ARRAY_LEN(files); i++) {
			snprintf(path, sizeof(path), UDC_CLASS "/%s/%s", e->d_name, files[i]);
			if (root_line(w->env->root, path, line, sizeof(line)))
				fprintf(to, " %s=%s", files[i], line);
		}
		fputc('\n', to);
	}
	if (dir)
		closedir(dir);
}

static void write_system(const struct writer *w, const struct doctor_report *doctor, FILE *to)
{
	struct utsname u;

	if (uname(&u) == 0)
		fprintf(to, "kernel: %s %s %s\n", u.sysname, u.release, u.machine);
	fprintf(to, "board: %s\n", *doctor->board ? doctor->board : "no device tree");
	copy_file(w, "/etc/os-release", is_name_of_system, to);
	copy_file(w, "/proc/meminfo", is_memory, to);
	write_udcs(w, to);
	fputs("modules:\n", to);
	copy_file(w, "/proc/modules", is_gadget_module, to);
	fputs("config.txt:\n", to);
	copy_file(w, "/boot/firmware/config.txt", is_boot_line, to);
	copy_file(w, "/boot/config.txt", is_boot_line, to);
}

/* Asks the daemon. Returns its answer, NULL if there is none. */
static json_t *ask(const struct writer *w, const char *line)
{
	json_t *answer = NULL;
	char *text = NULL;
	int fd = client_connect(w->env->socket, 0);

	if (fd < 0)
		return NULL;
	if (client_send(fd, line) == 0 && client_soon(fd, ANSWER_MS) &&
		client_receive(fd, &text) == 0)
		answer = json_loads(text, 0, NULL);
	free(text);
	close(fd);
	return answer;
}

static void section_json(const struct writer *w, const char *title, const json_t *answer)
{
	char *text = answer ? json_dumps(answer, JSON_INDENT(1) | JSON_PRESERVE_ORDER) : NULL;

	section(w, title, text ? text : "(no answer of the daemon)", false);
	free(text);
}

/* Appends a blank, and word as a shell reads it. */
static void append_word(char *out, size_t size, const char *word)
{
	size_t n = strlen(out);

	if (n + 1 < size && shell_word(word, out + n + 1, size - n - 1))
		out[n] = ' ';
}

/* The trace of a drive, as "trace show" prints it; there may be none. */
static void section_trace(const struct writer *w, const char *drive)
{
	char line[512], self[512] = "", option[64], command[2048], title[80];
	json_t *answer;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	snprintf(line, sizeof(line), "trace status drive=\"%s\"\n", drive);
	answer = ask(w, line);
	if (n > 0 &&
		json_integer_value(json_object_get(json_object_get(answer, "trace"), "records"))) {
		snprintf(command, sizeof(command), "exec 2>&1;");
		append_word(command, sizeof(command), self);
		strcat(command, " --socket");
		append_word(command, sizeof(command), w->env->socket);
		snprintf(option, sizeof(option), "drive=%s", drive);
		strcat(command, " trace save -");
		append_word(command, sizeof(command), option);
		strcat(command, " |");
		append_word(command, sizeof(command), self);
		strcat(command, " trace show -");
		snprintf(title, sizeof(title), "trace of %s", drive);
		section_command(w, title, command, false);
	}
	json_decref(answer);
}

/* ---- names -------------------------------------------------------------------------------- */

static void add_file(const struct writer *w, const char *path, const char *what)
{
	char line[256];

	if (root_line(w->env->root, path, line, sizeof(line)))
		redact_add(w->redact, line, what);
}

/* Adds the serial number also as hexadecimal bytes: so a trace shows one that the host has read. */
static void add_serial(const struct writer *w, const char *path)
{
	char line[256], bytes[3 * 32 + 1] = "";

	if (!root_line(w->env->root, path, line, sizeof(line)))
		return;
	redact_add(w->redact, line, "serial");
	for (size_t i = 0; line[i] && i < 32; i++)
		sprintf(bytes + strlen(bytes), i ? " %02x" : "%02x", (unsigned char)line[i]);
	redact_add(w->redact, bytes, "serial");
}

static void add_serials(const struct writer *w)
{
	char path[512];
	struct dirent *e;
	DIR *dir;

	add_file(w, "/etc/machine-id", "serial");
	add_file(w, "/proc/device-tree/serial-number", "serial");
	root_path(w->env->root, path, sizeof(path), "/sys/kernel/config/usb_gadget");
	dir = opendir(path);
	while (dir && (e = readdir(dir))) {
		snprintf(path, sizeof(path),
			"/sys/kernel/config/usb_gadget/%s/strings/0x409/serialnumber", e->d_name);
		if (e->d_name[0] != '.')
			add_serial(w, path);
	}
	if (dir)
		closedir(dir);
}

static void add_people(const struct writer *w)
{
	static const char *const variables[] = {"USER", "LOGNAME", "SUDO_USER"};
	const struct passwd *p = getpwuid(getuid());
	char host[256] = "";

	if (gethostname(host, sizeof(host) - 1) == 0)
		redact_add(w->redact, host, "host");
	/* The host name without its domain is removed from the report, too. */
	host[strcspn(host, ".")] = '\0';
	if (strcmp(host, "localhost") != 0)
		redact_add(w->redact, host, "host");
	if (p && p->pw_uid != 0)
		redact_add(w->redact, p->pw_name, "user");
	for (size_t i = 0; i < ARRAY_LEN(variables); i++) {
		const char *name = getenv(variables[i]);

		if (name && strcmp(name, "root") != 0)
			redact_add(w->redact, name, "user");
	}
}

/*
 * Adds the folder of songs, which burned.last names in quotes: it is called after a band and an
 * album.
 */
static void add_songs(const struct writer *w, const json_t *drive)
{
	const char *last =
		json_string_value(json_object_get(json_object_get(drive, "burned"), "last"));
	const char *begin = last ? strchr(last, '"') : NULL, *end;
	char *name = begin && (end = strrchr(begin + 1, '"'))
			     ? strndup(begin + 1, (size_t)(end - begin - 1))
			     : NULL;

	redact_add(w->redact, name, "label");
	free(name);
	redact_add(w->redact,
		json_string_value(json_object_get(json_object_get(drive, "extracting"), "image")),
		"image");
}

static void add_images(const struct writer *w)
{
	const json_t *drive, *image;
	size_t i, k;

	json_array_foreach(json_object_get(w->env->status, "drives"), i, drive)
	{
		const char *name = json_string_value(json_object_get(drive, "name"));
		char line[128];
		json_t *list;

		redact_add(w->redact, json_string_value(json_object_get(drive, "image")), "image");
		redact_add(w->redact,
			json_string_value(
				json_object_get(json_object_get(drive, "burned"), "image")),
			"image");
		add_songs(w, drive);
		snprintf(line, sizeof(line), "list drive=\"%s\"\n", name ? name : "");
		list = ask(w, line);
		json_array_foreach(json_object_get(list, "images"), k, image)
		{
			redact_add(w->redact, json_string_value(json_object_get(image, "name")),
				"image");
			redact_add(w->redact, json_string_value(json_object_get(image, "label")),
				"label");
		}
		json_decref(list);
	}
}

/* ---- the whole report --------------------------------------------------------------------- */

static void write_texts(const struct writer *w, const struct doctor_report *doctor)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return;
	doctor_print(doctor, to);
	fclose(to);
	section(w, "doctor", text, false);
	free(text);
	to = open_memstream(&text, &size);
	if (!to)
		return;
	write_system(w, doctor, to);
	fclose(to);
	section(w, "system", text, false);
	free(text);
	to = open_memstream(&text, &size);
	if (!to)
		return;
	copy_file(w, CONFIG, is_setting, to);
	fclose(to);
	section(w, "settings in " CONFIG, text, false);
	free(text);
}

void report_write(const struct doctor_env *env, const struct doctor_report *doctor, FILE *out)
{
	struct writer w = {.env = env, .redact = redact_new(), .out = out};
	const json_t *drive;
	json_t *stats;
	size_t i;

	if (!w.redact) {
		fputs("out of memory\n", out);
		return;
	}
	add_people(&w);
	add_serials(&w);
	if (env->status)
		add_images(&w);
	fputs("Report of mmcgadgetctl " MMCGADGET_VERSION "\n"
	      "Names of images, labels, hosts and users, serial numbers and addresses are replaced "
	      "by\n"
	      "<image>, <label> and so on. Look through it before you send it.\n",
		out);
	write_texts(&w, doctor);
	section_json(&w, "status", env->status);
	stats = env->status ? ask(&w, "stats\n") : NULL;
	section_json(&w, "stats", stats);
	json_decref(stats);
	section_command(&w, "service",
		"systemctl show -p ActiveState,SubState,Result,NRestarts,StatusText,UnitFileState "
		"mmcgadgetd 2>&1",
		true);
	section_command(&w, "end of mmcgadgetd's log (may need sudo)",
		"journalctl -q -u mmcgadgetd -n 200 --no-pager -o short-iso --no-hostname 2>&1",
		true);
	section_command(&w, "end of the kernel's log about USB devices (may need sudo)",
		"{ journalctl -q -k -b -n 3000 --no-pager -o short-monotonic --no-hostname | "
		"grep . || dmesg; } "
		"2>&1 | grep -iE 'udc|dwc|musb|gadget|functionfs|usb_f_|configfs|under-?voltage' | "
		"tail -n 60",
		true);
	json_array_foreach(json_object_get(env->status, "drives"), i, drive)
		section_trace(&w, json_string_value(json_object_get(drive, "name")));
	redact_free(w.redact);
}
