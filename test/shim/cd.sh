# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced after lib.sh by the scripts about compact discs: made-up discs, and what is read of them.
# shellcheck disable=SC2154 # W and O are lib.sh's

# sectors FORM LBA COUNT [FROM BYTES]: prints sectors that say where they belong; see cd_sectors.c.
sectors() { "$O/test/shim/cd_sectors" "$@"; }

# insert FILE [cd]: inserts an image or the text of a disc.
insert() {
	ask eject force >/dev/null
	ask insert "$@" | grep -v '^ok$' | sed 's/^/# /'
}

# le32 N: prints 4 bytes, the least first.
le32() {
	# shellcheck disable=SC2059 # the bytes are the format
	printf "$(printf '\\%03o\\%03o\\%03o\\%03o' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255)))"
}

# wav RAW WAV: makes a WAV file of samples.
wav() {
	bytes=$(stat -c %s "$1")
	{
		printf 'RIFF'
		le32 $((bytes + 36))
		printf 'WAVEfmt '
		le32 16
		printf '\001\000\002\000'
		le32 44100
		le32 176400
		printf '\004\000\020\000data'
		le32 "$bytes"
		cat "$1"
	} >"$2"
}

# has_samples WAV RAW [SECTORS]: the WAV file holds these samples, and then that many silent sectors.
has_samples() {
	silence=$((${3:-0} * 2352))
	tail -c +45 "$1" >"$W/samples"
	[ "$(stat -c %s "$W/samples")" = $(($(stat -c %s "$2") + silence)) ] && holds "$W/samples" "$2" $silence && return
	echo "# $1 has $(stat -c %s "$1") bytes, $2 $(stat -c %s "$2"), and $silence of silence are expected"
	return 1
}

# part FILE SECTOR COUNT: prints sectors of a file of 2352-byte sectors.
part() { tail -c +$(($2 * 2352 + 1)) "$1" | head -c $(($3 * 2352)); }

# make_songs: two songs as WAV files, their samples, and a disc image of 310 blocks.
make_songs() {
	sectors audio 100000 300 >"$W/one.pcm"
	sectors audio 200000 350 >"$W/two.pcm"
	wav "$W/one.pcm" "$W/one.wav"
	wav "$W/two.pcm" "$W/two.wav"
	sectors mode1 0 310 16 2048 >"$W/data.iso"
}

# rips NAME TRACK PCM [SECTORS]: each program that rips gets the samples of the track, and then that many
# silent sectors: its run-out, and the pause that belongs to the next track.
rips() {
	for ripper in cdparanoia cd-paranoia icedax; do
		need $ripper "$1: $ripper" || continue
		rm -f "$W/rip.wav"
		case $ripper in
		icedax) run icedax -D /dev/sr0 -t "$2" -O wav -H "$W/rip.wav" ;;
		*) run $ripper -d /dev/sr0 "$2" "$W/rip.wav" ;;
		esac
		check "$1: $ripper rips track $2" has_samples "$W/rip.wav" "$3" "${4:-0}"
	done
}

# burned NAME: the burn succeeded, and nothing was refused.
burned() {
	check "$1: exit code 0" exits 0
	check "$1: nothing refused, every data phase fits" wire_clean
}

# has_part FILE SECTOR PCM: a file of 2352-byte sectors has these from that sector on.
has_part() { cmp -n "$(stat -c %s "$3")" -i $(($2 * 2352)):0 "$1" "$3"; }
