#!/usr/bin/env bats
# The documents lead where they say.

@test "every link in the documents leads to a file" {
    run /usr/bin/python3 - "$NFOLD_SOURCE_ROOT" <<'PYTHON'
import re, sys
from pathlib import Path
root = Path(sys.argv[1])
pages = [*root.glob("*.md"), *root.glob("docs/**/*.md"), *root.glob("*/README.md")]
assert len(pages) > 5
broken = [f"{page}: {target}" for page in pages
          for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text())
          if not (page.parent / target).exists()]
sys.exit("\n".join(broken) if broken else 0)
PYTHON
    [ "$status" -eq 0 ] || { echo "$output"; false; }
}

@test "every design page is in the index" {
    local page
    for page in "$NFOLD_SOURCE_ROOT"/docs/design/*.md; do
        page=$(basename "$page")
        [ "$page" = README.md ] || grep -q "($page)" "$NFOLD_SOURCE_ROOT/docs/design/README.md" ||
            { echo "$page is not in docs/design/README.md" && false; }
    done
}
