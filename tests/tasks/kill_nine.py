#!/usr/bin/env python3
"""Kills nfold, its guardian or its supervisor, with SIGKILL at random instants, and resumes.

    kill_nine.py NFOLD KILLS TASKS [SEED]

At the end every input must have exactly one ok end, and no task may
have begun again whose ok end was in the journal before the kill.
"""
import collections
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

COMMAND = "echo b {} >>log; sleep 0.00$(({} % 7)); echo e {} >>log"


def supervisor_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(word) for word in file.read().split()]


def kill_one(rng, process):
    """The process that the shell sees, or the one below it that does the work."""
    victims = [process.pid]
    try:
        victims += supervisor_of(process.pid)[:1]
        os.kill(rng.choice(victims), signal.SIGKILL)
    except (FileNotFoundError, ProcessLookupError):
        process.kill()
    process.wait()


def wait_unlocked(nfold):
    for _ in range(6000):
        listed = subprocess.run([nfold, "runs", "--json", "night"], capture_output=True, text=True,
                                check=False)
        if listed.returncode == 0 and json.loads(listed.stdout)[0]["state"] != "running":
            return
        if not os.path.exists("night/command"):
            return  # killed before it had written anything down
        time.sleep(0.02)
    raise SystemExit("the killed nfold still works on its folder")


def ok_tasks(nfold):
    if not os.path.exists("night/command"):
        return set()
    logs = subprocess.run([nfold, "logs", "--json", "night"], capture_output=True, text=True,
                          check=True)
    return {row["task"] for row in json.loads(logs.stdout) if row["status"] == "ok"}


def begun():
    if not os.path.exists("log"):
        return collections.Counter()
    with open("log", encoding="ascii") as file:
        return collections.Counter(int(line.split()[1]) for line in file if line[0] == "b")


def main(nfold, kills, tasks, seed):
    rng = random.Random(seed)
    with open("inputs", "w", encoding="ascii") as file:
        file.writelines(f"{number}\n" for number in range(1, tasks + 1))
    command = [nfold, "tasks", "-j", "4", "--run-dir", "night", "--resume", COMMAND, "::::",
               "inputs"]
    done, again = {}, 0
    while True:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE)
        try:
            process.wait(rng.uniform(0.005, 0.15) if kills > 0 else 600)
        except subprocess.TimeoutExpired:
            kills -= 1
            kill_one(rng, process)
            wait_unlocked(nfold)
        now = begun()
        again += sum(now[task] > times for task, times in done.items())
        if process.returncode == 0:
            break
        if process.returncode not in (-9, 137):
            raise SystemExit(process.stderr.read().decode())
        done = {task: now[task] for task in ok_tasks(nfold)}
    verified = subprocess.run([nfold, "verify", "night"], capture_output=True, text=True,
                              check=False)
    print(verified.stdout, verified.stderr)
    print(f"{again} tasks began again after their ok end; {tasks - len(begun())} never began")
    return 1 if verified.returncode or again or len(begun()) != tasks else 0


if __name__ == "__main__":
    command_path = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="nfold-kill-",
                                     ignore_cleanup_errors=True) as folder:
        os.chdir(folder)
        status = main(command_path, int(sys.argv[2]), int(sys.argv[3]),
                      int(sys.argv[4]) if len(sys.argv) > 4 else 1)
        os.chdir("/")
    sys.exit(status)
