"""Packs the distribution's Meson and Ninja as wheels: make_wheels.py FOLDER.

A machine that tests may reach no package index; pip takes these instead. Exit 77: not to be had here.
"""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

MESON = Path("/usr/lib/python3/dist-packages/mesonbuild")
NINJA = Path("/usr/bin/ninja")


def write_wheel(folder, name, version, tag, files, entry_points=""):
    """files: {path inside: bytes}"""
    info = f"{name}-{version}.dist-info"
    files = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n".encode(),
    }
    if entry_points:
        files[f"{info}/entry_points.txt"] = entry_points.encode()
    record = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(folder / f"{name}-{version}-{tag}.whl", "w") as wheel:
        for path, content in [*files.items(), (f"{info}/RECORD", record.encode())]:
            wheel.writestr(path, content)


def meson_files():
    return {str(path.relative_to(MESON.parent)): path.read_bytes() for path in MESON.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts}


def main(folder):
    if not MESON.is_dir() or not NINJA.exists() or not shutil.which("/usr/bin/meson"):
        print("the distribution's Meson and Ninja are not installed")
        return 77
    folder.mkdir(parents=True, exist_ok=True)
    version = subprocess.run(["/usr/bin/meson", "--version"], capture_output=True, text=True).stdout.strip()
    write_wheel(folder, "meson", version, "py3-none-any", meson_files(),
                "[console_scripts]\nmeson = mesonbuild.mesonmain:main\n")
    version = subprocess.run([NINJA, "--version"], capture_output=True, text=True).stdout.strip()
    write_wheel(folder, "ninja", version, "py3-none-any",
                {f"ninja-{version}.data/scripts/ninja": NINJA.read_bytes()})
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
