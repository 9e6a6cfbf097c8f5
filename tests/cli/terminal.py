"""Runs a command on a terminal of its own and prints all that it shows there, escapes made visible.

usage: terminal.py [--columns N] [--out] [--interrupt SECONDS|file:PATH|WORDS] COMMAND...
--out: stdout is the terminal too; otherwise only stderr is, and stdout is discarded
--interrupt: SIGINT after so many seconds, once there is this file, or once these words were shown
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
import time


def read_all(fd, words, interrupt):
    shown = b""
    while True:
        try:
            data = os.read(fd, 65536)
        except OSError:
            return shown
        if not data:
            return shown
        shown += data
        if words and words in shown:
            words = None
            interrupt()


def wait_for_file(process, path, interrupt):
    while process.poll() is None and not os.path.exists(path):
        time.sleep(0.01)
    interrupt()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--columns", type=int, default=80)
    parser.add_argument("--out", action="store_true")
    parser.add_argument("--interrupt", default="")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, arguments.columns, 0, 0))
    process = subprocess.Popen(arguments.command, stderr=theirs, stdin=subprocess.DEVNULL,
                               stdout=theirs if arguments.out else subprocess.DEVNULL)
    os.close(theirs)

    def interrupt():
        process.send_signal(signal.SIGINT)

    words = None
    if arguments.interrupt.startswith("file:"):
        path = arguments.interrupt.removeprefix("file:")
        threading.Thread(target=wait_for_file, args=[process, path, interrupt]).start()
    elif arguments.interrupt[:1].isdigit():
        threading.Timer(float(arguments.interrupt), interrupt).start()
    else:
        words = arguments.interrupt.encode()
    shown = read_all(ours, words, interrupt)
    status = process.wait()
    text = shown.decode("utf-8", "replace").replace("\r\n", "\n")
    sys.stdout.write(text.replace("\033", "<ESC>").replace("\r", "<CR>"))
    print(f"signal {-status}" if status < 0 else f"status {status}")


if __name__ == "__main__":
    main()
