// SPDX-License-Identifier: GPL-2.0-or-later
#include "shim/shim_program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#define SCRIPTS_MAX 4 /* interpreters that are scripts; the kernel has such a limit, too */

/* ---- finding ------------------------------------------------------------------------------ */

static int executable(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) && access(path, X_OK) == 0 ? 0 : -EACCES;
}

int shim_program_find(const char *name, char *path, size_t size)
{
	const char *list = getenv("PATH");
	int result = -ENOENT;

	if (strchr(name, '/')) {
		snprintf(path, size, "%s", name);
		return executable(path);
	}
	if (!list)
		list = "/usr/local/bin:/usr/bin:/bin";
	for (;;) {
		size_t n = strcspn(list, ":");
		/* An empty element is the current directory. */
		int len = snprintf(path, size, "%.*s%s%s", (int)n, list, n ? "/" : "./", name);

		if (name[0] && len < (int)size) {
			int r = executable(path);

			if (r == 0)
				return 0;
			if (r == -EACCES)
				result = r;
		}
		if (!list[n])
			return result;
		list += n + 1;
	}
}

/* ---- the kind of program ------------------------------------------------------------------ */

struct kind {
	bool elf;
	bool native;           /* an ELF file of this program's word size and byte order */
	bool dynamic;          /* a native one with an interpreter, the dynamic linker */
	char linker[PATH_MAX]; /* the name of that linker, without directories */
	char script[PATH_MAX]; /* the interpreter of a script; "": it is none */
};

static bool read_at(int fd, void *p, size_t len, uint64_t at)
{
	return at <= INT64_MAX && pread(fd, p, len, (off_t)at) == (ssize_t)len;
}

static void read_linker(int fd, const ElfW(Phdr) * segment, struct kind *k)
{
	char path[PATH_MAX] = "";
	size_t len = segment->p_filesz < sizeof(path) ? segment->p_filesz : 0;

	k->dynamic = true;
	if (len == 0 || !read_at(fd, path, len, segment->p_offset))
		return;
	path[len] = '\0';
	const char *slash = strrchr(path, '/');
	snprintf(k->linker, sizeof(k->linker), "%s", slash ? slash + 1 : path);
}

static void read_elf(int fd, const ElfW(Ehdr) * h, struct kind *k)
{
	const ElfW(Half) one = 1;
	const unsigned char class = sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32,
			    order = *(const unsigned char *)&one ? ELFDATA2LSB : ELFDATA2MSB;

	k->elf = true;
	k->native = h->e_ident[EI_CLASS] == class && h->e_ident[EI_DATA] == order;
	for (unsigned i = 0; k->native && i < h->e_phnum; i++) {
		ElfW(Phdr) segment;

		if (!read_at(fd, &segment, sizeof(segment),
			    (uint64_t)h->e_phoff + (uint64_t)i * h->e_phentsize))
			return;
		if (segment.p_type == PT_INTERP)
			read_linker(fd, &segment, k);
	}
}

/* Reads "#! INTERPRETER [ARGUMENT]". */
static void read_script(int fd, struct kind *k)
{
	char line[PATH_MAX] = "";
	ssize_t n = pread(fd, line, sizeof(line) - 1, 2);
	char *at = line + strspn(line, " \t");

	if (n <= 0)
		return;
	at[strcspn(at, " \t\n")] = '\0';
	snprintf(k->script, sizeof(k->script), "%s", at);
}

/* Finds out what a file is; the machine of an ELF file goes to *machine. False: unreadable. */
static bool look_at(const char *path, struct kind *k, unsigned *machine)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ElfW(Ehdr) h = {.e_type = 0};

	*k = (struct kind){.elf = false};
	if (fd < 0)
		return false;
	if (pread(fd, &h, sizeof(h), 0) >= 2 && memcmp(&h, "#!", 2) == 0)
		read_script(fd, k);
	else if (memcmp(h.e_ident, ELFMAG, SELFMAG) == 0)
		read_elf(fd, &h, k);
	*machine = h.e_machine;
	close(fd);
	return true;
}

/* True if the program runs with other rights than those of its caller, as the linker checks. */
static bool is_privileged(const char *path)
{
	struct statvfs fs;
	struct stat st;

	if (stat(path, &st) < 0 || statvfs(path, &fs) < 0 || fs.f_flag & ST_NOSUID)
		return false;
	if ((st.st_mode & S_ISUID && st.st_uid != getuid()) ||
		(st.st_mode & S_ISGID && st.st_gid != getgid()))
		return true;
	return getuid() != 0 && getxattr(path, "security.capability", NULL, 0) > 0;
}

const char *shim_program_obstacle(const char *path)
{
	struct kind own, k = {.elf = false};
	unsigned own_machine, machine = 0;
	char at[PATH_MAX];

	snprintf(at, sizeof(at), "%s", path);
	for (int i = 0;; i++) {
		/* A program that cannot be read can be run; the linker decides. */
		if (!look_at(at, &k, &machine))
			return NULL;
		if (!k.script[0] || i == SCRIPTS_MAX)
			break;
		snprintf(at, sizeof(at), "%s", k.script);
	}
	if (!k.elf || !look_at("/proc/self/exe", &own, &own_machine))
		return NULL;
	if (!k.native || machine != own_machine)
		return "it is a program of another architecture, or of another word size";
	if (!k.dynamic)
		return "it is linked statically, so no library can be preloaded into it";
	if (own.linker[0] && strcmp(k.linker, own.linker) != 0)
		return "it uses another C library";
	/* The kernel ignores these bits of a script. */
	if (is_privileged(at))
		return "it is set-user-ID, set-group-ID or has capabilities, and the dynamic "
		       "linker "
		       "preloads nothing into such programs";
	return NULL;
}
