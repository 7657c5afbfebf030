// SPDX-License-Identifier: GPL-2.0-or-later
#include "resolver/serve.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "cdimage/wire.h"

/* Too large for the stack: two messages of 64 KiB and a disc. */
static struct wire_message asked, answer;
static struct cdimage disc;

static bool send_message(int fd, const struct wire_message *m, size_t size)
{
	return write(fd, m, size) == (ssize_t)size;
}

/* Asks the daemon. False: there is no answer of that type and size. */
static bool ask(int fd, const struct wire_message *question, size_t size, enum wire_type type,
	size_t answer_size)
{
	return send_message(fd, question, size) &&
	       read(fd, &answer, sizeof(answer)) == (ssize_t)answer_size && answer.type == type;
}

static int find(void *ctx, const char *name, uint64_t *size)
{
	const int *fd = ctx;
	static struct wire_message m;

	memset(&m, 0, WIRE_SIZE(find));
	m.type = WIRE_FIND;
	memcpy(m.find.name, name, strlen(name) + 1);
	if (!ask(*fd, &m, WIRE_SIZE(find), WIRE_FOUND, WIRE_SIZE(found)))
		_exit(1);
	*size = answer.found.size;
	return answer.found.result;
}

static int read_file(void *ctx, unsigned file, uint64_t offset, void *buf, size_t len)
{
	const int *fd = ctx;
	static struct wire_message m;

	memset(&m, 0, WIRE_SIZE(read));
	m.type = WIRE_READ;
	m.read = (struct wire_read){.file = file, .length = (uint32_t)len, .offset = offset};
	if (!ask(*fd, &m, WIRE_SIZE(read), WIRE_BYTES, WIRE_SIZE(bytes)))
		_exit(1);
	if (answer.bytes.result > (int32_t)len)
		return -EIO;
	if (answer.bytes.result > 0)
		memcpy(buf, answer.bytes.bytes, (size_t)answer.bytes.result);
	return answer.bytes.result;
}

bool serve(int fd)
{
	const struct cdimage_source source = {find, read_file, &fd};
	const struct wire_parse *p = &asked.parse;
	ssize_t n = read(fd, &asked, sizeof(asked));
	const size_t head = offsetof(struct wire_message, parse.text);

	if (n < (ssize_t)head || asked.type != WIRE_PARSE || p->version != WIRE_VERSION ||
		p->length > CDIMAGE_TEXT_MAX || (size_t)n != head + p->length)
		return false;
	asked.parse.name[CDIMAGE_NAME_MAX - 1] = '\0';
	if (cdimage_parse(
		    (enum cdimage_kind)p->kind, p->name, p->text, p->length, &source, &disc)) {
		answer.type = WIRE_DISC;
		memset(&answer.disc, 0, sizeof(answer.disc));
		answer.disc.map = disc.map;
		answer.disc.mentions = disc.mentions;
		memcpy(answer.disc.note, disc.note, sizeof(disc.note));
		for (unsigned i = 0; i < disc.map.files; i++)
			answer.disc.decoded[i] = disc.use[i] >= CDIMAGE_FLAC ? disc.size[i] : 0;
		return send_message(fd, &answer, WIRE_SIZE(disc));
	}
	answer.type = WIRE_REFUSED;
	memcpy(answer.refused.error, disc.error, sizeof(disc.error));
	return send_message(fd, &answer, WIRE_SIZE(refused));
}
