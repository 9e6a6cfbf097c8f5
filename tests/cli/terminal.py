"""Runs a command on a terminal of its own and prints all that it shows there, escapes made visible.

usage: terminal.py [--columns N] [--out] [--interrupt SECONDS] COMMAND...
--out: stdout is the terminal too; otherwise only stderr is, and stdout is discarded
--interrupt: SIGINT after so many seconds
The last line is "status N", or "signal N".
"""

import argparse
import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import threading


def read_all(fd):
    shown = b""
    while True:
        try:
            data = os.read(fd, 65536)
        except OSError:
            return shown
        if not data:
            return shown
        shown += data


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--columns", type=int, default=80)
    parser.add_argument("--out", action="store_true")
    parser.add_argument("--interrupt", type=float)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, arguments.columns, 0, 0))
    process = subprocess.Popen(arguments.command, stderr=theirs, stdin=subprocess.DEVNULL,
                               stdout=theirs if arguments.out else subprocess.DEVNULL)
    os.close(theirs)
    if arguments.interrupt is not None:
        threading.Timer(arguments.interrupt, process.send_signal, [signal.SIGINT]).start()
    shown = read_all(ours)
    status = process.wait()
    text = shown.decode("utf-8", "replace").replace("\r\n", "\n")
    sys.stdout.write(text.replace("\033", "<ESC>").replace("\r", "<CR>"))
    print(f"signal {-status}" if status < 0 else f"status {status}")


if __name__ == "__main__":
    main()
