# SPDX-License-Identifier: GPL-2.0-or-later
"""A board without USB for tests in a browser: the fake daemon with its host, and mmcgadget-web."""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

PASSWORD = "correct horse"


class Board:
    """Processes in a folder of their own. The socket that browsers use outlives mmcgadget-web, as
    the socket unit of systemd does."""

    # RUN stands before each program: the emulator or loader of another machine.
    RUN = os.environ.get("RUN", "").split()

    def __init__(self, build, *options, config="", preload=""):
        """config: more lines for web.conf. preload: a library for mmcgadget-web and the daemon."""
        self.build = os.path.abspath(build)
        self.preload = preload
        self.folder = tempfile.mkdtemp(prefix="mmcgadget-web.", dir="/tmp")
        os.chmod(self.folder, 0o755)
        self.options = list(options)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.url = "http://127.0.0.1:%d/" % self.port
        self.daemon = self.web = None
        os.mkdir(self.path("web"))
        os.makedirs(self.path("etc/mmcgadget"))
        secret = subprocess.run(
            ["perl", "-e", 'print crypt($ARGV[0], "\\$y\\$j9T\\$AGzrYMVqRYdEu5sZMcDTi1\\$")', PASSWORD],
            check=True, capture_output=True, text=True).stdout
        with open(self.path("password"), "w") as f:
            f.write(secret + "\ngeneration 1\n")
        with open(self.path("web.conf"), "w") as f:
            f.write('socket = "%s";\npassword_file = "%s";\ntoken_file = "%s";\nstate = "%s";\nidle = 0;\n%s\n' % (
                self.path("run/web"), self.path("password"), self.path("tokens"), self.path("web"), config))

    def path(self, name):
        return os.path.join(self.folder, name)

    def media(self, name):
        return self.path(os.path.join("media", name))

    def start_daemon(self):
        self.daemon = subprocess.Popen(
            ["sh", "-c", 'LD_PRELOAD=$1; shift; export LD_PRELOAD; exec "$@"', "sh", self.preload,
             *self.RUN, os.path.join(self.build, "test/web/fake_daemon"), *self.options, self.folder],
            stdout=subprocess.PIPE, env={**os.environ, "CARD": self.path("card.daemon")})
        if self.daemon.stdout.readline() != b"ready\n":
            raise RuntimeError("the fake daemon does not start")

    def start_web(self, program=None):
        """As systemd does: the listening socket is descriptor 3."""
        program = program or os.path.join(self.build, "mmcgadget-web")
        self.web = subprocess.Popen(
            ["sh", "-c", 'exec 3<&"$1"; LD_PRELOAD=$2; shift 2; export LD_PRELOAD;'
             'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"', "sh", str(self.listener.fileno()), self.preload,
             *self.RUN, program, "--config", self.path("web.conf")],
            pass_fds=[self.listener.fileno()], env={**os.environ, "CARD": self.path("card.web")})

    def card(self, who, how):
        """What the card of test/web/card.c is like from now on, for "web" or "daemon"; "": good."""
        with open(self.path("card.new"), "w") as f:
            f.write(how)
        os.rename(self.path("card.new"), self.path("card." + who))

    def token(self, *words):
        """A token of a script; before start_web(), or mmcgadget-web does not know it yet."""
        done = self.run_ctl("web", "token", "add", *words, env={**os.environ, "MMCGADGET_ROOT": self.folder})
        shutil.copy(self.path("etc/mmcgadget/web.tokens"), self.path("tokens"))
        return done.split()[-1]

    def kill(self, process, how=signal.SIGKILL):
        process.send_signal(how)
        process.wait()

    def host(self, *words):
        """Lets the host do something; returns its answer, which must be good."""
        done = subprocess.run(
            [*self.RUN, os.path.join(self.build, "test/web/fake_daemon"), "--host", self.folder, *words],
            capture_output=True, text=True)
        if done.returncode:
            raise AssertionError("host %s: %s%s" % (" ".join(words), done.stdout, done.stderr))
        return done.stdout

    def run_ctl(self, *words, env=None):
        done = subprocess.run([*self.RUN, os.path.join(self.build, "mmcgadgetctl"), *words],
                              capture_output=True, text=True, env=env)
        if done.returncode:
            raise AssertionError("mmcgadgetctl %s: %s" % (" ".join(words), done.stderr))
        return done.stdout

    def ctl(self, *words):
        return self.run_ctl("--socket", self.path("run/socket"), *words)

    def ask_daemon(self, line):
        """The daemon's answer to a line, which must be good."""
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(self.path("run/web"))
            s.sendall(line.encode() + b"\n")
            answer = json.loads(s.makefile().readline())
        if not answer["ok"]:
            raise AssertionError("%s: %s" % (line, answer))
        return answer

    def put(self, name, size=0, label=None, when=None):
        """Makes an image; with a label, the smallest ISO 9660 volume that has one."""
        with open(self.media(name), "wb") as f:
            if label is not None:
                text = label if isinstance(label, bytes) else label.encode()
                blocks = max(size // 2048, 20)
                f.seek(16 * 2048)
                f.write(b"\1CD001\1\0" + b" " * 32 + text.ljust(32) + b"\0" * 8 +
                        blocks.to_bytes(4, "little") + blocks.to_bytes(4, "big") + b"\0" * 40 +
                        b"\0\x08\x08\0")
                f.seek(17 * 2048)
                f.write(b"\xffCD001\1")
                size = max(size, 20 * 2048)
            f.truncate(size)
        if when:
            os.utime(self.media(name), (when, when))

    def end(self):
        for process in (self.web, self.daemon):
            if process and process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    self.kill(process)
        self.listener.close()
        shutil.rmtree(self.folder)


def wait_for(what, condition, seconds=int(os.environ.get("WAIT", 30))):
    """Returns what the condition returns as soon as that is true."""
    end = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError("waited %d s in vain: %s" % (seconds, what))
        time.sleep(0.1)
