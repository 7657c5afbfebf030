# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The cost of a command must not depend on the size of the image, the number of sessions or the number of
# images. So rows like those of rows.sh are repeated with a 50 GB image, with 100 sessions on the disc, and
# with 10000 images in the media folder. Sourced by init, after rows.sh.
# shellcheck disable=SC2034,SC2154 # for and from rows.sh

large_bytes=50000000000
large_sectors=24414062
session_count=100
image_count=10000
flat_count=200

# flat_reads SUFFIX DEV BYTES: sequential reads at the beginning, and random reads over the whole disc.
# Everything is read once before, so that the page cache has it, holes included.
flat_reads() {
	wanted "read-120k$1" && b_host read "$2" 122880 "$run_bytes" >/dev/null
	measure "read-120k$1" nothing nothing read "$2" 122880 "$run_bytes"
	wanted "read-2k-random$1" && b_host random "$2" 2048 "$random_count" "$3" >/dev/null
	measure "read-2k-random$1" nothing nothing random "$2" 2048 "$random_count" "$3"
}

# flat_end SUFFIX DEV BYTES: sequential reads at the end of the disc
flat_end() {
	from=$((($3 - run_bytes) / 2048 * 2048))
	wanted "read-120k$1" && b_host read "$2" 122880 "$run_bytes" "$from" >/dev/null
	measure "read-120k$1" nothing nothing read "$2" 122880 "$run_bytes" "$from"
}

flat_tables() { # SUFFIX
	measure "toc$1" nothing nothing toc "$sg" "$flat_count"
	measure "track$1" nothing nothing track "$sg" "$flat_count"
}

flat_insert() { # IMAGE
	mmcgadgetctl eject force >/dev/null || :
	mmcgadgetctl insert "$1" >/dev/null
	b_host ready "$sg"
	rest sr0
}

flat_sessions() { # NAME COUNT
	mmcgadgetctl eject force >/dev/null || :
	mmcgadgetctl blank "$1" >/dev/null
	b_host ready "$sg"
	b_host sessions "$sg" "$2"
	flat_insert "$1"
}

# f_mass_storage as a disk, because as a CD-ROM it does not accept an image of 50 GB.
flat_fms() {
	side=fms
	device=file-storage
	for image in a large; do
		fms_make 0 1 "$media/$image.iso"
		b_host plug "$g/UDC" "$udc" /dev/sda >/dev/null
		sg=$(sg_of sda)
		rest sda
		case $image in
		a) flat_reads "" /dev/sda "$file_bytes" ;;
		*)
			flat_reads -50g /dev/sda "$large_bytes"
			flat_end -50g-end /dev/sda "$large_bytes"
			;;
		esac
		fms_drop sda
	done
}

flat_list() { # SUFFIX
	wanted "list$1" || return 0
	reset_peak_memory
	out=$(b_host run mmcgadgetctl list)
	say "list$1" time "$out"
	report_memory "list$1"
}

flat_all_rows() {
	b_host make "$media/a.iso" DISC_a "$file_bytes"
	b_host make "$media/b.iso" DISC_b "$file_bytes"
	truncate -s $((large_sectors * 2048)) "$media/large.iso"
	flat_fms

	ours_begin
	flat_reads "" /dev/sr0 "$file_bytes"
	flat_list ""
	insert_row ours
	flat_insert large.iso
	flat_reads -50g /dev/sr0 "$large_bytes"
	flat_end -50g-end /dev/sr0 "$large_bytes"

	flat_sessions one.iso 1
	flat_tables ""
	flat_sessions hundred.iso "$session_count"
	flat_tables -100
	measure read-120k-100 nothing nothing read /dev/sr0 122880 3194880
	measure read-2k-random-100 nothing nothing \
		random /dev/sr0 2048 "$random_count" $((session_count * 32768))

	b_host many "$media" "$image_count" 34816
	flat_insert a.iso
	insert_row ours insert-10000
	flat_list -10000
	flat_insert a.iso
	flat_reads -10000 /dev/sr0 "$file_bytes" # the memory in this row includes the list of 10000 images
}
