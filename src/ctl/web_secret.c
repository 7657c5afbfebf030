// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/web_secret.h"

#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <nettle/memops.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES  512
#define FILE_BYTES  16384u
#define TOKEN_BYTES 20u /* random */
#define PREFIX      "mmcg_"

/* ---- files ---------------------------------------------------------------------------------- */

/* Reads a small file as text. 0 or -errno. */
static int read_file(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n;
	int r = 0;

	if (fd < 0)
		return -errno;
	n = read(fd, out, size - 1);
	if (n < 0)
		r = -errno;
	out[n < 0 ? 0 : n] = '\0';
	close(fd);
	return r;
}

/* mmcgadget-web runs as a user of that group, and reads the file. Without the group only root does.
 */
static int give_to_group(int fd)
{
	const struct group *g = getgrnam(WEB_GROUP);

	if (!g)
		return 0;
	return fchown(fd, (uid_t)-1, g->gr_gid) < 0 || fchmod(fd, 0640) < 0 ? -errno : 0;
}

static int write_spare(int fd, const char *text)
{
	size_t n = strlen(text);
	int r = give_to_group(fd);

	if (r == 0 && write(fd, text, n) != (ssize_t)n)
		r = errno ? -errno : -EIO;
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (close(fd) < 0 && r == 0)
		r = -errno;
	return r;
}

/* Replaces the file: it is the old one or the new one, whatever happens. 0 or -errno. */
static int replace_file(const char *path, const char *text)
{
	char spare[PATH_BYTES];
	int fd, r;

	if (snprintf(spare, sizeof(spare), "%s.new", path) >= (int)sizeof(spare))
		return -ENAMETOOLONG;
	if (unlink(spare) < 0 && errno != ENOENT)
		return -errno;
	errno = 0;
	fd = open(spare, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = write_spare(fd, text);
	if (r == 0 && rename(spare, path) < 0)
		r = -errno;
	if (r < 0)
		(void)unlink(spare);
	return r;
}

/* ---- password ------------------------------------------------------------------------------- */

int web_password_read(const char *path, struct web_password *out)
{
	char text[1024];
	int end = 0, r = read_file(path, text, sizeof(text));

	if (r < 0)
		return r;
	if (sscanf(text, "%255[!-~]\ngeneration %" SCNu64 "\n%n", out->hash, &out->generation,
		    &end) != 2 ||
		text[end] != '\0' || out->hash[0] != '$')
		return -EINVAL;
	return 0;
}

int web_password_write(const char *path, const struct web_password *p)
{
	char text[1024];

	snprintf(text, sizeof(text), "%s\ngeneration %" PRIu64 "\n", p->hash, p->generation);
	return replace_file(path, text);
}

bool web_password_hash(const char *password, char out[WEB_HASH])
{
	struct crypt_data *data = calloc(1, sizeof(*data));
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	const char *hash = NULL;

	if (data && crypt_gensalt_rn("$y$", 0, NULL, 0, setting, sizeof(setting)))
		hash = crypt_r(password, setting, data);
	if (hash && (hash[0] != '$' || strlen(hash) >= WEB_HASH))
		hash = NULL;
	if (hash)
		strcpy(out, hash);
	free(data);
	return hash != NULL;
}

bool web_password_is(const struct web_password *p, const char *password)
{
	struct crypt_data *data = calloc(1, sizeof(*data));
	const char *hash = data ? crypt_r(password, p->hash, data) : NULL;
	size_t n = strlen(p->hash);
	bool same = hash && hash[0] == '$' && strlen(hash) == n && memeql_sec(hash, p->hash, n);

	if (data)
		explicit_bzero(data, sizeof(*data));
	free(data);
	return same;
}

/* ---- tokens --------------------------------------------------------------------------------- */

bool web_token_name_ok(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";

	return *name && strlen(name) < WEB_TOKEN_NAME && name[strspn(name, allowed)] == '\0';
}

/* Reads "NAME rw SHA256". */
static bool take_line(const char *line, struct web_token *t)
{
	char rights[3], sha[WEB_SHA256];
	int end = 0;

	if (sscanf(line, "%32s %2[rwo] %64[0-9a-f]%n", t->name, rights, sha, &end) != 3 ||
		line[end] != '\0' || strlen(sha) != WEB_SHA256 - 1 || !web_token_name_ok(t->name))
		return false;
	t->read_only = strcmp(rights, "ro") == 0;
	strcpy(t->sha256, sha);
	return t->read_only || strcmp(rights, "rw") == 0;
}

int web_tokens_read(const char *path, struct web_tokens *out)
{
	char *text = malloc(FILE_BYTES), *line, *save;
	int r = text ? read_file(path, text, FILE_BYTES) : -ENOMEM;

	out->count = 0;
	for (line = r == 0 ? strtok_r(text, "\n", &save) : NULL; line && r == 0;
		line = strtok_r(NULL, "\n", &save)) {
		if (out->count == WEB_TOKENS || !take_line(line, &out->token[out->count]))
			r = -EINVAL;
		else
			out->count++;
	}
	free(text);
	return r == -ENOENT ? 0 : r;
}

int web_tokens_write(const char *path, const struct web_tokens *t)
{
	char *text = calloc(1, FILE_BYTES);
	size_t n = 0;
	int r;

	if (!text)
		return -ENOMEM;
	for (unsigned i = 0; i < t->count; i++)
		n += (size_t)snprintf(text + n, FILE_BYTES - n, "%s %s %s\n", t->token[i].name,
			t->token[i].read_only ? "ro" : "rw", t->token[i].sha256);
	r = replace_file(path, text);
	free(text);
	return r;
}

bool web_token_make(char out[WEB_TOKEN_TEXT])
{
	uint8_t random[TOKEN_BYTES];
	size_t n = strlen(PREFIX);

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return false;
	strcpy(out, PREFIX);
	for (size_t i = 0; i < sizeof(random); i++)
		n += (size_t)snprintf(out + n, WEB_TOKEN_TEXT - n, "%02x", random[i]);
	return true;
}

void web_token_hash(const char *text, char out[WEB_SHA256])
{
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct sha256_ctx sha;

	sha256_init(&sha);
	sha256_update(&sha, strlen(text), (const uint8_t *)text);
	sha256_digest(&sha, sizeof(digest), digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

const struct web_token *web_token_find(const struct web_tokens *t, const char *text)
{
	const struct web_token *found = NULL;
	char sha[WEB_SHA256];

	web_token_hash(text, sha);
	for (unsigned i = 0; i < t->count; i++) {
		if (memeql_sec(sha, t->token[i].sha256, WEB_SHA256 - 1))
			found = &t->token[i];
	}
	return found;
}
