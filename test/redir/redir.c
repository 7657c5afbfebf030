// SPDX-License-Identifier: GPL-2.0-or-later
/* mmcredir: the usbredir protocol on the one side, BOT's endpoints on the other. See redir.h. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "test/redir/redir.h"
#include "util/array.h"

#define BULK_MAX (1u << 20)

struct waiting {
	uint64_t id;
	struct usb_redir_bulk_packet_header header;
};

struct session {
	int fd;
	bool configured;
	struct redir_drive *drive;
	struct mem_ep *ep;
	struct usbredirparser *parser;
	struct waiting in[REDIR_QUEUE];
	unsigned in_count;
	uint8_t data[BULK_MAX];
};

/* ---- the socket ----------------------------------------------------------------------------- */

static int read_socket(void *priv, uint8_t *data, int count)
{
	struct session *s = priv;
	ssize_t n = recv(s->fd, data, (size_t)count, MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return 0;
	return n > 0 ? (int)n : -1;
}

static int write_socket(void *priv, uint8_t *data, int count)
{
	struct session *s = priv;

	return (int)send(s->fd, data, (size_t)count, MSG_NOSIGNAL);
}

static void log_line(void *priv, int level, const char *text)
{
	(void)priv;
	if (level <= usbredirparser_warning)
		fprintf(stderr, "mmcredir: %s\n", text);
}

/* ---- bulk ----------------------------------------------------------------------------------- */

static uint8_t status_of(int err)
{
	switch (err) {
	case 0:
		return usb_redir_success;
	case -EPIPE:
		return usb_redir_stall;
	case -EOVERFLOW:
		return usb_redir_babble;
	case -ETIMEDOUT:
		return usb_redir_timeout;
	}
	return usb_redir_ioerror;
}

static uint32_t bulk_length(const struct usb_redir_bulk_packet_header *h)
{
	return (uint32_t)h->length_high << 16 | h->length;
}

static void answer_bulk(struct session *s, const struct waiting *w, int err, uint32_t len)
{
	struct usb_redir_bulk_packet_header h = w->header;
	bool in = h.endpoint & 0x80;

	h.status = status_of(err);
	h.length = (uint16_t)len;
	h.length_high = (uint16_t)(len >> 16);
	usbredirparser_send_bulk_packet(
		s->parser, w->id, &h, in && len ? s->data : NULL, in ? (int)len : 0);
}

static void drop_waiting(struct session *s, unsigned i)
{
	s->in_count--;
	memmove(s->in + i, s->in + i + 1, (s->in_count - i) * sizeof(s->in[0]));
}

/* Answers the bulk-in transfers for which the drive has something; the others go on waiting. */
static void serve_waiting(struct session *s)
{
	while (s->in_count && (s->ep->halted || s->ep->in.count || !s->ep->enabled)) {
		uint32_t got = 0;
		int err = mem_host_in(s->ep, s->data, bulk_length(&s->in[0].header), &got);

		answer_bulk(s, &s->in[0], err, got);
		drop_waiting(s, 0);
	}
}

static void bulk_packet(
	void *priv, uint64_t id, struct usb_redir_bulk_packet_header *h, uint8_t *data, int len)
{
	struct session *s = priv;
	struct waiting w = {.id = id, .header = *h};

	if (h->endpoint == REDIR_OUT) {
		int err = mem_host_out(s->ep, data, (uint32_t)len, false);

		answer_bulk(s, &w, err, err ? 0 : (uint32_t)len);
	} else if (h->endpoint == REDIR_IN && bulk_length(h) <= BULK_MAX &&
		   s->in_count < REDIR_QUEUE) {
		s->in[s->in_count++] = w;
	} else {
		answer_bulk(s, &w, -EINVAL, 0);
	}
	usbredirparser_free_packet_data(s->parser, data);
	serve_waiting(s);
}

static void cancel(void *priv, uint64_t id)
{
	struct session *s = priv;

	for (unsigned i = 0; i < s->in_count; i++)
		if (s->in[i].id == id) {
			struct usb_redir_bulk_packet_header h = s->in[i].header;

			h.status = usb_redir_cancelled;
			h.length = h.length_high = 0;
			usbredirparser_send_bulk_packet(s->parser, id, &h, NULL, 0);
			drop_waiting(s, i);
			return;
		}
}

/* ---- control -------------------------------------------------------------------------------- */

enum {
	STANDARD_IN = 0x80,
	INTERFACE_IN = 0x81,
	ENDPOINT_IN = 0x82,
	ENDPOINT_OUT = 0x02,
	CLASS_IN = 0xa1,
	CLASS_OUT = 0x21
};
enum { GET_STATUS = 0, CLEAR_FEATURE = 1, GET_DESCRIPTOR = 6, GET_MAX_LUN = 0xfe, RESET = 0xff };
#define REQUEST(type, request) ((unsigned)(type) << 8 | (request))

/* Carries out a request. *data and *len: the answer. 0, or -errno. */
static int control(struct session *s, const struct usb_redir_control_packet_header *h,
	const uint8_t **data, uint32_t *len)
{
	static uint8_t small[2];

	*data = small;
	*len = 0;
	memset(small, 0, sizeof(small));
	switch (REQUEST(h->requesttype, h->request)) {
	case REQUEST(STANDARD_IN, GET_DESCRIPTOR):
		*len = redir_descriptor(h->value, data);
		return *len ? 0 : -EPIPE;
	case REQUEST(ENDPOINT_IN, GET_STATUS):
		small[0] = h->index == REDIR_IN && s->ep->halted;
		*len = 2;
		return 0;
	case REQUEST(STANDARD_IN, GET_STATUS):
	case REQUEST(INTERFACE_IN, GET_STATUS):
		*len = 2;
		return 0;
	case REQUEST(ENDPOINT_OUT, CLEAR_FEATURE):
		if (h->index == REDIR_IN)
			mem_host_clear_halt_in(s->ep);
		else
			mem_host_clear_halt_out(s->ep);
		return 0;
	case REQUEST(CLASS_IN, GET_MAX_LUN):
		small[0] = bot_max_lun(s->ep->bot);
		*len = 1;
		return 0;
	case REQUEST(CLASS_OUT, RESET):
		return mem_host_class_reset(s->ep);
	}
	return -EPIPE;
}

static void control_packet(
	void *priv, uint64_t id, struct usb_redir_control_packet_header *h, uint8_t *data, int len)
{
	struct session *s = priv;
	struct usb_redir_control_packet_header answer = *h;
	const uint8_t *from;
	uint32_t n;

	(void)len;
	answer.status = status_of(control(s, h, &from, &n));
	n = MIN(n, h->length);
	memcpy(s->data, from, n);
	answer.length = (uint16_t)n;
	usbredirparser_send_control_packet(s->parser, id, &answer, n ? s->data : NULL, (int)n);
	usbredirparser_free_packet_data(s->parser, data);
	serve_waiting(s);
}

static void hello(void *priv, struct usb_redir_hello_header *h)
{
	struct session *s = priv;

	(void)h;
	redir_announce(s->parser, true);
}

static void disable(void *priv)
{
	struct session *s = priv;

	if (s->configured)
		mem_host_unplug(s->ep, true);
	s->configured = false;
	serve_waiting(s);
}

static void answer_configuration(struct session *s, uint64_t id, uint8_t status)
{
	struct usb_redir_configuration_status_header h = {
		.status = status, .configuration = s->configured};

	usbredirparser_send_configuration_status(s->parser, id, &h);
}

static void set_configuration(void *priv, uint64_t id, struct usb_redir_set_configuration_header *h)
{
	struct session *s = priv;

	disable(s);
	if (h->configuration == 1) {
		mem_host_bus_reset(s->ep, REDIR_SIZE);
		s->configured = true;
	}
	redir_announce(s->parser, false);
	answer_configuration(s, id, h->configuration <= 1 ? usb_redir_success : usb_redir_inval);
}

static void get_configuration(void *priv, uint64_t id)
{
	answer_configuration(priv, id, usb_redir_success);
}

static void answer_setting(struct session *s, uint64_t id, uint8_t interface, uint8_t alt)
{
	struct usb_redir_alt_setting_status_header h = {
		.status = interface || alt ? usb_redir_inval : usb_redir_success,
		.interface = interface};

	usbredirparser_send_alt_setting_status(s->parser, id, &h);
}

static void set_setting(void *priv, uint64_t id, struct usb_redir_set_alt_setting_header *h)
{
	answer_setting(priv, id, h->interface, h->alt);
}

static void get_setting(void *priv, uint64_t id, struct usb_redir_get_alt_setting_header *h)
{
	answer_setting(priv, id, h->interface, 0);
}

/* ---- main ----------------------------------------------------------------------------------- */

static int wait_for_qemu(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), peer;

	if (strlen(path) >= sizeof(a.sun_path)) {
		fprintf(stderr, "mmcredir: the path of the socket is too long\n");
		exit(2);
	}
	memcpy(a.sun_path, path, strlen(path) + 1);
	(void)unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 1) < 0) {
		perror(path);
		exit(1);
	}
	peer = accept(fd, NULL, NULL);
	(void)close(fd);
	if (peer < 0) {
		perror(path);
		exit(1);
	}
	return peer;
}

static void start_parser(struct session *s)
{
	uint32_t caps[USB_REDIR_CAPS_SIZE] = {0};
	struct usbredirparser *p = usbredirparser_create();

	if (!p) {
		fprintf(stderr, "mmcredir: no memory\n");
		exit(1);
	}
	s->parser = p;
	p->priv = s;
	p->log_func = log_line;
	p->read_func = read_socket;
	p->write_func = write_socket;
	p->hello_func = hello;
	p->reset_func = disable;
	p->set_configuration_func = set_configuration;
	p->get_configuration_func = get_configuration;
	p->set_alt_setting_func = set_setting;
	p->get_alt_setting_func = get_setting;
	p->cancel_data_packet_func = cancel;
	p->control_packet_func = control_packet;
	p->bulk_packet_func = bulk_packet;
	usbredirparser_caps_set_cap(caps, usb_redir_cap_connect_device_version);
	usbredirparser_caps_set_cap(caps, usb_redir_cap_ep_info_max_packet_size);
	usbredirparser_caps_set_cap(caps, usb_redir_cap_64bits_ids);
	usbredirparser_caps_set_cap(caps, usb_redir_cap_32bits_bulk_length);
	usbredirparser_init(p, "mmcredir", caps, USB_REDIR_CAPS_SIZE, usbredirparser_fl_usb_host);
}

int main(int argc, char **argv)
{
	struct session *s = calloc(1, sizeof(*s));

	if (argc != 3 || !s) {
		fprintf(stderr, "usage: mmcredir SOCKET empty|blank|IMAGE\n");
		return 2;
	}
	s->drive = redir_drive_new(argv[2]);
	s->ep = redir_drive_ep(s->drive);
	s->fd = wait_for_qemu(argv[1]);
	start_parser(s);
	struct pollfd ready = {.fd = s->fd, .events = POLLIN};
	for (int err = 0; !err;) {
		while (usbredirparser_has_data_to_write(s->parser) && !err)
			err = usbredirparser_do_write(s->parser);
		(void)poll(&ready, 1, -1);
		/* A packet that cannot be understood was reported and skipped. */
		if (!err && usbredirparser_do_read(s->parser) == usbredirparser_read_io_error)
			break;
	}
	usbredirparser_destroy(s->parser);
	(void)close(s->fd);
	redir_drive_free(s->drive);
	free(s);
	return 0;
}
