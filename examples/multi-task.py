"""One of many tasks, as in the course: multi-task.py N works on input N and prints its result.

    python3 multi-task.py 1 & python3 multi-task.py 2 & ... wait      # by hand
    nfold tasks 'python3 multi-task.py {}' ::: 1 2 3 4 5              # on the CPUs that there are
"""

import sys


def work(n, steps=500_000):
    """The integral of x^n from 0 to 1, by the midpoint rule; more work for a larger n."""
    steps *= n
    return sum(((i + 0.5) / steps) ** n for i in range(steps)) / steps


def main():
    word = sys.argv[1]
    if not word.isdigit() or int(word) == 0:
        sys.exit(f"multi-task.py: '{word}' is no whole number from 1 on")
    n = int(word)
    print(f"task {n}: {work(n):.6f}")


if __name__ == "__main__":
    main()
