# SPDX-License-Identifier: GPL-2.0-or-later
# Compares results to the recorded ones and prints TAP: no ratio of times may be more than 3 % below the
# recorded one, the daemon's side may take at most 1 % more instructions and 5 % more memory, no row may be
# missing, the daemon may use at most 8 MiB. Its peaks in two boots differed by 56 KiB at most. Rows of single
# commands (unit us) may take 3 % more instructions: the same code, linked in another order or started in
# another boot, took 23,220 to 23,612 for TEST UNIT READY and 30,579 to 31,391 for INQUIRY, because other
# interrupts fall into it. So may the rows of a CD and the disc beside it take 2 % more: "read-cd-iso-30" took
# 1106, 1108, 1118 and 1119, "read-cd-26" 1126 and 1141 in builds that differ in nothing on their way. The rows
# "plug" and "insert" may be 10 % below: their time has the start of udev's programs in it, which made 6 % of
# difference between boots. On another kernel than the recorded one both sides may have changed: then a ratio,
# also that of instructions, may be 25 % below, and memory is only held to the 8 MiB.
#   awk -f check.awk RECORDED RESULTS
BEGIN { FS = "\t"; slack = 0.97; cpu_slack = 1.01; most_kib = 8192 }

function judge(what, ok, text) {
	printf "%s - %s: %s\n", ok ? "ok" : "not ok", what, text
}

function compare(what, column, text) {
	old = recorded[$1, $2, column]
	if (old == "" || old == "-") return
	if ($column == "-") judge(what, 0, text ": nothing measured, recorded " old)
	else judge(what, $column >= old * slack * ($3 == "ms" ? 0.93 : 1), text " " $column " (recorded " old ")")
}

function compare_cpu(what, old) {
	old = recorded[$1, $2, 9]
	if (old == "" || old == "-") return
	if ($9 == "-") judge(what, 0, "instructions: nothing measured, recorded " old)
	else judge(what, $9 <= old * ($3 == "us" ? 1.03 : $2 ~ /^read-cd-/ ? 1.02 : cpu_slack), $9 " instructions (recorded " old ")")
}

# The peak of the daemon's memory, in KiB
function compare_kib(what, old) {
	old = recorded[$1, $2, 12]
	if (old == "" || old == "-") return
	if ($12 == "-") judge(what, 0, "memory: nothing measured, recorded " old)
	else judge(what, $12 <= old * 1.05, $12 " KiB (recorded " old ")")
}

# Of our two rows: the same, from a compact disc.
function compare_cd(speed, row, with) {
	if (!((speed, row) in rate) || !((speed, with) in rate)) return
	judge(speed " " row, rate[speed, row] >= 0.9 * rate[speed, with],
		rate[speed, row] " MB/s, " with " " rate[speed, with])
	judge(speed " " row, cpu[speed, row] <= 1.5 * cpu[speed, with],
		cpu[speed, row] " instructions, " with " " cpu[speed, with])
}

/^#/ {
	if (FILENAME == ARGV[1]) kernel = $0
	else if ($0 != kernel) {
		slack = 0.75
		other_kernel = 1
		print "# recorded on " substr(kernel, 3) ", this is " substr($0, 3) ": make bench-record"
	}
	next
}

# By its place: an empty first file must not make the second one the first.
FILENAME == ARGV[1] {
	for (i = 1; i <= NF; i++) recorded[$1, $2, i] = $i
	expected[$1, $2] = 1
	next
}
{
	what = $1 " " $2
	delete expected[$1, $2]
	rate[$1, $2] = $4
	kib[$1, $2] = $12
	cpu[$1, $2] = $9
	speeds[$1] = 1
	compare(what, 7, "times f_mass_storage")
	compare(what, 8, "times f_mass_storage with stall=0")
	if (other_kernel) compare(what, 11, "times f_mass_storage in CPU")
	else {
		compare_cpu(what)
		compare_kib(what)
	}
	if ($12 != "-" && $12 > peak) peak = $12
}
END {
	for (key in expected) {
		split(key, part, SUBSEP)
		judge(part[1] " " part[2], 0, "is recorded, was not measured")
	}
	for (speed in speeds) {
		if ((speed, "read-cd-51") in kib)
			judge(speed " a CD in the drive", kib[speed, "read-cd-51"] < kib[speed, "read-cd-iso-60"] + 256,
				kib[speed, "read-cd-51"] " KiB, a DVD " kib[speed, "read-cd-iso-60"])
		compare_cd(speed, "read-cd-51", "read-cd-iso-60")
		compare_cd(speed, "read-cd-26", "read-cd-iso-30")
		compare_cd(speed, "read-cd-51-slow", "read-120k-slow")
	}
	judge("daemon memory", peak > 0 && peak <= most_kib, peak + 0 " KiB at most")
}
