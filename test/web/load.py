#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""load.py BUILD [--only PATTERN]: mmcgadget-web when much is asked of it: many and slow connections, full
and slow cards, kills in the middle, files of more than 4 GiB. In front of the daemon without USB
(test/web/fake_daemon.c), both on a card of test/web/card.c. Prints TAP. With FULL=1 the kills are 30 of
each party, during an upload of 5 GB; RUN is a loader or an emulator for programs of another machine."""

import argparse
import hashlib
import http.client
import json
import os
import random
import re
import selectors
import signal
import socket
import struct
import sys
import threading
import time
import traceback

from board import Board, wait_for

FULL = bool(os.environ.get("FULL"))
MIB = 1 << 20


class Watched:
    """A connection until the other end closes it: took is the seconds."""

    def __init__(self, what, s, seconds):
        self.what, self.s, self.seconds, self.took = what, s, seconds, 0
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def watch(self):
        begun = time.monotonic()
        self.s.settimeout(self.seconds + 60)
        try:
            while self.s.recv(4096):
                pass
        except OSError:
            pass
        self.took = time.monotonic() - begun
        self.s.close()


class Load:
    def __init__(self, board):
        self.board = board
        self.token = board.token("load")
        self.random = random.Random(16)
        self.slow = []

    # ---- helpers ----

    def headers(self, **more):
        return {"Authorization": "Bearer " + self.token, **{k.replace("_", "-"): str(v) for k, v in more.items()}}

    def ask(self, method, path, body=None, timeout=60, **headers):
        """Status, headers, and the body as JSON if it is that."""
        c = http.client.HTTPConnection("127.0.0.1", self.board.port, timeout=timeout)
        try:
            if isinstance(body, dict):
                body, headers["Content_Type"] = json.dumps(body), "application/json"
            c.request(method, path, body, self.headers(**headers))
            r = c.getresponse()
            data = r.read()
            if data and r.headers.get("Content-Type") == "application/json":
                data = json.loads(data)
            return r.status, r.headers, data
        finally:
            c.close()

    def connect(self, text=""):
        s = socket.create_connection(("127.0.0.1", self.board.port), timeout=30)
        if text:
            s.sendall(text.replace("\n", "\r\n").encode())
        return s

    def request(self, method, path, **headers):
        lines = ["%s %s HTTP/1.1" % (method, path), "Host: localhost"]
        lines += ["%s: %s" % h for h in self.headers(**headers).items()]
        return "\n".join(lines) + "\n\n"

    def resident(self):
        """KiB of memory, of mmcgadget-web."""
        with open("/proc/%d/status" % self.board.web.pid) as f:
            return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))

    def cpu(self):
        """Seconds of CPU time, of mmcgadget-web."""
        with open("/proc/%d/stat" % self.board.web.pid) as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def at_most(self, kib):
        r = self.resident()
        print("# %d KiB are resident, at most %d" % (r, kib))
        # Another machine's loader has memory of its own.
        assert self.board.RUN or r <= kib, r

    def create(self, name, size):
        status, _, o = self.ask("POST", "/api/v1/uploads", {"name": name, "size": size})
        assert status == 201, (status, o)
        return o["id"]

    def offset(self, upload):
        status, h, _ = self.ask("HEAD", "/api/v1/uploads/" + upload)
        assert status == 200, status
        return int(h["Upload-Offset"])

    def offset_to_go_on(self, name, size):
        """The upload's offset, as soon as no connection writes to it any more and both programs answer."""
        def known():
            try:
                status, _, o = self.ask("POST", "/api/v1/uploads", {"name": name, "size": size})
            except OSError:
                return None
            return (o["offset"],) if status == 201 else None
        return wait_for("the offset", known)[0]

    def patch(self, upload, at, data):
        """Sends a piece, again while the board still saves what came before."""
        for _ in range(200):
            answer = self.ask("PATCH", "/api/v1/uploads/" + upload, data, Upload_Offset=at,
                              Content_Type="application/octet-stream")
            if answer[0] != 409 or answer[2].get("code") != "busy":
                return answer
            time.sleep(0.1)
        return answer

    def is_served(self):
        """Seconds until a plain question is answered."""
        begun = time.monotonic()
        status, _, _ = self.ask("GET", "/api/v1/session")
        assert status == 200, status
        return time.monotonic() - begun

    # ---- who is slow; these go on in the background ----

    def some_begin_and_send_nothing(self):
        idle = self.connect(self.request("GET", "/api/v1/session"))
        assert b" 200 " in idle.recv(4096).split(b"\r\n")[0]
        self.slow.append(Watched("a connection without another request", idle, 30))
        if FULL:
            body = self.connect(self.request("PUT", "/api/v1/images/drip-0.iso/content", Content_Length=4096))
            self.slow.append(Watched("a body without bytes", body, 60))
            body = self.connect(self.request("PUT", "/api/v1/images/drip-1.iso/content", Content_Length=4096))
            self.slow.append(Watched("a body with a byte a second", body, 60))
            threading.Thread(target=self.drip, args=(self.slow[-1],), daemon=True).start()

    @staticmethod
    def drip(watched, data=b"x", pause=1):
        while watched.thread.is_alive():
            try:
                watched.s.sendall(data)
            except OSError:
                break
            time.sleep(pause)

    def who_sends_nothing_is_ended(self):
        for w in self.slow:
            w.thread.join(w.seconds + 60)
            print("# %s: %.0f s" % (w.what, w.took))
            assert w.seconds - 2 <= w.took < w.seconds + 50, (w.what, w.took)
        for u in self.ask("GET", "/api/v1/uploads")[2]["uploads"]:
            assert u["image"].startswith("drip-"), u
            # The upload is busy until the daemon has what came last.
            for _ in range(100):
                status, _, answer = self.ask("DELETE", "/api/v1/uploads/" + u["id"])
                if status not in (409, 423):
                    break
                time.sleep(0.2)
            assert status == 204, (status, answer)

    def two_hundred_who_never_end_their_headers(self):
        all_of_them = [Watched("headers", self.connect("GET / HTTP/1.1\nHost: localhost\n"), 10) for _ in range(200)]
        print("# others are served in %.3f s" % self.is_served())
        self.at_most(16384)
        # One connection sends more header fields, slowly.
        self.drip(all_of_them[0], b"X: y\r\n", 0.3)
        for w in all_of_them:
            w.thread.join(60)
            assert 9 <= w.took < 40, w.took
        self.is_served()

    # ---- many ----

    def idle_it_is_small(self):
        self.is_served()
        self.at_most(8192)

    def two_hundred_streams(self):
        poll, last, buffers = selectors.DefaultSelector(), {}, {}
        drive0 = re.compile(rb'data: (\{"event":"drive".*?"name":"drive0".*)')

        def read(seconds, enough):
            end = time.monotonic() + seconds
            while not enough():
                assert time.monotonic() < end, "waited in vain; %d streams" % len(last)
                for key, _ in poll.select(0.2):
                    s = key.fileobj
                    data = s.recv(65536)
                    assert data, "a stream has ended"
                    *lines, buffers[s] = (buffers[s] + data).split(b"\n")
                    for line in lines:
                        found = drive0.match(line)
                        if found:
                            last[s] = found.group(1)

        def all_are(state):
            return all(b'"state":"%s"' % state in v for v in last.values())
        self.board.ctl("blank", "streams.iso", "drive0")
        for _ in range(200):
            s = self.connect(self.request("GET", "/api/v1/events"))
            buffers[s] = b""
            poll.register(s, selectors.EVENT_READ)
        read(60, lambda: len(last) == 200)
        self.at_most(16384)
        assert self.ask("GET", "/api/v1/status")[2]["web"]["listeners"] == 200
        self.board.host("burn", "drive0", "blocks=6000", "rate=2500", "finalise")
        begun, cpu = time.monotonic(), self.cpu()
        read(60, lambda: all_are(b"complete"))
        took, used = time.monotonic() - begun, self.cpu() - cpu
        print("# %.1f %% of a core while a burn goes on" % (used * 100 / took))
        assert self.board.RUN or used < 0.05 * took, (used, took)
        self.at_most(16384)
        for s in buffers:
            s.close()

        def all_are_gone():  # who is gone is noticed when news is sent
            for what in (("eject",), ("insert", "streams.iso")):
                self.board.ctl(*what, "drive0")
            return self.ask("GET", "/api/v1/status")[2]["web"]["listeners"] == 0
        wait_for("the end of the streams", all_are_gone)
        self.board.ctl("eject", "drive0")

    def many_images(self):
        for i in range(19000):
            os.close(os.open(self.board.media("many-%05d.iso" % i), os.O_CREAT | os.O_WRONLY, 0o644))
        begun = time.monotonic()
        wait_for("all of them", lambda: self.ask("GET", "/api/v1/images?q=many-&limit=200", timeout=120)[2].get(
            "matched") == 19000)
        print("# listed after %.1f s" % (time.monotonic() - begun))
        self.at_most(16384)
        for i in range(19000):
            os.unlink(self.board.media("many-%05d.iso" % i))

    def a_refusal_is_answered_when_the_body_was_read(self):
        upload = self.create("refused.iso", 16 * MIB)
        c = http.client.HTTPConnection("127.0.0.1", self.board.port, timeout=60)
        for _ in range(2):  # the connection goes on
            c.request("PATCH", "/api/v1/uploads/" + upload, bytes(8 * MIB), self.headers(
                Upload_Offset=5, Content_Type="application/octet-stream"))
            r = c.getresponse()
            assert r.status == 409 and r.headers["Upload-Offset"] == "0", r.status
            assert json.loads(r.read())["code"] == "bad-offset"
        c.close()
        # A client that sends Expect gets the error before it sends the body.
        s = self.connect(self.request("PATCH", "/api/v1/uploads/" + upload, Upload_Offset=5, Content_Length=8 * MIB,
                                      Expect="100-continue", Content_Type="application/octet-stream"))
        assert b" 409 " in s.recv(4096).split(b"\r\n")[0]
        s.close()
        assert self.ask("DELETE", "/api/v1/uploads/" + upload)[0] == 204

    def who_is_gone_without_a_word_holds_no_upload(self):
        data = self.random.randbytes(2 * MIB)
        upload = self.create("gone.iso", len(data))
        gone = self.connect(self.request("PATCH", "/api/v1/uploads/" + upload, Upload_Offset=0, Content_Length=len(data),
                                         Content_Type="application/octet-stream"))
        gone.sendall(data[:MIB])
        begun, said = time.monotonic(), []

        def again():
            said.append(self.ask("POST", "/api/v1/uploads", {"name": "gone.iso", "size": len(data)}))
            return said[-1][0] == 201
        wait_for("the upload", again)
        took = time.monotonic() - begun
        print("# after %.0f s" % took)
        assert said[0][2]["code"] == "busy", said[0]
        assert took > 4, "who was silent for %.1f s was ended" % took
        assert said[-1][2]["offset"] == MIB, said[-1]
        assert self.patch(upload, MIB, data[MIB:])[0] == 201
        self.same("gone.iso", data)
        gone.close()

    def who_needs_the_daemon_waits_for_it_alone(self):
        data = self.random.randbytes(MIB)
        self.board.daemon.send_signal(signal.SIGSTOP)
        try:
            s = self.connect(self.request("PUT", "/api/v1/images/late.iso/content", Content_Length=len(data),
                                          Expect="100-continue"))
            print("# others are served in %.3f s while the daemon says nothing" % self.is_served())
            s.setblocking(False)
            try:
                assert False, "answered without the daemon: %s" % s.recv(4096)
            except BlockingIOError:
                pass
        finally:
            self.board.daemon.send_signal(signal.SIGCONT)
        s.settimeout(60)
        assert b" 100 " in s.recv(4096).split(b"\r\n")[0]
        s.sendall(data)
        assert b" 201 " in s.recv(4096).split(b"\r\n")[0]
        s.close()
        self.same("late.iso", data)

    def the_end_of_an_upload_may_take_long(self):
        data = self.random.randbytes(MIB)
        upload = self.create("end.iso", len(data))
        self.board.put("end.iso", 2048)
        status, _, o = self.patch(upload, 0, data)
        assert status == 409 and o["code"] == "exists", (status, o)
        # The daemon reads a disc whose checksum was announced.
        self.board.daemon.send_signal(signal.SIGSTOP)
        said = []
        end = threading.Thread(target=lambda: said.append(self.ask(
            "POST", "/api/v1/uploads/%s/end" % upload, {"name": "end-2.iso"}, timeout=200)))
        end.start()
        try:
            end.join(95 if FULL else 2)
            assert not said, "answered without the daemon: %s" % said
        finally:
            self.board.daemon.send_signal(signal.SIGCONT)
            end.join()
        assert said[0][0] == 201, said
        self.same("end-2.iso", data)
        os.unlink(self.board.media("end.iso"))

    # ---- cards ----

    def uploads_to_a_slow_card(self):
        size = 3 * MIB
        data = self.random.randbytes(size)
        ids = [self.create("slow-%d.iso" % i, size) for i in range(5)]
        self.board.card("web", "slow 700")
        answers = [None] * 4

        def send(i):
            # The fifth may have begun first.
            while not answers[i] or answers[i][0] == 503:
                answers[i] = self.patch(ids[i], 0, data)
        threads = [threading.Thread(target=send, args=(i,)) for i in range(4)]
        for t in threads:
            t.start()
        try:
            at = 0
            while at < size:  # until the four have begun
                status, h, o = self.patch(ids[4], at, b"x" * 10)
                if status != 204:
                    break
                at = int(h["Upload-Offset"])
            assert status == 503 and o["code"] == "too-many-uploads", (status, o)
            times = sorted(self.is_served() for _ in range(40))
            print("# others are served in %.3f s (median), %.3f s (the slowest)" % (times[20], times[-1]))
            self.at_most(16384)
            assert times[20] < 0.1, times
            assert any(not a or a[0] == 503 for a in answers), "the card was not slow"
        finally:
            self.board.card("web", "")
            for t in threads:
                t.join()
        assert [a[0] for a in answers] == [201] * 4, [(a[0], a[2]) for a in answers]
        for i in range(4):
            self.same("slow-%d.iso" % i, data)
        self.ask("DELETE", "/api/v1/uploads/" + ids[4])

    def same(self, name, data):
        with open(self.board.media(name), "rb") as f:
            assert f.read() == data, name + " differs"
        os.unlink(self.board.media(name))

    def a_card_without_room_is_said_before_the_body(self):
        free, size = 3 * 10**9, 4 * 10**9
        self.board.card("daemon", "free %d" % free)
        status, _, o = self.ask("POST", "/api/v1/uploads", {"name": "large.iso", "size": size})
        assert status == 507 and o["code"] == "no-room", (status, o)
        assert o["need_bytes"] == size and 0 <= free - o["free_bytes"] < 65536 and o["reserved_bytes"] > 0, o
        s = self.connect(self.request("PUT", "/api/v1/images/large.iso/content", Content_Length=size,
                                      Expect="100-continue"))
        assert b" 507 " in s.recv(4096).split(b"\r\n")[0]
        s.close()
        self.board.card("daemon", "")

    def a_card_that_gets_full_in_the_middle(self):
        first, data = 3 * MIB, self.random.randbytes(8 * MIB)
        others = [n for n in sorted(os.listdir(self.board.path("media"))) if n.endswith(".iso")]
        before = [(n, os.stat(self.board.media(n)).st_size, os.stat(self.board.media(n)).st_mtime_ns) for n in others]
        other = self.create("other.iso", len(data))
        assert self.patch(other, 0, data[:MIB])[0] == 204
        upload = self.create("full.iso", len(data))
        assert self.patch(upload, 0, data[:first])[0] == 204
        self.board.ctl("blank", "beside.iso", "drive0")
        self.board.host("burn", "drive0", "blocks=3000", "rate=2000", "finalise")
        self.board.card("web", "full")
        status, h, o = self.patch(upload, first, data[first:])
        self.board.card("web", "")
        assert status == 507 and o["code"] == "no-room", (status, o)
        assert o["offset"] == first and h["Upload-Offset"] == str(first), (o, h)
        assert self.offset(other) == MIB
        after = [(n, os.stat(self.board.media(n)).st_size, os.stat(self.board.media(n)).st_mtime_ns) for n in others]
        assert before == after
        for one, at, name in ((upload, first, "full.iso"), (other, MIB, "other.iso")):
            assert self.patch(one, at, data[at:])[0] == 201
            self.same(name, data)
        assert self.board.host("wait", "drive0").startswith("ok: drive0: 3000 blocks burned")
        self.board.ctl("eject", "drive0")

    # ---- kills ----

    def kill(self, who, s):
        if who == "client":
            # As the kernel does for a process that is killed with data that is not sent.
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif who == "page":
            self.board.kill(self.board.web)
        else:
            self.board.kill(self.board.daemon)
        s.close()
        if who == "page":
            self.board.start_web()
        elif who == "daemon":
            self.board.start_daemon()

    def send_some(self, upload, at, size, n, block):
        """Sends n bytes of an upload that goes on at that offset; returns its connection, and how many were sent."""
        s = self.connect(self.request("PATCH", "/api/v1/uploads/" + upload, Upload_Offset=at, Content_Length=size - at,
                                      Content_Type="application/octet-stream"))
        s.settimeout(60)
        sent = 0
        while sent < n:
            piece = block(at + sent, min(256 << 10, n - sent))
            try:
                sent += s.send(piece)
            except OSError:
                break  # refused: still busy with the connection of before
        return s, sent

    def kills_at_random_lose_nothing(self):
        size, kills, most = (5 * 10**9 + 4096, 90, 48 * MIB) if FULL else (208 * MIB, 9, 8 * MIB)
        large = 72 * MIB  # more than may be sent twice
        pattern = self.random.randbytes(MIB + 4099)  # 4099 is prime: pieces less than 4 GB apart differ

        def block(at, n):
            start = at % 4099 + at // MIB % 4096 * 13
            return pattern[start:start + n]
        # The content consists of pieces of 256 KiB, each made by block() for its offset.
        piece = 256 << 10

        def content(at, n):
            out = b""
            while n > 0:
                base = at // piece * piece
                one = block(base, piece)[at - base:at - base + n]
                out += one
                at, n = at + len(one), n - len(one)
            return out
        upload = self.create("kills.iso", size)
        at, worst = 0, 0
        for i in range(kills):
            who = ("client", "page", "daemon")[i % 3]
            n = large if who != "client" and i // 3 % 10 == 2 else self.random.randrange(1, most)
            assert at + n < size, "there are not enough bytes for %d kills" % kills
            s, sent = self.send_some(upload, at, size, n, content)
            for _ in range(20):
                if sent == n:
                    break
                s.close()  # refused: the page was still busy with the connection of before
                at = self.offset_to_go_on("kills.iso", size)
                s, sent = self.send_some(upload, at, size, n, content)
            assert sent == n, (who, sent, n)
            self.kill(who, s)
            now = self.offset_to_go_on("kills.iso", size)
            assert at <= now <= at + sent, (who, at, sent, now)
            worst = max(worst, at + sent - now)
            at = now
        print("# %d kills; at most %.1f MiB were sent twice; %.0f of %.0f MB were left" % (
            kills, worst / MIB, (size - at) / 1e6, size / 1e6))
        assert worst <= 64 * MIB, worst
        want = hashlib.sha256()
        for base in range(0, size, piece):
            want.update(content(base, min(piece, size - base)))
        while at < size:
            # The daemon may have come back a moment ago.
            s, sent = self.send_some(upload, at, size, size - at, content)
            answer = s.recv(4096) if sent == size - at else b""
            s.close()
            if b" 201 " in answer.split(b"\r\n")[0]:
                break
            at = self.offset_to_go_on("kills.iso", size)
        got = hashlib.sha256()
        with open(self.board.media("kills.iso"), "rb") as f:
            while data := f.read(4 * MIB):
                got.update(data)
        assert got.digest() == want.digest(), "the disc differs"
        os.unlink(self.board.media("kills.iso"))

    # ---- more than 4 GiB ----

    def offsets_after_4_gib(self):
        size, at = (1 << 32) + 3 * MIB, (1 << 32) - MIB // 2  # the first piece goes over it
        # Room is not taken, so that the file is sparse.
        self.board.card("daemon", "no-room")
        upload = self.create("beyond.iso", size)
        self.board.card("daemon", "")
        os.truncate(self.board.media(".mmcgadget-%s.part" % upload), at)
        self.board.ask_daemon("upload-at %s offset=%d" % (upload, at))
        assert self.offset(upload) == at, self.offset(upload)
        data = self.random.randbytes(size - at)
        status, h, o = self.patch(upload, at, data[:MIB])
        assert status == 204 and h["Upload-Offset"] == str(at + MIB), (status, h, o)
        status, _, o = self.patch(upload, at + MIB, data[MIB:])
        assert status == 201, (status, o)
        path = self.board.media("beyond.iso")
        assert os.path.getsize(path) == size
        with open(path, "rb") as f:
            f.seek(at)
            assert f.read() == data
        status, _, o = self.ask("GET", "/api/v1/images/beyond.iso")
        assert o["image"]["size"] == size, o
        status, h, got = self.ask("GET", "/api/v1/images/beyond.iso/content", Range="bytes=%d-" % at)
        assert status == 206 and got == data, status
        assert h["Content-Range"] == "bytes %d-%d/%d" % (at, size - 1, size), h["Content-Range"]
        status, h, got = self.ask("GET", "/api/v1/images/beyond.iso/content", Range="bytes=%d-%d" % (at - 7, at + 5))
        assert status == 206 and got == bytes(7) + data[:6], status
        status, h, _ = self.ask("HEAD", "/api/v1/images/beyond.iso/content")
        assert h["Content-Length"] == str(size), h["Content-Length"]
        if FULL:
            self.all_of_it_comes(size, data)
        os.unlink(path)


    def all_of_it_comes(self, size, end):
        """A download from the first byte on: zeros, and then these bytes."""
        s = self.connect(self.request("GET", "/api/v1/images/beyond.iso/content", Connection="close"))
        with s.makefile("rb") as f:
            while f.readline().strip():
                pass
            zeros, left = bytes(MIB), size - len(end)
            while left:
                n = min(left, MIB)
                assert f.read(n) == zeros[:n], "not zeros, %d bytes before the end" % left
                left -= n
            assert f.read(len(end) + 1) == end
        s.close()


TESTS = ["idle_it_is_small", "who_needs_the_daemon_waits_for_it_alone", "who_is_gone_without_a_word_holds_no_upload",
         "kills_at_random_lose_nothing", "some_begin_and_send_nothing", "the_end_of_an_upload_may_take_long",
         "two_hundred_streams", "uploads_to_a_slow_card",
         "a_card_without_room_is_said_before_the_body", "a_card_that_gets_full_in_the_middle", "offsets_after_4_gib",
         "a_refusal_is_answered_when_the_body_was_read", "many_images", "two_hundred_who_never_end_their_headers",
         "who_sends_nothing_is_ended"]


def run(load, only):
    failed = number = 0
    for name in TESTS:
        if only and not re.search(only, name):
            continue
        number += 1
        begun = time.monotonic()
        try:
            getattr(load, name)()
            print("ok %d - web: %s (%.1f s)" % (number, name.replace("_", " "), time.monotonic() - begun), flush=True)
        except Exception:  # each is a fault of the program or of the test
            failed += 1
            print("not ok %d - web: %s" % (number, name.replace("_", " ")))
            for line in traceback.format_exc().splitlines()[-12:]:
                print("# " + line[:400], flush=True)
            load.board.card("web", "")
            load.board.card("daemon", "")
            if load.board.web.poll() is not None:
                print("Bail out! mmcgadget-web has ended")
                return 1
    print("1..%d" % number)
    return failed


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("build")
    arguments.add_argument("--only", help="only tests whose names match that expression")
    a = arguments.parse_args()
    board = Board(a.build, config="max_upload_gb = 6;",
                  preload=os.path.join(os.path.abspath(a.build), "test/web/card.so"))
    try:
        load = Load(board)
        board.start_daemon()
        board.start_web()
        return 1 if run(load, a.only) else 0
    finally:
        board.end()


if __name__ == "__main__":
    sys.exit(main())
