#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Uploads and downloads of mmcgadget-web beside the daemon without USB, by curl, also when either end is
# killed in the middle.
set -u
. test/web/lib.sh

if ! [ -x "$O/mmcgadget-web" ]; then
	echo 'ok 1 - mmcgadget-web # SKIP libmicrohttpd is not installed'
	echo '1..1'
	exit 0
fi
web_start 'max_upload_gb = 2;' || {
	echo 'not ok 1 - mmcgadget-web starts'
	sed 's/^/# /' "$S/daemon.log" "$S/web.log"
	exit 1
}
log_in
json='Content-Type: application/json'
size=$((80 * 1000 * 1000))
head -c $size /dev/urandom >"$S/x"
name=/api/v1/images
is_same() { cmp "$S/x" "$S/media/$1"; }
create() { token -H "$json" -d "{\"name\":\"$1\",\"size\":${2:-$size}}" /api/v1/uploads; }
# patch ID FROM: sends the rest from there.
patch() {
	tail -c +$(($2 + 1)) "$S/x" >"$S/rest"
	token -X PATCH -H "Upload-Offset: $2" -T "$S/rest" "/api/v1/uploads/$1"
}
offset() { # ID
	token -I "/api/v1/uploads/$1" >"$S/null"
	sed -n 's/^Upload-Offset: \([0-9]*\)\r$/\1/p' "$S/head"
}

echo '# whole'
check 'PUT' same 201 "$(token -T "$S/x" $name/a%20b.iso/content)"
check 'is the same on the card' is_same 'a b.iso'
check 'again' same 409 "$(token -T "$S/x" $name/a%20b.iso/content)"
check 'without a length' same 411 "$(token -T - $name/c.iso/content <"$S/x")"
check 'by a read-only token' same 403 "$(code -H "Authorization: Bearer $RO" -T "$S/x" $name/c.iso/content)"
check 'too large' same 413 "$(create c.iso 2000000001)"
check 'outside of the folder' same 400 "$(token -T "$S/x" $name/..%2fc.iso/content)"
check 'without a size' same 400 "$(token -H "$json" -d '{"name":"c.iso"}' /api/v1/uploads)"

echo '# in pieces'
check 'POST' same 201 "$(create c.iso)"
id=$(body .id)
check 'begins at 0' same 0 "$(offset "$id")"
head -c 1000000 "$S/x" >"$S/piece"
check 'PATCH' same 204 "$(token -X PATCH -H 'Upload-Offset: 0' -T "$S/piece" "/api/v1/uploads/$id")"
check 'goes on there' same 1000000 "$(offset "$id")"
check 'the same piece again is refused' same 409 "$(token -X PATCH -H 'Upload-Offset: 0' -T "$S/piece" "/api/v1/uploads/$id")"
check 'and says where to go on' same 1000000 "$(body .offset)"
check 'without an offset' same 400 "$(token -X PATCH -T "$S/piece" "/api/v1/uploads/$id")"
check 'it is listed' same 200 "$(token /api/v1/uploads)"
check 'with its offset' same 1000000 "$(body '.uploads[0].offset')"
check 'the same name and size is the same upload' same 201 "$(create c.iso)"
check 'with its id' same "$id" "$(body .id)"
check 'no disc of that name is there yet' test ! -e "$S/media/c.iso"
check 'the rest' same 201 "$(patch "$id" 1000000)"
check 'is the same on the card, too' is_same c.iso
check 'no such upload' same 404 "$(token -I /api/v1/uploads/0123456789abcdef)"
create d.iso >"$S/null"
check 'DELETE' same 204 "$(token -X DELETE "/api/v1/uploads/$(body .id)")"
check 'nothing is left of it' same 0 "$(token /api/v1/uploads >"$S/null" && body '.uploads | length')"

echo '# killed in the middle'
create e.iso >"$S/null"
id=$(body .id)
# send_part ID FROM N: begins with the rest, sends N bytes of it, and then waits until it is killed.
send_part() {
	# shellcheck disable=SC2016 # for the other shell
	bash -c 'exec 8<>"/dev/tcp/127.0.0.1/$1" || exit
		printf "PATCH /api/v1/uploads/%s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n" "$2" "$3" >&8
		printf "Upload-Offset: %s\r\nContent-Length: %s\r\nContent-Type: application/octet-stream\r\n\r\n" "$4" "$(($7 - $4))" >&8
		tail -c +$(($4 + 1)) "$6" | head -c "$5" >&8
		exec sleep 600' - "$port" "$1" "$RW" "$2" "$3" "$S/x" $size &
}
# until_written ID SIZE: waits, 60 s at most, until that much of the upload is in its file.
until_written() {
	for _ in $(seq 600); do
		[ "$(stat -c %s "$S/media/.mmcgadget-$1.part")" -lt "$2" ] || break
		sleep 0.1
	done
}
# The page tells the daemon each 32 MiB: what came after that is sent again if it is killed. If the client is, nothing is.
told=$((32 * 1024 * 1024))
for who in client page client page client; do
	from=$(offset "$id")
	part=3000000
	[ $who = client ] || part=$((told + 1000000))
	send_part "$id" "$from" $part
	client=$!
	until_written "$id" $((from + part))
	least=$((from + part))
	[ $who = client ] || least=$((from + told))
	if [ $who = client ]; then
		kill -9 $client
		wait $client 2>/dev/null
	else
		kill -9 "$web" $client
		wait "$web" $client 2>/dev/null
		web_run
	fi
	now=$(offset "$id")
	check "$who killed: from $from on it goes on at $now, at least at $least" \
		test "${now:-0}" -ge $least -a "${now:-0}" -le $((from + part))
done
# The page may still be saving what came over the connection of before: busy, as clients know.
for _ in $(seq 100); do
	answer=$(patch "$id" "$(offset "$id")")
	[ "$answer" = 409 ] || break
	sleep 0.5
done
[ "$answer" = 201 ] || sed 's,^,# ,' "$S/body" "$S/web.log"
check 'the rest comes' same 201 "$answer"
check 'the disc is the same' is_same e.iso

echo '# two at once'
create f.iso >"$S/null"
one=$(body .id)
create g.iso >"$S/null"
two=$(body .id)
curl -s -m 300 -o "$S/null" -X PATCH -H "Authorization: Bearer $RW" -H 'Upload-Offset: 0' -T "$S/x" "$U/api/v1/uploads/$one" &
check 'the second' same 201 "$(patch "$two" 0)"
wait $!
check 'both are the same' sh -c "cmp '$S/x' '$S/media/f.iso' && cmp '$S/x' '$S/media/g.iso'"
kill "$web"
wait "$web" 2>/dev/null
web_run
check 'one, by a program that has just begun' same 201 "$(token -T "$S/x" $name/h.iso/content)"
echo "# $(grep VmHWM "/proc/$web/status")"
most 8192

echo '# a checksum that was announced'
announce() { token -H "$json" -d "{\"name\":\"$1\",\"size\":1000000,\"sha256\":\"$2\"}" /api/v1/uploads; }
check 'a wrong one' same 201 "$(announce sum.iso "$(sha256sum <"$S/x" | cut -c1-64)")"
id=$(body .id)
check 'is said at the end' same 422 "$(token -X PATCH -H 'Upload-Offset: 0' -T "$S/piece" "/api/v1/uploads/$id")"
check 'with a code' same checksum "$(body .code)"
check 'there is no such disc' test ! -e "$S/media/sum.iso"
check 'what was sent can be dropped' same 204 "$(token -X DELETE "/api/v1/uploads/$id")"
check 'the right one' same 201 "$(announce sum.iso "$(sha256sum <"$S/piece" | cut -c1-64)")"
check 'is fine' same 201 "$(token -X PATCH -H 'Upload-Offset: 0' -T "$S/piece" "/api/v1/uploads/$(body .id)")"
check 'and the disc is there' cmp "$S/piece" "$S/media/sum.iso"

echo '# back again'
get() { code -H "Authorization: Bearer $RO" "$@" $name/c.iso/content; }
check 'GET' same 200 "$(get)"
check 'is the same' cmp "$S/x" "$S/body"
tag=$(sed -n 's/^ETag: \(.*\)\r$/\1/p' "$S/head")
check 'as a file to be kept' grep -q "^Content-Disposition: attachment; .*c\.iso" "$S/head"
check 'that is not shown' grep -qi '^content-type: application/octet-stream' "$S/head"
check 'whatever it looks like' grep -qi '^x-content-type-options: nosniff' "$S/head"
check 'a part' same 206 "$(get -H 'Range: bytes=1000-1999')"
check 'is that part' sh -c "tail -c +1001 '$S/x' | head -c 1000 | cmp - '$S/body'"
check 'its place' grep -q "^Content-Range: bytes 1000-1999/$size" "$S/head"
check 'the end' same 206 "$(get -H 'Range: bytes=-5')"
for range in bytes=1000-1999 "bytes=$size-"; do
	check "HEAD has no ranges: $range" same "200 $size" "$(get -I -H "Range: $range") $(sed -n 's/^Content-Length: \([0-9]*\)\r$/\1/Ip' "$S/head")"
done
check 'a range after the end' same '416 range' "$(get -H "Range: bytes=$size-") $(body .code)"
check 'several parts are the whole' same 200 "$(get -H 'Range: bytes=0-1,5-6')"
check 'a part of the same' same 206 "$(get -H 'Range: bytes=0-9' -H "If-Range: $tag")"
check 'of another it is the whole' same 200 "$(get -H 'Range: bytes=0-9' -H 'If-Range: "other"')"
check 'unchanged' same 304 "$(get -H "If-None-Match: $tag")"
check 'changed' same 412 "$(get -H 'If-Match: "other"')"
check 'no such disc' same 404 "$(token $name/none.iso/content)"
head -c 5000000 "$S/x" >"$S/part"
curl -s -m 300 -C - -o "$S/part" -H "Authorization: Bearer $RO" "$U$name/c.iso/content"
check 'curl -C - gets the rest' cmp "$S/x" "$S/part"
# The page is killed in the middle of it.
for _ in 1 2 3; do
	rm -f "$S/part"
	curl -s -m 300 --limit-rate 5M -o "$S/part" -H "Authorization: Bearer $RO" "$U$name/c.iso/content" &
	client=$!
	for _ in $(seq 200); do
		[ "$(stat -c %s "$S/part" 2>/dev/null || echo 0)" -gt 1000000 ] && break
		sleep 0.05
	done
	kill -9 "$web"
	wait "$web" 2>/dev/null
	wait "$client" 2>/dev/null
	check 'a download ends when the page is killed' test $? != 0
	web_run
	check 'in the middle' test "$(stat -c %s "$S/part")" -lt $size
	curl -s -m 300 -C - -o "$S/part" -H "Authorization: Bearer $RO" "$U$name/c.iso/content"
	check 'curl -C - goes on there' cmp "$S/x" "$S/part"
done
check 'the sum is not known' same 202 "$(token $name/c.iso/sha256)"
token -X POST $name/c.iso/sha256 >"$S/null"
for _ in $(seq 60); do
	[ "$(token $name/c.iso/sha256)" = 200 ] && break
	sleep 0.5
done
check 'then it is' same "$(sha256sum <"$S/x" | cut -c1-64)  c.iso" "$(cat "$S/body")"
check 'delete what has changed' same 412 "$(token -X DELETE -H 'If-Match: "1-2-3-4"' $name/c.iso)"
for other in 1-2-3-4 'W/"1-2-3-4"' "W/$tag" '"1-2-3-4" '; do
	check "or has another etag: $other" same 412 "$(token -X DELETE -H "If-Match: $other" $name/c.iso)"
	check 'the same for a new name' same 412 \
		"$(token -X PATCH -H "$json" -H "If-Match: $other" -d '{"name":"d.iso"}' $name/c.iso)"
done
check 'its sum is kept' test -e "$S/media/c.iso.sha256"
check 'delete what was seen' same 204 "$(token -X DELETE -H "If-Match: $tag" $name/c.iso)"
check 'its sum goes along' test ! -e "$S/media/c.iso" -a ! -e "$S/media/c.iso.sha256"

echo '# discs that are burned'
# The plain page has a link to each disc that is given, and to no other.
offers_what_it_gives() { # WHAT
	local given='' image of
	page /basic >"$S/null"
	grep -o 'href="/api/v1/images/[^"]*/content[^"]*' "$S/body" | sed 's/^href="//; s/&amp;/\&/g' | sort >"$S/offered"
	token /api/v1/images >"$S/null"
	jq -r '.images[].name | @uri' "$S/body" | sort >"$S/names"
	while read -r image; do
		for of in '' '&unfinished=1'; do
			[ "$(token -I "$name/$image/content?drive=drive0$of")" != 200 ] || {
				given+="$name/$image/content?drive=drive0$of"$'\n'
				break
			}
		done
	done <"$S/names"
	check "the plain page offers what is given: $1" same "$(sort <<<"${given%$'\n'}")" "$(cat "$S/offered")"
}
host() { "$O/test/web/fake_daemon" --host "$S" "$@" >"$S/null"; }
check 'a blank' same 200 "$(token -H "$json" -d '{"name":"burn.iso"}' /api/v1/drives/drive0/blank)"
host burn drive0 blocks=40 && host wait drive0
check 'while the drive may write to it: 423' same 423 "$(token $name/burn.iso/content)"
check 'with a code' same in-use "$(body .code)"
check 'nor with unfinished=1' same 423 "$(token "$name/burn.iso/content?unfinished=1")"
offers_what_it_gives 'a disc under burn'
check 'nor is it deleted' same 423 "$(token -X DELETE $name/burn.iso)"
check 'or renamed' same 423 "$(token -X PATCH -H "$json" -d '{"name":"z.iso"}' $name/burn.iso)"
check 'eject' same 200 "$(token -H "$json" -d '{"force":true}' /api/v1/drives/drive0/eject)"
until_closed burn.iso
check 'it can still be added to: 409' same 409 "$(token $name/burn.iso/content)"
check 'unless that is wanted' same 200 "$(token "$name/burn.iso/content?unfinished=1")"
check 'as what it is' cmp "$S/body" "$S/media/burn.iso"
check 'and by a name that says so' grep -q '^Content-Disposition: attachment; .*burn-unfinished\.iso' "$S/head"
offers_what_it_gives 'an unfinished disc'
check 'it has a state' test -e "$S/media/burn.iso.mmcdisc"
check 'delete' same 204 "$(token -X DELETE $name/burn.iso)"
check 'its state goes along' test ! -e "$S/media/burn.iso" -a ! -e "$S/media/burn.iso.mmcdisc"
no_fault
echo "1..$n"
