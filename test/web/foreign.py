# SPDX-License-Identifier: GPL-2.0-or-later
"""A page of another site, which the user of a board has open: it tries to use the board.

Each form has a frame of its own: a browser sends only the last of several forms for one frame."""

import http.server
import threading

PAGE = """<!doctype html><title>stranger</title>
<iframe name="hole1"></iframe><iframe name="hole2"></iframe><iframe name="hole3"></iframe><iframe id="frame" src="%(board)s"></iframe>
<form id="form" method="post" action="%(board)sapi/v1/drives/drive0/eject" target="hole1"></form>
<form id="text" method="post" enctype="text/plain" action="%(board)sapi/v1/drives/drive0/eject" target="hole2">
<input name='{"force":true,"x":"' value='"}'></form>
<form id="basic" method="post" action="%(board)sbasic/drive0/eject" target="hole3"></form>
<script>
const board = "%(board)s", eject = board + "api/v1/drives/drive0/eject";
const json = {"Content-Type": "application/json", "X-Mmcgadget": "1"};
const done = {};
async function attempt(name, act) {
	try { done[name] = await act(); } catch (e) { done[name] = "refused"; }
}
const ask = (url, options) => async () => (await fetch(url, {credentials: "include", ...options})).type;
async function attack() {
	for (const id of ["form", "text", "basic"]) document.getElementById(id).submit();
	await attempt("simple", ask(eject, {method: "POST", mode: "no-cors", body: "{}"}));
	await attempt("text", ask(eject, {method: "POST", mode: "no-cors", headers: {"Content-Type": "text/plain"},
		body: '{"force":true}'}));
	await attempt("json", ask(eject, {method: "POST", headers: json, body: "{}"}));
	await attempt("put", ask(board + "api/v1/images/stranger.iso/content", {method: "PUT", body: "x"}));
	await attempt("delete", ask(board + "api/v1/images/kept.iso", {method: "DELETE", headers: json}));
	await attempt("read", ask(board + "api/v1/status", {}));
	await attempt("events", () => new Promise((good, bad) => {
		const s = new EventSource(board + "api/v1/events", {withCredentials: true});
		s.onopen = () => good("open");
		s.onerror = bad;
	}));
	await attempt("image", () => new Promise((good, bad) => {
		const i = new Image();
		i.onload = () => good("loaded");
		i.onerror = bad;
		i.src = board + "api/v1/drives/drive0/next";
	}));
	await attempt("script", () => new Promise((good, bad) => {
		const s = document.createElement("script");
		s.onload = () => good("loaded");
		s.onerror = bad;
		s.src = board + "app.js";
		document.body.append(s);
	}));
	return done;
}
</script>
"""


class Foreign:
    """Serves the page at an address of its own."""

    def __init__(self, board_url):
        body = (PAGE % {"board": board_url}).encode()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def end(self):
        self.server.shutdown()
        self.server.server_close()
