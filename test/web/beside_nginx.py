#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""beside_nginx.py BUILD [MIB]: CPU time of mmcgadget-web for an upload and a download beside that of nginx (PUT of its
WebDAV module, GET by sendfile), in turns on the same machine. No test: a measurement for docs/web.md."""

import os
import signal
import socket
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


def main():
    build, mib = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1024
    board = Board(build)
    token = board.token("nginx")
    board.start_daemon()
    board.start_web()
    with tempfile.TemporaryDirectory(dir=board.folder) as folder:
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
        data = folder + "/data"
        with open(data, "wb") as f:
            for _ in range(mib):
                f.write(os.urandom(1 << 20))
        own = ["-H", "Authorization: Bearer " + token]
        url = "http://127.0.0.1:%d/%s"
        for turn in range(3):
            name = "%d.iso" % turn
            for what, pid, words in (
                    ("upload", board.web.pid, [*own, "-T", data, url % (board.port, "api/v1/images/%s/content" % name)]),
                    ("upload", nginx.pid, ["-T", data, url % (port, name)]),
                    ("download", board.web.pid, [*own, url % (board.port, "api/v1/images/%s/content" % name)]),
                    ("download", nginx.pid, [url % (port, name)])):
                before = cpu(pid)
                curl(*words)
                print("%s by %s: %.2f s of CPU for 1 GiB" % (
                    what, "nginx" if pid == nginx.pid else "mmcgadget-web", (cpu(pid) - before) * 1024 / mib), flush=True)
            os.unlink(board.media(name))
            os.unlink(folder + "/root/" + name)
        nginx.send_signal(signal.SIGTERM)
        nginx.wait()
    board.end()


if __name__ == "__main__":
    main()
