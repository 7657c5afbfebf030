# SPDX-License-Identifier: GPL-2.0-or-later
# What results.awk makes, as people like to read it: a table for each speed.
BEGIN { FS = "\t" }

/^#/ { print substr($0, 3); next }

function name(row) {
	if (row == "tur") return "TEST UNIT READY"
	if (row == "inquiry") return "INQUIRY, 255 bytes asked for"
	if (row == "plug") return "plug to ready"
	if (row == "insert") return "insert to label (mean)"
	if (row == "read-2k-random") return "read 2 KiB, random"
	if (row == "card") return "the slow card (its own rate)"
	if (row == "wire") return "wire (the model's limit)"
	sub(/-/, " ", row)
	sub(/k$/, " KiB", row)
	sub(/k-slow$/, " KiB, slow card", row)
	sub(/1m$/, "1 MiB", row)
	return row
}

$1 != speed {
	speed = $1
	printf "%s%s speed\n", "\n", speed
	printf "%-30s %-5s %9s %9s %7s %9s %7s | %9s %9s %6s | %5s\n", "", "", "ours", "f_m_s", "ratio",
		"stall=0", "ratio", "CPU ours", "CPU f_m_s", "ratio", "KiB"
}
{
	printf "%-30s %-5s %9s %9s %7s %9s %7s | %9s %9s %6s | %5s\n", name($2), $3, $4, $5, $7, $6, $8,
		$9, $10, $11, $12
}
