"""Starts a command, sends it signals after some seconds, and prints its stderr, how it ended and how
long it took to end since the first signal.

usage: interrupt.py SECONDS SIGNAL[,SIGNAL...] COMMAND...
"""

import signal
import subprocess
import sys
import time


def main(seconds, signals, *command):
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    time.sleep(float(seconds))
    began = time.monotonic()
    for name in signals.split(","):
        process.send_signal(signal.Signals[name])
    try:
        out, err = process.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
    took = time.monotonic() - began
    sys.stdout.write(out + err)
    status = process.returncode
    print(f"signal {signal.Signals(-status).name}" if status < 0 else f"status {status}")
    print(f"milliseconds {took * 1000:.0f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
