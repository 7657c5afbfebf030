// SPDX-License-Identifier: GPL-2.0-or-later
#include "library/label.h"

#include <blkid/blkid.h>
#include <string.h>

#include "protocol/words.h"

/*
 * Only the file systems of discs: the probes for others read all over the file, and some
 * match the beginning of any file.
 */
static char iso9660[] = "iso9660", udf[] = "udf";

static int probe(blkid_probe pr, int fd, uint64_t session)
{
	char *types[] = {iso9660, udf, NULL};
	int r = blkid_probe_set_device(pr, fd, 0, 0);

	if (r == 0 && session > 0)
		r = blkid_probe_set_hint(pr, "session_offset", session);
	if (r == 0)
		r = blkid_probe_enable_partitions(pr, 0);
	if (r == 0)
		r = blkid_probe_enable_superblocks(pr, 1);
	if (r == 0)
		r = blkid_probe_set_superblocks_flags(pr, BLKID_SUBLKS_LABEL);
	if (r == 0)
		r = blkid_probe_filter_superblocks_type(pr, BLKID_FLTR_ONLYIN, types);
	return r == 0 ? blkid_do_safeprobe(pr) : r;
}

void label_read(int fd, uint64_t session, char out[LABEL_MAX])
{
	blkid_probe pr = blkid_new_probe();
	const char *text = NULL;
	size_t n;

	out[0] = '\0';
	if (!pr)
		return;
	if (probe(pr, fd, session) == 0 &&
		blkid_probe_lookup_value(pr, "LABEL", &text, NULL) == 0 && text) {
		n = strnlen(text, LABEL_MAX - 1);
		memcpy(out, text, n);
		out[n] = '\0';
		/* The label is untrusted; answers hold only valid text. Who shows it, cleans it. */
		words_make_valid(out);
	}
	blkid_free_probe(pr);
}
