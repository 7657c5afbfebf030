// SPDX-License-Identifier: GPL-2.0-or-later
#include "protocol/format_size.h"

#include <inttypes.h>
#include <stdio.h>

#include "util/array.h"

void format_size(uint64_t bytes, char out[16])
{
	static const char *const unit[] = {"kB", "MB", "GB", "TB"};
	double value = (double)bytes / 1000.0;
	size_t i = 0;

	if (bytes < 1000) {
		snprintf(out, 16, "%" PRIu64 " bytes", bytes);
		return;
	}
	for (; value >= 999.995 && i + 1 < ARRAY_LEN(unit); i++)
		value /= 1000.0;
	snprintf(out, 16, "%.2f %s", value, unit[i]);
}

void format_duration(uint64_t seconds, char out[16])
{
	unsigned s = (unsigned)MIN(seconds, UINT64_C(359999));

	if (s >= 3600)
		snprintf(out, 16, "%u:%02u:%02u", s / 3600, s / 60 % 60, s % 60);
	else
		snprintf(out, 16, "%u:%02u", s / 60, s % 60);
}
