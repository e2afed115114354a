#!/usr/bin/env python3
"""Keeps the list of docs/cuda.md of operators without kernels in step with the tool (`bolide operators --json`).

usage: tools/cuda_operators.py [--write] [BOLIDE]
BOLIDE: the tool (default: the one on the path). Without --write: fails when the page says something else.
"""

import json
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs/cuda.md"
BEGIN, END = "<!-- on the host -->\n", "<!-- end of on the host -->"
WIDTH = 120


def lines(names):
    out, line = [], ""
    for name in names:
        item = f"`{name}`" + ("," if name != names[-1] else ".")
        if len(line) + len(item) + 1 > WIDTH:
            out.append(line)
            line = ""
        line += (" " if line else "") + item
    return "\n".join(out + [line]) + "\n"


def main():
    arguments = [a for a in sys.argv[1:] if a != "--write"]
    tool = arguments[0] if arguments else "bolide"
    listed = json.loads(subprocess.run([tool, "operators", "--json"], check=True, capture_output=True).stdout)
    wanted = lines([o["name"] for o in listed if not o["cuda"]])
    page = PAGE.read_text()
    begin = page.index(BEGIN) + len(BEGIN)
    end = page.index(END)
    if "--write" in sys.argv:
        PAGE.write_text(page[:begin] + wanted + page[end:])
    elif page[begin:end] != wanted:
        sys.exit(f"docs/cuda.md differs from `bolide operators`; expected:\n{wanted}")


main()
