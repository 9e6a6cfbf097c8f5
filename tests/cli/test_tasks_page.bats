#!/usr/bin/env bats
# The page of a run of tasks, looked at in a browser.

bats_require_minimum_version 1.5.0
tool=$NFOLD

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) ||
        skip "no Chromium on this machine"
}

# browse OPTION... FILE: with a fresh profile and without the network.
browse() {
    HOME=$BATS_TEST_TMPDIR timeout 600 "$browser" --headless --no-sandbox --disable-gpu \
        --disable-background-networking --disable-component-update --disable-sync --no-first-run \
        --disable-dev-shm-usage --proxy-server=127.0.0.1:9 --enable-logging=stderr \
        --user-data-dir="$BATS_TEST_TMPDIR/profile" "${@:1:$#-1}" \
        "file://$BATS_TEST_TMPDIR/${!#}" 2>log
}

# A "!" in front of a command would never fail a test.
absent() { # absent TEXT FILE
    if grep -e "$1" "$2"; then
        return 1
    fi
}

@test "the page shows each task in a browser, and runs without an error" {
    run -1 "$tool" tasks -j 3 --html page.html 'sleep 0.0{}; test {} -ne 4' ::: 1 2 3 4 5 6
    browse --dump-dom page.html >dom
    absent CONSOLE log
    [ "$(grep -o '<rect class="task ok"' dom | wc -l)" -eq 5 ]
    [ "$(grep -o '<rect class="task failed"' dom | wc -l)" -eq 1 ]
    [ "$(grep -o '<tr class="row">' dom | wc -l)" -eq 6 ]
    grep -q '<h1 id="summary">6 tasks: 5 ok, 1 failed</h1>' dom
    grep -q 'data-count="6"' dom
}

@test "an input is never a part of the page" {
    "$tool" tasks --html page.html 'true {} </script><b>' ::: '<script>alert(1)</script>' \
        '<img src=x onerror=document.title=1>' '"&amp;' || true
    browse --dump-dom page.html >dom
    absent CONSOLE log
    grep -q 'data-count="3"' dom
    # What it would have made: elements.
    absent '<img' dom
    absent '<b>' dom
    [ "$(grep -o '<script' dom | wc -l)" -eq 2 ]
    grep -q '&lt;script&gt;alert(1)&lt;/script&gt;' dom
}

@test "the page of many tasks is drawn from bins" {
    seq 5000 | "$tool" tasks -j 2 --html page.html true
    (($(stat -c %s page.html) < 3000000))
    browse --dump-dom page.html >dom
    absent CONSOLE log
    grep -q 'data-count="5000"' dom
    [ "$(grep -o '<path class="bins ok"' dom | wc -l)" -eq 2 ]
}

@test "the page is a picture, light and dark" {
    "$tool" tasks -j 2 --html page.html 'sleep {}' ::: 1 2 1
    browse --screenshot="$BATS_TEST_TMPDIR/light.png" --window-size=800,600 page.html
    browse --screenshot="$BATS_TEST_TMPDIR/dark.png" --window-size=800,600 \
        --blink-settings=preferredColorScheme=0 page.html
    python3 - <<'PYTHON'
import struct, zlib

def pixels(path):
    """The colours of a PNG of 8 bits, with how often each stands there."""
    data, at, packed = open(path, "rb").read(), 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + size]
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", body[:10])
        packed += body if kind == b"IDAT" else b""
        at += size + 12
    step = {2: 3, 6: 4}[colour]
    raw, before, found = zlib.decompress(packed), bytearray(width * step), {}
    for row in range(height):
        kind, *line = raw[row * (width * step + 1):(row + 1) * (width * step + 1)]
        for i in range(width * step):
            left = line[i - step] if i >= step else 0
            up, corner = before[i], before[i - step] if i >= step else 0
            guess = left + up - corner
            paeth = min((left, up, corner), key=lambda c: abs(guess - c))
            line[i] = (line[i] + (0, left, up, (left + up) // 2, paeth)[kind]) % 256
        for i in range(0, width * step, step):
            key = tuple(line[i:i + 3])
            found[key] = found.get(key, 0) + 1
        before = line
    return found

light, dark = pixels("light.png"), pixels("dark.png")
assert light.get((0x00, 0x72, 0xb2), 0) > 5000, "no bars in the light page"
assert dark.get((0x56, 0xb4, 0xe9), 0) > 5000, "no bars in the dark page"
assert max(light, key=light.get) == (255, 255, 255)
assert max(dark, key=dark.get) == (0x16, 0x18, 0x1c)
PYTHON
}
