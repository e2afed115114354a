#!/usr/bin/env python3
"""Reads the #include lines and fails on an arrow that does not point down; also checks what git tracks.

usage: layering_test.py [ROOT]
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

# The folders of src/ that each folder may include from, besides itself and what those may include.
ARROWS = {
    "base": [],
    "tensor": ["base"],
    "ops": ["tensor"],
    "ir": ["ops"],
    "backend": ["ops"],
    "plan": ["ops", "backend"],
    "import": ["ir"],
    "passes": ["ir"],
    "quant": ["ir"],
    "tune": ["backend", "plan"],
    "runtime": ["backend", "plan"],
    "vision": ["backend"],
    "compile": ["ir", "passes", "quant", "tune", "plan", "runtime"],
    "api": ["import", "compile", "runtime", "vision"],
    "media": [],
    "cli": [],
    "server": [],
}
# Users of the public headers: no folder of src/ but their own. The last two stand beside src/.
USERS = ("cli", "media", "server", "python", "apps")
# The public headers that a folder between base and compile may see; api and the users see all of them.
VALUE_HEADERS = ("bolide/types.h", "bolide/media.h", "bolide/plugin.h")

SOURCES = (".h", ".hpp", ".cuh", ".cpp", ".cu", ".c")
HEADERS = (".h", ".hpp", ".cuh")
LARGEST_FILE = 512 * 1024
ABSOLUTE_PATH = re.compile(rb"(?<![\w.~-])/wo" rb"rk/")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def reachable(folder):
    """Everything at the end of the arrows from `folder`, and the folder itself."""
    found, todo = set(), [folder]
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += ARROWS.get(name, [])
    return found


def files_of(root):
    """Paths relative to `root` of what git tracks or would track; of everything when there is no git."""
    command = ["git", "-c", "safe.directory=*", "-C", str(root), "ls-files", "-z", "-co", "--exclude-standard"]
    try:
        listing = subprocess.run(command, capture_output=True, check=True).stdout
        names = sorted({name for name in os.fsdecode(listing).split("\0") if name})
        return [name for name in names if (root / name).is_file()]
    except (OSError, subprocess.CalledProcessError):
        names = []
        for folder, folders, files in os.walk(root):
            folders[:] = [f for f in folders if f not in (".git", "build", "demo-output", "__pycache__")]
            names += [os.path.relpath(os.path.join(folder, f), root) for f in files]
        return sorted(names)


def folder_of(name):
    """The layer a file belongs to: a folder of src/, `include`, `python`, `apps`; None for all others."""
    parts = Path(name).parts
    if parts[0] == "src" and len(parts) > 2:
        return parts[1]
    return parts[0] if parts[0] in ("include", "python", "apps") and len(parts) > 1 else None


def wrong_include(root, name, folder, quote, target):
    """Why the file may not include `target`, or None."""
    first = target.split("/")[0]
    if first == "bolide":
        if folder in USERS or folder in ("include", "api") or target in VALUE_HEADERS:
            return None
        return f"{folder} may see only {', '.join(VALUE_HEADERS)} of the public headers"
    if folder == "include":
        return None if quote == "<" and first not in ARROWS else "a public header may include only <bolide/...> and system headers"
    if quote == '"' and "/" not in target:
        return None if (root / name).with_name(target).is_file() else "no such file beside this one"
    if first not in ARROWS:
        return None if quote == "<" or folder in USERS else "the path does not start with a folder of src/"
    if quote == "<" and not (root / "src" / target).is_file():
        return None
    if folder in USERS:
        return None if first == folder else f"{folder} may include only <bolide/...> and its own files"
    if first not in reachable(folder):
        return f"{folder} may not include {first}"
    if not (root / "src" / target).is_file():
        return "no such file under src/"
    return None


def findings(root):
    """Every breach under `root`, as `file:line: text`."""
    found = []
    for name in files_of(root):
        path = root / name
        content = path.read_bytes()
        if len(content) > LARGEST_FILE:
            found.append(f"{name}:1: {len(content)} bytes, more than {LARGEST_FILE}")
        for number, line in enumerate(content.split(b"\n"), 1):
            if ABSOLUTE_PATH.search(line):
                found.append(f"{name}:{number}: a path of one machine: {line.strip()[:100].decode(errors='replace')}")
        if not name.endswith(SOURCES):
            continue
        text = content.decode(errors="replace")
        if name.endswith(HEADERS) and not re.search(r"^#pragma once$|^#ifndef BOLIDE_(C|PLUGIN)_H_$", text, re.M):
            found.append(f"{name}:1: no #pragma once")
        folder = folder_of(name)
        if folder is None:
            continue
        if name.startswith("src/") and folder not in ARROWS:
            found.append(f"{name}:1: src/{folder} has no row in ARROWS of tests/layering_test.py")
            continue
        for number, line in enumerate(text.split("\n"), 1):
            if include := INCLUDE.match(line):
                if why := wrong_include(root, name, folder, *include.groups()):
                    found.append(f"{name}:{number}: {include.group(2)}: {why}")
    return found


def self_test():
    """A made-up tree in which each rule is broken once, beside includes that are right."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        files = {
            "include/bolide/types.h": "#pragma once\n#include <vector>\n",
            "include/bolide/engine.h": '#pragma once\n#include "base/error.h"\n',
            "src/base/error.h": "#pragma once\n#include <bolide/types.h>\n",
            "src/ops/conv.h": '#pragma once\n#include "base/error.h"\n#include "passes/fold.h"\n',
            "src/ops/pool.h": "#include <bolide/engine.h>\n",
            "src/passes/fold.h": '#pragma once\n#include "ops/conv.h"\n',
            "src/backend/run.cpp": '#include "run.h"\n#include "ir/graph.h"\n#include "ops/missing.h"\n',
            "src/cli/main.cpp": '#include "cli/demo/digits.h"\n#include <bolide/engine.h>\n#include "base/error.h"\n',
            "src/unheard/of.cpp": "\n",
            "docs/big.txt": "x" * (LARGEST_FILE + 1),
            "docs/path.txt": "see\n/wo" "rk/somewhere\n",
        }
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        found = [": ".join(line.split(": ")[:1]) for line in findings(root)]
        wanted = [
            "docs/big.txt:1",
            "docs/path.txt:2",
            "include/bolide/engine.h:2",
            "src/backend/run.cpp:1",
            "src/backend/run.cpp:2",
            "src/backend/run.cpp:3",
            "src/cli/main.cpp:3",
            "src/ops/conv.h:3",
            "src/ops/pool.h:1",  # no pragma once
            "src/ops/pool.h:1",  # a public header that is not a value header
            "src/unheard/of.cpp:1",
        ]
        if found != wanted:
            print("self-test: found", *found, "but wanted", *wanted, sep="\n  ")
            return False
    return True


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent).resolve()
    if not self_test():
        return 1
    found = findings(root)
    print(*found, sep="\n")
    print(f"{len(found)} findings in {len(files_of(root))} files")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
