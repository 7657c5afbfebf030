#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""beside_nginx.py BUILD [MIB [TURNS]]: CPU time of mmcgadget-web for an upload and a download beside that of nginx (PUT
of its WebDAV module, GET by sendfile), in turns on the same machine, and the medians of all turns but the first. A
download is repeated until it has taken long enough to tell. No test: a measurement for docs/performance.md."""

import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile

from board import Board, wait_for

CONFIG = """daemon off; master_process off; pid %(dir)s/pid; error_log %(dir)s/log;
events { }
http {
    access_log off; sendfile on; client_max_body_size 0; client_body_temp_path %(dir)s/temp;
    server { listen 127.0.0.1:%(port)d; root %(dir)s/root; dav_methods PUT; }
}
"""


def cpu(pid):
    with open("/proc/%d/stat" % pid) as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def curl(*words):
    subprocess.run(["curl", "-sf", "-o", "/dev/null", *words], check=True)


def start_nginx(folder):
    os.chmod(folder, 0o755)
    os.mkdir(folder + "/root")
    with socket.create_server(("127.0.0.1", 0)) as s:
        port = s.getsockname()[1]
    with open(folder + "/conf", "w") as f:
        f.write("user root;" + CONFIG % {"dir": folder, "port": port})
    nginx = subprocess.Popen(["nginx", "-c", folder + "/conf"], stderr=subprocess.DEVNULL)

    def listens():
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", port)) == 0
    wait_for("nginx", listens)
    return nginx, "http://127.0.0.1:%d/" % port


def main():
    build = sys.argv[1]
    mib, turns = (int(w) for w in (sys.argv[2:] + ["512", "7"][len(sys.argv) - 2:])[:2])
    board = Board(build)
    token = ["-H", "Authorization: Bearer " + board.token("nginx")]
    board.start_daemon()
    board.start_web()
    used = {}
    with tempfile.TemporaryDirectory(dir=board.folder) as folder:
        nginx, there = start_nginx(folder)
        data = folder + "/data"
        with open(data, "wb") as f:
            for _ in range(mib):
                f.write(os.urandom(1 << 20))
        for turn in range(turns + 1):
            name = "%d.iso" % turn
            here = board.url + "api/v1/images/%s/content" % name
            first = -1 if turn % 2 else 1  # each is the first as often as the other
            for what, who, pid, repeat, words in (
                    *(("upload", "mmcgadget-web", board.web.pid, 1, [*token, "-T", data, here]),
                      ("upload", "nginx", nginx.pid, 1, ["-T", data, there + name]))[::first],
                    *(("download", "mmcgadget-web", board.web.pid, 4, [*token, here]),
                      ("download", "nginx", nginx.pid, 4, [there + name]))[::first]):
                before = cpu(pid)
                for _ in range(repeat):
                    curl(*words)
                if turn > 0:
                    used.setdefault((what, who), []).append((cpu(pid) - before) * 1024 / mib / repeat)
            os.unlink(board.media(name))
            os.unlink(folder + "/root/" + name)
        nginx.send_signal(signal.SIGTERM)
        nginx.wait()
    board.end()
    for (what, who), seconds in used.items():
        print("%s by %s: %.2f s of CPU for 1 GiB (%s)" % (
            what, who, statistics.median(seconds), " ".join("%.2f" % s for s in seconds)))
    for what in ("upload", "download"):
        print("%s: %.2f times nginx" % (what, statistics.median(used[what, "mmcgadget-web"]) / statistics.median(
            used[what, "nginx"])))


if __name__ == "__main__":
    main()
