# SPDX-License-Identifier: GPL-2.0-or-later
# Formats the output of results.awk as a table for each speed.
BEGIN {
	FS = "\t"
	plain["tur"] = "TEST UNIT READY"
	plain["inquiry"] = "INQUIRY, 255 bytes asked for"
	plain["plug"] = "plug to ready"
	plain["insert"] = "insert to label (mean)"
	plain["read-2k-random"] = "read 2 KiB, random"
	plain["overwrite-4k-random"] = "overwrite 4 KiB, random"
	plain["wire"] = "wire (the model's limit)"
	plain["card"] = "slow card (its own rate)"
	plain["toc"] = "READ TOC"
	plain["track"] = "READ TRACK INFORMATION"
	plain["read-cd-51"] = "READ CD, 51 sectors"
	plain["read-cd-26"] = "READ CD, 26 sectors"
	plain["read-cd-iso-60"] = "READ(10) likewise, 60 blocks"
	plain["read-cd-iso-30"] = "READ(10) likewise, 30 blocks"
	plain["list"] = "mmcgadgetctl list"
	special["slow"] = "slow card"
	special["50g"] = "50 GB"
	special["50g-end"] = "end of 50 GB"
	special["100"] = "100 sessions"
	special["10000"] = "10000 files"
}

/^#/ { print substr($0, 3); next }

function name(row, what) {
	what = ""
	if (match(row, /-(slow|50g|50g-end|100|10000)$/)) {
		what = ", " special[substr(row, RSTART + 1)]
		row = substr(row, 1, RSTART - 1)
	}
	if (row in plain) return plain[row] what
	sub(/-/, " ", row)
	sub(/k$/, " KiB", row)
	sub(/1m$/, "1 MiB", row)
	return row what
}

$1 != speed {
	speed = $1
	printf "%s%s speed\n", "\n", speed
	printf "%-36s %-5s %9s %9s %7s %9s %7s | %9s %9s %6s | %5s\n", "", "", "ours", "f_m_s", "ratio",
		"stall=0", "ratio", "CPU ours", "CPU f_m_s", "ratio", "KiB"
}
{
	printf "%-36s %-5s %9s %9s %7s %9s %7s | %9s %9s %6s | %5s\n", name($2), $3, $4, $5, $7, $6, $8,
		$9, $10, $11, $12
}
