# SPDX-License-Identifier: GPL-2.0-or-later
# Turns what the guests print (rows.sh) into one line a row, with fields separated by tabs:
#   speed row unit ours fms fms0 ratio ratio0 cpu_ours cpu_fms cpu_ratio peak_kib
# ours is mmcgadget, fms the kernel's f_mass_storage, fms0 the same with stall=0. A ratio above 1 means that
# mmcgadget is faster, or uses less CPU. cpu is instructions of the device's threads per KiB, or per command.
# "never": the host did not notice the disc within ten seconds. "-": not measured.

function unit_of(row) {
	if (row ~ /random/) return "us"
	if (row == "wire" || row == "card" || row ~ /^(read|write|overwrite)-[0-9]+[km](-|$)/ || row ~ /^read-cd-/) return "MB/s"
	if (row ~ /^(plug|insert|list)(-|$)/) return "ms"
	return "us"
}

# Random reads and writes are counted as commands, not as bytes.
function divisor(row) {
	return match(row, /[0-9]+k-random/) ? 1024 * substr(row, RSTART, RLENGTH - 8) : 1
}

# Returns the mean of a row over all its lines.
function value(key, unit) {
	if (!((key, "n") in sum)) return "-"
	if ((key, "never") in sum) return "never"
	if (unit == "MB/s") return sprintf("%.1f", sum[key, "n"] * 1000 / sum[key, "ns"])
	return sprintf(unit == "ms" ? "%.1f" : "%.2f", sum[key, "ns"] / sum[key, "n"] / (unit == "ms" ? 1e6 : 1e3))
}

function ratio(ours, theirs, unit) {
	if (ours !~ /^[0-9]/ || theirs !~ /^[0-9]/) return "-"
	return sprintf("%.3f", unit == "MB/s" ? ours / theirs : theirs / ours)
}

function cpu(key, unit) {
	if (!((key, "cpu") in sum)) return "-"
	return sprintf("%.0f", sum[key, "cpu"] / (sum[key, "cpu_n"] / (unit == "MB/s" ? 1024 : 1)))
}

{
	speed = $1; side = $2; row = $3; key = speed SUBSEP side SUBSEP row
	if (side == "wire" || side == "card") key = speed SUBSEP "ours" SUBSEP row
	if (!((speed, row) in known)) {
		known[speed, row] = 1
		order[++rows] = speed SUBSEP row
	}
}
$4 == "time" && $5 == 0 { sum[key, "n"] = 0; sum[key, "never"] = 1 }
$4 == "time" { sum[key, "n"] += $5 / divisor(row); sum[key, "ns"] += $6 }
$4 == "cpu" { sum[key, "cpu_n"] += $5 / divisor(row); sum[key, "cpu"] += $6 }
$4 == "memory" { peak[speed, row] = $5 }

END {
	OFS = "\t"
	for (i = 1; i <= rows; i++) {
		split(order[i], part, SUBSEP)
		speed = part[1]; row = part[2]; unit = unit_of(row)
		o = speed SUBSEP "ours" SUBSEP row
		f = speed SUBSEP "fms" SUBSEP row
		z = speed SUBSEP "fms0" SUBSEP row
		ours = value(o, unit); fms = value(f, unit); fms0 = value(z, unit)
		mine = cpu(o, unit); its = cpu(f, unit)
		print speed, row, unit, ours, fms, fms0, ratio(ours, fms, unit), ratio(ours, fms0, unit),
			mine, its, ratio(mine, its, "ns"), (speed, row) in peak ? peak[speed, row] : "-"
	}
}
