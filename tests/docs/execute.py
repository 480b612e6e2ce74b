"""Run the examples of a page in the order in which they stand: `python execute.py PAGE`."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from typing import Any

BLOCK = re.compile(r"^```(python|sh)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def main(page: Path) -> None:
    names: dict[str, Any] = {"__name__": "__page__"}
    for kind, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        if kind == "python":
            exec(compile(text, str(page), "exec"), names)
            continue
        from fireassay.cli.app import app

        for line in text.strip().split("\n"):
            verb, *args = shlex.split(line)
            assert verb == "fireassay", line
            status = app(args, standalone_mode=False)
            assert not status, f"{line} ended with {status}"


if __name__ == "__main__":
    import fireassay.cli  # noqa: F401  (registers the verbs)

    main(Path(sys.argv[1]).resolve())
