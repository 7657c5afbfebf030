// SPDX-License-Identifier: GPL-2.0-or-later
/* Helpers of the gadget files: error numbers of libusbgx, and files of one line. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "gadget/gadget_int.h"

int gadget_error(int usbg)
{
	switch (usbg) {
	case USBG_SUCCESS:
		return 0;
	case USBG_ERROR_NO_MEM:
		return -ENOMEM;
	case USBG_ERROR_NO_ACCESS:
		return -EACCES;
	case USBG_ERROR_INVALID_PARAM:
	case USBG_ERROR_INVALID_VALUE:
		return -EINVAL;
	case USBG_ERROR_NOT_FOUND:
		return -ENOENT;
	case USBG_ERROR_EXIST:
		return -EEXIST;
	case USBG_ERROR_NO_DEV:
		return -ENODEV;
	case USBG_ERROR_BUSY:
		return -EBUSY;
	case USBG_ERROR_NOT_SUPPORTED:
		return -ENOTSUP;
	case USBG_ERROR_PATH_TOO_LONG:
		return -ENAMETOOLONG;
	default:
		return -EIO;
	}
}

bool gadget_read_line(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, buf, size - 1);
	close(fd);
	if (n <= 0)
		return false;
	buf[n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return buf[0] != '\0';
}
