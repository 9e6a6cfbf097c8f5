"""Packs the distribution's Meson and Ninja as wheels: make_wheels.py FOLDER.

A machine that tests may reach no package index; pip takes these instead. Exit 77: there are none.
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
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    wheel = f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n"
    files = {**files, f"{info}/METADATA": metadata.encode(), f"{info}/WHEEL": wheel.encode()}
    if entry_points:
        files[f"{info}/entry_points.txt"] = entry_points.encode()
    record = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(folder / f"{name}-{version}-{tag}.whl", "w") as archive:
        for path, content in [*files.items(), (f"{info}/RECORD", record.encode())]:
            entry = zipfile.ZipInfo(path)
            entry.external_attr = (0o100755 if "/scripts/" in path else 0o100644) << 16
            archive.writestr(entry, content)


def meson_files():
    return {str(path.relative_to(MESON.parent)): path.read_bytes() for path in MESON.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts}


def version_of(command):
    return subprocess.run([command, "--version"], capture_output=True, text=True).stdout.strip()


def main(folder):
    if not MESON.is_dir() or not NINJA.exists() or not shutil.which("/usr/bin/meson"):
        print("the distribution's Meson and Ninja are not installed")
        return 77
    folder.mkdir(parents=True, exist_ok=True)
    write_wheel(folder, "meson", version_of("/usr/bin/meson"), "py3-none-any", meson_files(),
                "[console_scripts]\nmeson = mesonbuild.mesonmain:main\n")
    version = version_of(NINJA)
    write_wheel(folder, "ninja", version, "py3-none-any",
                {f"ninja-{version}.data/scripts/ninja": NINJA.read_bytes()})
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
