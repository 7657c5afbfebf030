#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# mmcgadget-web beside the daemon without USB, by curl: who gets in, what is refused, what is answered.
# test/suites/web_upload.sh has the uploads, test/web/browser.py the page.
set -u
. test/web/lib.sh

gets() { # WANT ARGUMENT...: the status of a request by token
	same "$1" "$(token "${@:2}")"
}
json='Content-Type: application/json'

if ! [ -x "$O/mmcgadget-web" ]; then
	echo 'ok 1 - mmcgadget-web # SKIP libmicrohttpd is not installed'
	echo '1..1'
	exit 0
fi
web_start || {
	echo 'not ok 1 - mmcgadget-web starts'
	sed 's/^/# /' "$S/daemon.log" "$S/web.log"
	exit 1
}
bad='b <img src=x onerror=alert(1)>.iso'
head -c 3000000 /dev/urandom >"$S/media/a.iso"
head -c 20480 /dev/urandom >"$S/media/$bad"

echo '# the next step'
next() { ctl --json web | jq -r '[.message, .next] | join("; ")'; }
check 'first the package' same \
	'the web page is not installed; next: sudo apt install ./build/deb/mmcgadget-web_*.deb; sudo apt install ./build/deb/mmcgadget-web_*.deb' "$(next)"
mkdir -p "$S/usr/lib/systemd/system"
cp configs/mmcgadget-web.socket "$S/usr/lib/systemd/system"
check 'then a password' same 'the web page is off: it has no password; next: sudo mmcgadgetctl web password; sudo mmcgadgetctl web password' "$(next)"
check 'and how others reach it' same 'sudo systemctl edit mmcgadget-web.socket|ListenStream=80|sudo systemctl restart mmcgadget-web.socket' \
	"$(ctl web | sed -n 's/^ *\(sudo systemctl.*\|ListenStream=80\)\( .*the whole LAN.*\)*$/\1/p' | paste -sd'|')"

echo '# without a password'
for path in /api/v1/status /api/v1/session / /basic /nothing; do
	check "no password: $path is 503" same 503 "$(code "$path")"
done
check 'and the answer says what to type' grep -q 'sudo mmcgadgetctl web password' "$S/body"
check 'log-in is refused, too' same 503 "$(code -H "$json" -H 'X-Mmcgadget: 1' -d '{"password":""}' /api/v1/session)"
check 'a short password is refused' same 1 "$(echo short | ctl web password >"$S/null" 2>&1 || echo $?)"
ln -s /etc/passwd "$S/media/link.iso"
mkfifo "$S/media/pipe.iso"
mkdir "$S/media/sub"
echo part >"$S/media/.mmcgadget-0123456789abcdef.part"
log_in
check 'a password, two tokens and a log-in' same '0 mmcg_ mmcg_' "$? ${RW:0:5} ${RO:0:5}"
check 'what a browser says about https is not believed without proxy = true' same 0 "$(code -H "$json" -H 'X-Mmcgadget: 1' \
	-H 'X-Forwarded-Proto: https' -d '{"password":"correct horse"}' /api/v1/session >"$S/null"; grep -ci 'Secure\|__Host' "$S/head")"

echo '# what nobody should send'
while IFS='|' read -r name want text; do
	answer=$(raw "$text")
	check "$name: $answer" grep -qE "^HTTP/1\.1 ($want) " <<<"$answer"
done < <(grep -v '^#' test/web/refused.rows)
check 'a path with %00' same 401 "$(code '/%00x')"
check 'the same after log-in' gets 404 '/%00x'
long=$(printf 'x%.0s' $(seq 70000))
check 'a header of 70 kB' same 431 "$(code -H "X-Long: $long" /)"
many=()
for i in $(seq 70); do many+=(-H "X-H$i: a"); done
check '70 headers' same 431 "$(code "${many[@]}" /)"

echo '# every route'
check 'the list of routes' gets 200 /api/v1/help
# Every header that protects, in $S/head; prints those that are missing. The policy for the referrer: $referrer.
protects() {
	local header missing=''
	for header in 'content-security-policy: .*frame-ancestors' 'x-content-type-options: nosniff' 'x-frame-options: DENY' \
		"referrer-policy: $referrer" 'cross-origin-resource-policy: same-origin' \
		'cross-origin-opener-policy: same-origin' 'permissions-policy: .*usb=()' 'cache-control: .*no-'; do
		grep -qi "^$header" "$S/head" || missing+="$header "
	done
	echo "$missing"
	[ -z "$missing" ]
}
jq -r '.routes[] | [.method, .path, .login, .effect, .form] | @tsv' "$S/body" >"$S/routes"
check 'it has at least 38 routes' test "$(wc -l <"$S/routes")" -ge 38
mv "$S/etc/mmcgadget/web.passwd" "$S/web.passwd"
while IFS=$'\t' read -r method path _; do
	request=(-X "$method")
	[ "$method" = GET ] || request+=(-H 'Content-Length: 0')
	check "$method $path without a password, whoever asks: 503" same '503 no-password 503' \
		"$(code -H "Authorization: Bearer $RW" "${request[@]}" "$path") \
$(grep -q 'mmcgadgetctl web password' "$S/body" && echo no-password) $(page "${request[@]}" "$path")"
done <"$S/routes"
mv "$S/web.passwd" "$S/etc/mmcgadget/web.passwd"
# The names in these paths do not exist, so that the requests change nothing.
while IFS=$'\t' read -r method path login effect _; do
	path=${path//NAME/nothing-%3f.iso}
	path=${path//DRIVE/nothing}
	path=${path//ID/0000000000000000}
	request=(-X "$method")
	[ "$method" = GET ] || request+=(-H 'Content-Length: 0')
	if [ "$login" = true ]; then
		check "$method $path without a log-in: 401" same 401 "$(code "${request[@]}" "$path")"
		check "$method $path with a wrong token: 401" same 401 \
			"$(code -H 'Authorization: Bearer mmcg_0000' "${request[@]}" "$path")"
	fi
	check "$method $path on another host: 421" same 421 "$(code -H 'Host: evil.test' "${request[@]}" "$path")"
	if [ "$effect" = true ]; then
		check "$method $path from another site: 403" same 403 \
			"$(page -H 'Origin: http://evil.test' "${request[@]}" "$path")"
		check "$method $path across sites: 403" same 403 \
			"$(page -H 'Sec-Fetch-Site: cross-site' "${request[@]}" "$path")"
	fi
	if [ "$effect" = true ] && [ "$path" != /basic/login ]; then
		check "$method $path without the header or the form's token: 403" same 403 \
			"$(code -b "$JAR" "${request[@]}" "$path")"
	fi
	if [ "$effect" = true ] && [ "$login" = true ]; then
		check "$method $path by a read-only token: 403" same 403 \
			"$(code -H "Authorization: Bearer $RO" "${request[@]}" "$path")"
	fi
	if [ "$effect" = false ] && [ "$path" != /api/v1/events ]; then
		curl -s -m 20 -I -H "Authorization: Bearer $RO" "$U$path" >"$S/head"
		referrer=no-referrer
		[[ $path != /basic* ]] || referrer=same-origin
		check "HEAD $path has the headers that protect" protects
		check "HEAD $path allows no other site" test -z "$(grep -i '^access-control' "$S/head")"
	fi
done <"$S/routes"
check 'nothing of it changed a file' same "a.iso $bad link.iso pipe.iso" "$(cd "$S/media" && echo *.iso)"
check 'no path is told before the log-in' same 401 "$(code /api/v1/nothing)"
# With names that exist: GET changes nothing, whoever asks.
all_as_it_is() { (cd "$S/media" && stat -c '%n %s %Y %Z' .[!.]* * 2>/dev/null | sort); token /api/v1/status >"$S/null"; jq -c '[.drives[] | [.name, .image, .state, .locked]]' "$S/body"; }
before=$(all_as_it_is)
while IFS=$'\t' read -r method path _; do
	path=${path//NAME/a.iso}
	path=${path//DRIVE/drive0}
	[ "$method" != GET ] || [ "$path" = /api/v1/events ] || token "${path//ID/0000000000000000}" >"$S/null"
done <"$S/routes"
check 'no GET of a name that exists changes anything' same "$before" "$(all_as_it_is)"
check 'another method' gets 405 -X PUT -H 'Content-Length: 0' /api/v1/status
check 'no such path' gets 404 /api/v1/nothing

echo '# sessions'
check 'who it is' same 200 "$(page /api/v1/session)"
check 'a token for forms' grep -qE '^[0-9a-f]{32}$' <<<"$(body .csrf)"
check 'the page needs no log-in' same 200 "$(code /)"
check 'and is the page' sh -c "src/web/embed.sh --text src/web/assets/index.html | cmp -s - '$S/body'"
check 'compressed for those who want that' same 200 "$(code -H 'Accept-Encoding: gzip' /app.js)"
check 'it is the same' sh -c "src/web/embed.sh --text src/web/assets/app.js >'$S/null2'; gzip -dc '$S/body' | cmp -s - '$S/null2'"
tag=$(sed -n 's/^ETag: \(.*\)\r$/\1/p' "$S/head")
check 'unchanged' same 304 "$(code -H 'Accept-Encoding: gzip' -H "If-None-Match: $tag" /app.js)"
wrong() { code -H "$json" -H 'X-Mmcgadget: 1' -d '{"password":"wrong"}' /api/v1/session; }
for i in 1 2 3 4 5; do
	check "wrong password, try $i" same 401 "$(wrong)"
done
check 'then it takes longer' same 429 "$(wrong)"
check 'and says how long' test "$(sed -n 's/^Retry-After: \([0-9]*\)\r$/\1/p' "$S/head")" -ge 1
# Whoever has no password may send many of these: the log has one line a minute.
for refused in 1 1 1 1 1 1 1 1 1 1 1 1; do
	[ "$(wrong)" = 429 ] || refused=0
	soon=$((${soon:-0} + refused))
	[ "$soon" -lt 3 ] || break
done
check 'four are refused like that, and the log has one line of them' same '3 1' "$soon $(grep -c 'too many tries' "$S/web.log")"
check 'the session goes on' same 200 "$(page /api/v1/session)"
check 'a form is no JSON' same 415 "$(page -d 'image=a.iso' /api/v1/drives/drive0/insert)"
check 'broken JSON' same 400 "$(page -H "$json" -d '{"image":' /api/v1/drives/drive0/insert)"
check 'a body of 20 kB' same 413 "$(page -H "$json" -d "${long:0:20000}" /api/v1/drives/drive0/insert)"

echo '# drives and discs'
check 'status' gets 200 /api/v1/status
check 'is that of the daemon' same drive0 "$(body '.drives[0].name')"
check 'with the version of the page' test -n "$(body .web.version)"
check 'the drives' gets 200 /api/v1/drives
check 'are two' same '2 drives, drive0 drive1' "$(body '.message'), $(body '[.drives[].name] | join(" ")')"
check 'one drive' gets 200 /api/v1/drives/drive1
check 'is that one' same drive1 "$(body .drive.name)"
check 'no such drive' gets 404 /api/v1/drives/drive9
check 'list' gets 200 /api/v1/images
check 'has both' same 2 "$(body .matched)"
check 'names are what they are' same "$bad" "$(body '.images[1].name')"
check 'the first' gets 200 '/api/v1/images?limit=1'
check 'says which is next' same a.iso "$(body .next)"
check 'the one after it' gets 200 '/api/v1/images?limit=1&after=a.iso'
check 'is the other one' same "$bad" "$(body '.images[0].name')"
check 'and the last' same null "$(body .next)"
check 'a part of a name' gets 200 '/api/v1/images?q=ONERROR'
check 'finds it' same 1 "$(body .matched)"
check 'no such kind' gets 200 '/api/v1/images?kind=blank,open'
check 'finds none' same 0 "$(body .matched)"
check 'a bad parameter' gets 400 '/api/v1/images?q=%ff'
check 'one image' gets 200 /api/v1/images/a.iso
check 'with its size' same 3000000 "$(body .image.size)"
check 'no such image' gets 404 /api/v1/images/c.iso
is_refused() { # STATUS: of what names no disc; a path that a proxy would have changed is none at all
	[[ $1 = 40[03-59] ]] || {
		echo "$1 $(cat "$S/body")"
		return 1
	}
}
for path in ..%2f..%2fetc%2fpasswd ../../etc/passwd %2e%2e/%2e%2e/etc/passwd ..%5c..%5ca.iso /etc/passwd %2fetc%2fpasswd a.iso%2f \
	.%2f..%2fa.iso .mmcgadget-0123456789abcdef.part link.iso pipe.iso sub "${long:0:300}" %ff.iso a%0a.iso; do
	check "no disc: ${path:0:40}" is_refused "$(token "/api/v1/images/$path/content")"
	check "nor to delete: ${path:0:40}" is_refused "$(token -X DELETE "/api/v1/images/$path")"
	check "nor to insert: ${path:0:40}" is_refused \
		"$(page -H "$json" -d "{\"image\":\"$(printf %b "${path//%/\\x}")\"}" /api/v1/drives/drive0/insert)"
done
check 'a name that leads out of the folder' gets 403 /api/v1/images/..%2fx.iso/content
check 'has a code of its own' same outside "$(body .code)"
check 'all is there' test -p "$S/media/pipe.iso" -a -h "$S/media/link.iso" -a -d "$S/media/sub" -a -e "$S/media/.mmcgadget-0123456789abcdef.part"
insert() { page -H "$json" -d "{\"image\":\"$1\"}" "/api/v1/drives/drive0/insert"; }
check 'insert' same 200 "$(insert a.iso)"
check 'the answer is the daemon'"'"'s' grep -q '^drive0: inserted a.iso' <<<"$(body .message)"
check 'insert what is not there' same 404 "$(insert c.iso)"
check 'delete what is loaded' same 423 "$(page -X DELETE /api/v1/images/a.iso)"
check 'rename what is loaded' same 423 "$(page -X PATCH -H "$json" -d '{"name":"z.iso"}' /api/v1/images/a.iso)"
check 'next' same 200 "$(page -X POST /api/v1/drives/drive0/next)"
check 'previous' same 200 "$(page -X POST /api/v1/drives/drive0/prev)"
# The first command after a swap is answered with a unit attention.
for _ in 1 2 3; do
	"$O/test/web/fake_daemon" --host "$S" lock drive0 >"$S/null" 2>&1 && break
done
check 'eject what the PC has locked' same 423 "$(page -X POST /api/v1/drives/drive0/eject)"
check 'by force' same 200 "$(page -H "$json" -d '{"force":true}' /api/v1/drives/drive0/eject)"
check 'a blank' same 200 "$(page -H "$json" -d '{"name":"new.iso","type":"dvd+r"}' /api/v1/drives/drive0/blank)"
check 'exists then' test -e "$S/media/new.iso"
check 'over a disc' same 409 "$(page -H "$json" -d '{"name":"a.iso"}' /api/v1/drives/drive1/blank)"
check 'of no type' same 400 "$(page -H "$json" -d '{"name":"y.iso","type":"floppy"}' /api/v1/drives/drive1/blank)"
check 'rename' same 200 "$(page -X PATCH -H "$json" -d '{"name":"c d.iso"}' /api/v1/images/a.iso)"
check 'to a name that is taken' same 409 "$(page -X PATCH -H "$json" -d "{\"name\":\"$bad\"}" /api/v1/images/c%20d.iso)"
check 'delete' same 204 "$(page -X DELETE /api/v1/images/c%20d.iso)"
check 'is gone' test ! -e "$S/media/c d.iso"
check 'doctor' gets 200 /api/v1/doctor
check 'its checks' test "$(body '.checks | length')" -ge 1
check 'statistics' gets 200 /api/v1/stats
check 'numbers' gets 200 /metrics
check 'of each drive' grep -q '^mmcgadget_drive_commands_total{drive="drive1"} [0-9]*$' "$S/body"
"$O/test/web/fake_daemon" --host "$S" burn drive0 blocks=100 finalise >"$S/null" && "$O/test/web/fake_daemon" --host "$S" wait drive0 >"$S/null"
for _ in $(seq 50); do
	token /metrics >"$S/null"
	grep -qF 'mmcgadget_drive_burns_total{drive="drive0",result="finalised"} 1' "$S/body" && break
	sleep 0.1
done
check 'a burn is counted' grep -qF 'mmcgadget_drive_burns_total{drive="drive0",result="finalised"} 1' "$S/body"
writes=$(sed -n 's/^mmcgadget_drive_command_seconds_count{drive="drive0",command="WRITE(10)"} //p' "$S/body")
check 'how long its commands took' test "${writes:-0}" -ge 7
check 'all took some time' grep -qxF "mmcgadget_drive_command_seconds_bucket{drive=\"drive0\",command=\"WRITE(10)\",le=\"+Inf\"} $writes" "$S/body"
# In each series, what takes longer is more.
check 'no bucket has less than the one before it' test -z "$(awk -F'[}] ' '/_bucket/ { series = $1; sub(/,le=.*/, "", series)
	if (series == last && $2 + 0 < before + 0) print; last = series; before = $2 }' "$S/body")"
check 'every line is a comment or a number' test -z "$(grep -vE '^(# (HELP|TYPE) |mmcgadget_[a-z_]+(\{[^}]*\})? [0-9]+$)' "$S/body")"

echo '# the same as by mmcgadgetctl'
ask() { "$O/mmcgadgetctl" --socket "$S/run/socket" "$@"; }
head -c 20480 "$S/media/$bad" >"$S/media/b.iso"
anew() { # as it was before each
	ask eject drive=drive0 --force >"$S/null"
	rm -f "$S/media/twin.iso"*
	ask insert b.iso drive=drive0 >"$S/null"
}
locked() {
	anew
	for _ in 1 2 3; do # the first commands after a swap are answered with a unit attention
		"$O/test/web/fake_daemon" --host "$S" lock drive0 >"$S/null" 2>&1 && break
	done
}
appendable() {
	anew
	ask blank twin.iso drive=drive0 >"$S/null"
	"$O/test/web/fake_daemon" --host "$S" burn drive0 blocks=40 >"$S/null" && "$O/test/web/fake_daemon" --host "$S" wait drive0 >"$S/null"
	ask eject drive=drive0 --force >"$S/null"
	until_closed twin.iso
}
# alike BEFORE PATH BODY WORD...: after BEFORE, the page's answer to that is the one that mmcgadgetctl gets for these words.
alike() {
	local before=$1 path=$2 data=$3 one
	shift 3
	$before
	one=$(ask --json "$@" 2>&1 | jq -c '[.ok, .code, .message]')
	$before
	page -X POST -H "$json" -d "$data" "/api/v1/$path" >"$S/null"
	check "$*: $one" same "$one" "$(jq -c '[.ok, .code, .message]' "$S/body")"
}
alike anew drives/drive0/insert '{"image":"b.iso"}' insert b.iso drive=drive0
alike anew drives/drive0/insert '{"image":"none.iso"}' insert none.iso drive=drive0
alike anew drives/drive0/next '' next drive=drive0
alike anew drives/drive0/prev '' prev drive=drive0
alike anew drives/drive0/eject '' eject drive=drive0
alike locked drives/drive0/eject '' eject drive=drive0
alike locked drives/drive0/eject '{"force":true}' eject drive=drive0 --force
alike anew drives/drive0/blank '{"name":"twin.iso","type":"dvd-r"}' blank twin.iso type=dvd-r drive=drive0
alike anew drives/drive0/blank '{"name":"b.iso"}' blank b.iso drive=drive0
alike anew drives/drive0/blank '{"name":"twin.iso","type":"floppy"}' blank twin.iso type=floppy drive=drive0
alike appendable images/twin.iso/close '' close twin.iso
alike anew images/b.iso/close '' close b.iso
alike anew images/b.iso/erase '' erase b.iso
anew

echo '# live states'
# heard WANT PATTERN [FROM]: waits, 20 s at most, until so many lines of the events match; with FROM, of those after it.
heard() {
	for _ in $(seq 100); do
		[ "$(sed -n "/${3:-^}/,\$p" "$S/events" | grep -c "$2")" -lt "$1" ] || return 0
		sleep 0.2
	done
	return 1
}
timeout 120 curl -sN -b "$JAR" "$U/api/v1/events" >"$S/events" &
listener=$!
check 'the whole state' heard 1 '^event: upload'
drives=$(grep -c '^event: drive' "$S/events")
page -X POST /api/v1/drives/drive0/eject >"$S/null"
check 'and what changed' heard $((drives + 1)) '^event: drive'
check 'the greeting says which page it is' same "$(token /api/v1/status >"$S/null" && body .web.page)" \
	"$(sed -n '2,3s/^data: //p' "$S/events" | jq -r .page)"
check 'begins with a greeting' same 'event: hello' "$(head -n 1 "$S/events")"
# The last line may still be on its way; the whole state has five before that of the uploads.
check 'its data is JSON' same 5 "$(sed -n 's/^data: //p' "$S/events" | head -n 5 | jq -e .event | wc -l)"
kill "$daemon"
wait "$daemon" 2>/dev/null
check 'says that the daemon is gone' heard 1 '^event: gone'
check 'and so do other answers' gets 503 /api/v1/status
check 'with a code' same no-daemon "$(body .code)"
: >"$S/daemon.log"
daemon_start
check 'comes back by itself' heard 1 '^event: drive' '^event: gone'
kill "$listener"
wait "$listener" 2>/dev/null

echo '# the plain page'
check 'it shows' same 200 "$(page /basic)"
check 'a name with markup is text' grep -q '<strong>b &lt;img src=x onerror=alert(1)&gt;.iso</strong>' "$S/body"
check 'no markup gets in' test -z "$(grep -o '<img' "$S/body")"
csrf=$(page /api/v1/session >"$S/null" && body .csrf)
form() { code -b "$JAR" --data-urlencode "csrf=$csrf" "$@"; }
check 'insert by a form' same 303 "$(form --data-urlencode "image=$bad" /basic/drive0/insert)"
check 'with a wrong token' same 403 "$(code -b "$JAR" -d "csrf=${csrf:0:31}x" -d image=new.iso /basic/drive0/insert)"
check 'an error is a page' same 404 "$(form -d image=nothing.iso /basic/drive0/insert)"
check 'in HTML' grep -q '<h1>Not Found</h1>' "$S/body"
check 'eject by a form' same 303 "$(form /basic/drive0/eject)"
head -c 4096 /dev/zero >"$S/media/locked.iso"
chmod 0 "$S/media/locked.iso"
page /basic >"$S/null"
check 'it says what the daemon may not read, and what to type' \
	grep -q "unreadable. Note: it belongs to [a-z0-9 -]*: chmod g+r $S/media/locked.iso" "$S/body"
rm -f "$S/media/locked.iso"
check 'delete asks first' same 200 "$(page '/basic/delete?image=new.iso')"
check 'nothing is gone' test -e "$S/media/new.iso"
# The eject is answered before the disc is closed: until then its file is in use.
for _ in $(seq 60); do
	code=$(form -d image=new.iso /basic/delete)
	[ -e "$S/media/new.iso" ] || break
	sleep 0.5
done
check 'then it does' same 303 "$code"
check 'it is gone' test ! -e "$S/media/new.iso"
check 'without a session it asks for the password' sh -c "curl -s -m 5 '$U/basic' | grep -q 'action=\"/basic/login\"'"
sleep 2 # log-ins are limited by time (src/web/limit.h)
check 'its forms say where they come from' grep -qi '^referrer-policy: same-origin' <(curl -s -m 5 -D - -o "$S/null" "$U/basic")
check 'log in by a form that does not: 403' same 403 "$(code -H 'Origin: null' -d 'password=correct+horse' /basic/login)"
check 'log in by a form' same 303 "$(code -c "$S/jar2" -d 'password=correct+horse' /basic/login)"
check 'it has a session' same 200 "$(code -b "$S/jar2" /api/v1/session)"

echo '# the plain page with two media folders'
kill "$daemon"
wait "$daemon" 2>/dev/null
: >"$S/daemon.log"
daemon_start --folders
for folder in media media1; do
	head -c 20480 /dev/urandom >"$S/$folder/both.iso"
done
head -c 20480 /dev/urandom >"$S/media1/second.iso"
(cd "$S/media1" && touch $(seq -f 'z%04g.iso' 999))
check 'it shows' same 200 "$(page /basic)"
check 'each by its name' same "Discs in $S/media Discs in $S/media1" "$(sed -n 's,^<h2>\(Discs.*\)</h2>$,\1,p' "$S/body" | paste -sd' ')"
check 'discs of both' same 3 "$(grep -c '<strong>\(both\|second\).iso</strong>' "$S/body")"
check 'a disc goes into a drive of its folder' same 'drive1' "$(grep -o 'Insert into [a-z0-9]*: second.iso' "$S/body" | sed 's/.*to //; s/:.*//' | paste -sd' ')"
check 'and is asked for there' grep -q 'href="/api/v1/images/second.iso/content?drive=drive1"' "$S/body"
check 'that there are more is said' grep -q 'The first 1000 of 1001 discs' "$S/body"
ask=$(grep -o '/basic/delete?image=both.iso&amp;drive=drive1&amp;etag=[^"]*' "$S/body" | sed 's/&amp;/\&/g')
check 'delete asks first' same 200 "$(page "$ask")"
check 'with the drive' grep -q '<input type="hidden" name="drive" value="drive1">' "$S/body"
check 'a drive that is none' same 404 "$(form -d image=both.iso -d drive=drive9 /basic/delete)"
check 'then it does' same 303 "$(form -d image=both.iso -d drive=drive1 /basic/delete)"
check 'in that folder alone' same 'media' "$(cd "$S" && ls -d media*/both.iso | sed 's,/.*,,')"
check 'and downloads from it' gets 200 '/api/v1/images/second.iso/content?drive=drive1'
check 'what is there' cmp "$S/body" "$S/media1/second.iso"

echo '# behind a proxy'
kill "$web"
wait "$web" 2>/dev/null
echo 'proxy = true;' >>"$S/web.conf"
web_run
https=(-H 'X-Forwarded-Proto: https')
check 'log in by https' same 204 "$(code "${https[@]}" -H "$json" -H 'X-Mmcgadget: 1' -d '{"password":"correct horse"}' /api/v1/session)"
check 'its cookie is for https and this name alone' grep -qi '^set-cookie: __Host-mmcgadget=.*; Path=/; .*; Secure' "$S/head"
secure=$(sed -n 's/^Set-Cookie: \([^;]*\);.*/\1/Ip' "$S/head")
check 'it is a session' same 200 "$(code "${https[@]}" -H "Cookie: $secure" /api/v1/session)"
check 'not by http' same 401 "$(code -H "Cookie: $secure" /api/v1/session)"
check 'nor is one of http a session by https' same 401 "$(page "${https[@]}" /api/v1/session)"
from() { code "${https[@]}" -H "Cookie: $secure" -H 'X-Mmcgadget: 1' -X POST -H "Origin: $1://127.0.0.1:$port" /api/v1/drives/drive0/eject; }
check 'its page may change something' same 200 "$(from https)"
check 'the page of the same name by http may not' same 403 "$(from http)"
check 'log out by https' same 204 "$(code "${https[@]}" -H "Cookie: $secure" -H 'X-Mmcgadget: 1' -X DELETE /api/v1/session)"
check 'ends that cookie' grep -qi '^set-cookie: __Host-mmcgadget=; .*Max-Age=0.*Secure' "$S/head"
check 'and that session' same 401 "$(code "${https[@]}" -H "Cookie: $secure" /api/v1/session)"
kill "$web"
wait "$web" 2>/dev/null
sed -i '/^proxy/d' "$S/web.conf"
web_run

echo '# the end of sessions'
# streams NAME ARGUMENT...: receives events with that log-in until the program ends the connection.
streams() {
	curl -s -N -m 120 "${@:2}" -o "$S/events.$1" -w '%{http_code}' "$U/api/v1/events" >"$S/streams.$1" 2>"$S/null" &
	for _ in $(seq 100); do
		grep -q '^event: library' "$S/events.$1" 2>/dev/null && return
		sleep 0.1
	done
	return 1
}
# stream_ends NAME: within 20 s; the program looks every 15 s.
stream_ends() {
	for _ in $(seq "${2:-200}"); do
		grep -q 200 "$S/streams.$1" && return
		sleep 0.1
	done
	return 1
}
check 'events for a session' streams first -b "$JAR"
check 'for another one' streams second -b "$S/jar2"
check 'and for a token' streams token -H "Authorization: Bearer $RW"
check 'log out' same 204 "$(page -X DELETE /api/v1/session)"
check 'that session has ended' same 401 "$(page /api/v1/session)"
check 'with its events' stream_ends first 20
check 'the other one has not' same 200 "$(code -b "$S/jar2" /api/v1/session)"
sleep 16
check 'nor have its events' same '' "$(cat "$S/streams.second")"
kill "$web"
wait "$web" 2>/dev/null
web_run
check 'after a restart the other one goes on' same 200 "$(code -b "$S/jar2" /api/v1/session)"
rm -f "$S"/events.* "$S"/streams.*
check 'events for it' streams second -b "$S/jar2"
check 'and for a token' streams token -H "Authorization: Bearer $RW"
check 'and the first is still over' same 401 "$(page /api/v1/session)"
ctl web logout-all >"$S/null"
check 'log out all' same 401 "$(code -b "$S/jar2" /api/v1/session)"
check 'with all events of sessions' stream_ends second
check 'those of a token stay' same '' "$(cat "$S/streams.token")"
check 'tokens stay' gets 200 /api/v1/session
ctl web token remove writer >"$S/null"
check 'until they are removed' gets 401 /api/v1/session
check 'with their events' stream_ends token
check 'no secret is in the log' test -z "$(grep -E 'mmcg_|correct|Bearer' "$S/web.log")"
check 'effects are in the log' grep -q 'insert drive0: drive0: inserted a.iso' "$S/web.log"

[ -n "${SANITIZED:-}" ] || check 'at most 8 MiB are resident' test "$(awk '/^VmRSS/ { print $2 }' "/proc/$web/status")" -le 8192

echo '# the end'
kill "$web"
wait "$web" 2>/dev/null
sed -i 's/idle = 0/idle = 1/' "$S/web.conf"
web_run
for _ in $(seq 100); do
	kill -0 "$web" 2>/dev/null || break
	sleep 0.2
done
check 'it ends when nobody is connected' sh -c "! kill -0 $web 2>/dev/null"
no_fault
echo "1..$n"
