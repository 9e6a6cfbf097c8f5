"""Starts a command, sends it signals after some seconds, and prints its output and how it ended.
A command that does not end is killed: "signal SIGKILL".

usage: interrupt.py SECONDS SIGNAL[,SIGNAL...] COMMAND...
The seconds begin when the command takes SIGINT, so that it is not ended before it has begun.
SIGNAL is a name, or until:WORDS, which waits for a line on stderr that has these words, or
file:PATH, which waits until this file is not empty.
"""

import os
import signal
import subprocess
import sys
import threading
import time


def takes_interrupts(process):
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        caught = next(line for line in status if line.startswith("SigCgt:"))
    return int(caught.split()[1], 16) & 1 << signal.SIGINT - 1


def wait_for_handler(process):
    until = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < until and not takes_interrupts(process):
        time.sleep(0.01)


def wait_for(process, words):
    for line in process.stderr:
        sys.stdout.write(line)
        if words in line:
            return


def wait_for_file(process, path):
    while process.poll() is None and not (os.path.exists(path) and os.path.getsize(path)):
        time.sleep(0.01)


def main(seconds, signals, *command):
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    guard = threading.Timer(300 + float(seconds), process.kill)
    guard.start()
    if float(seconds) > 0:
        wait_for_handler(process)
    time.sleep(float(seconds))
    for name in signals.split(","):
        if name.startswith("until:"):
            wait_for(process, name.removeprefix("until:"))
        elif name.startswith("file:"):
            wait_for_file(process, name.removeprefix("file:"))
        else:
            process.send_signal(signal.Signals[name])
    out, err = process.communicate()
    guard.cancel()
    sys.stdout.write(out + err)
    status = process.returncode
    print(f"signal {signal.Signals(-status).name}" if status < 0 else f"status {status}")


if __name__ == "__main__":
    main(*sys.argv[1:])
