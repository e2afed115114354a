#!/usr/bin/env python3
"""Runs the ```sh blocks and compiles the ```cpp blocks of README.md and docs/**/*.md, so that they stay true. In all pages of the
tree, files that are named and targets of links must be there.

usage: docs_test.py [ROOT [BUILD]]

The shell blocks of one file run one after the other, by `bash -euo pipefail`, in one scratch copy of the tree with
BUILD on the PATH; each file gets a copy of its own. A C++ block that includes nothing is the body of a function that
sees <bolide/bolide.h>. A line `<!-- not run: reason -->` before a block leaves it out; those are counted.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from layering_test import files_of

SECONDS_PER_BLOCK = 300
NOT_RUN = re.compile(r"^\s*<!--\s*not run:\s*(\S.*?)\s*-->\s*$")
FENCE = re.compile(r"^\s*```\s*(\w*)")
LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)")
# `src/ops/trilu.h`, with or without more around it in the same backticks; not `src/ops/<name>.cpp` and its like.
NAMED = re.compile(r"(?<![\w./-])(?:src|include|tests|docs|tools|bench|fuzz|models|cmake)/[\w./-]*(?![\w<{*$])")
# These build everything again, and most of them run this test.
WHOLE_GATE = re.compile(r"(^|[\s;&|])(\./)?(test\.sh|demo\.sh|\.ci/run)\b")


def blocks_of(text):
    """(line number, language, text, reason not to run or None) of each fenced block."""
    language, lines, start, reason, last = None, [], 0, None, ""
    for number, line in enumerate(text.split("\n"), 1):
        if language is None:
            if fence := FENCE.match(line):
                language, lines, start = fence.group(1), [], number
                marker = NOT_RUN.match(last)
                reason = marker.group(1) if marker else None
            last = line if line.strip() else last
        elif line.strip() == "```":
            yield start, language, "\n".join(lines) + "\n", reason
            language, last = None, ""
        else:
            lines.append(line)
    if language is not None:
        yield start, language, "\n".join(lines), reason


def anchors_of(text):
    """The targets that headings are."""
    headings = re.findall(r"^#+ +(.+?) *$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def what_is_missing(root, name):
    """Files that the page `name` speaks of and that are not there, and links that lead nowhere."""
    text = (root / name).read_text()
    for line, language, block, _ in blocks_of(text):
        text = text.replace(block, "\n" * block.count("\n"), 1)
    for number, line in enumerate(text.split("\n"), 1):
        code = re.findall(r"`([^`]+)`", line)
        for path in (path.rstrip(".") for span in code for path in NAMED.findall(span)):
            if not (root / path).exists():
                yield f"{name}:{number}: there is no {path}"
        for target, anchor in LINK.findall(re.sub(r"`[^`]+`", "", line)):
            if "://" in target:
                continue
            page = (root / name).parent / target if target else root / name
            if not page.exists() or (anchor and anchor not in anchors_of(page.read_text())):
                yield f"{name}:{number}: the link {target}{'#' if anchor else ''}{anchor} leads nowhere"


def run_shell(text, tree, environment):
    """None, or what went wrong."""
    if gate := WHOLE_GATE.search(text):
        return f"runs {gate.group(3)}, which builds everything again; mark the block as not run"
    try:
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", text], cwd=tree, env=environment, text=True, errors="replace",
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS_PER_BLOCK)
    except subprocess.TimeoutExpired:
        return f"still running after {SECONDS_PER_BLOCK} s"
    return None if done.returncode == 0 else f"exit code {done.returncode}\n{done.stdout[-3000:]}"


def compile_cpp(text, root):
    """None, or what the compiler says."""
    if "#include" not in text:
        text = f"#include <bolide/bolide.h>\nvoid example() {{\n{text}}}\n"
    command = [os.environ.get("CXX", "c++"), "-std=c++20", "-fsyntax-only", "-I", root / "include", "-I", root / "src", "-x", "c++", "-"]
    done = subprocess.run(command, input=text, text=True, capture_output=True)
    return None if done.returncode == 0 else done.stderr[-3000:]


def copy_tree(root, tree):
    for name in files_of(root):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / name, tree / name)


def check(root, build):
    """(blocks that hold, failures, blocks left out)"""
    good, bad, left_out = 0, [], []
    for page in sorted(name for name in files_of(root) if name.endswith(".md")):
        bad += what_is_missing(root, page)
    documents = [p for p in [root / "README.md", *sorted((root / "docs").glob("**/*.md"))] if p.is_file()]
    shared = Path(os.environ.get("BOLIDE_SHARED", root / "../shared")).resolve()
    for document in documents:
        name = document.relative_to(root)
        with tempfile.TemporaryDirectory() as scratch:
            tree = Path(scratch) / "bolide"
            environment = dict(os.environ, PATH=f"{build}:{os.environ['PATH']}", BOLIDE_CACHE_DIR=f"{scratch}/cache",
                               BOLIDE_SHARED=str(shared))
            for line, language, text, reason in blocks_of(document.read_text()):
                if language not in ("sh", "cpp"):
                    continue
                if reason:
                    left_out.append(f"{name}:{line}: {reason}")
                    continue
                if language == "sh" and not tree.exists():
                    copy_tree(root, tree)
                    (Path(scratch) / "cache").mkdir()
                    (Path(scratch) / "shared").symlink_to(shared)
                why = run_shell(text, tree, environment) if language == "sh" else compile_cpp(text, root)
                if why:
                    bad.append(f"{name}:{line}: {why}")
                else:
                    good += 1
    return good, bad, left_out


def self_test():
    """A made-up document: two blocks hold, three fail, one is left out; of names and links one each is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "include/bolide").mkdir(parents=True)
        (root / "include/bolide/bolide.h").write_text("#pragma once\nint answer();\n")
        (root / "README.md").write_text(
            "```sh\necho kept > left-by-first-block\n```\n```sh\nfalse\necho not reached\n```\n"
            "<!-- not run: needs a GPU -->\n```sh\nfalse\n```\n```text\nfalse\n```\n"
            "```cpp\nint x = answer();\n```\n```cpp\nint x = missing();\n```\n```sh\n./test.sh\n```\n"
            "# Some words: more\n`include/bolide/bolide.h`, `src/<name>.h`, [here](#some-words-more)\n`src/gone.h`\n[there](#less)\n")
        good, bad, left_out = check(root, root)
        lines = [text.split(": ")[0] for text in bad]
        wrong = ["README.md:26", "README.md:27", "README.md:4", "README.md:18", "README.md:21"]
        if good != 2 or lines != wrong or left_out != ["README.md:9: needs a GPU"]:
            print("self-test:", good, bad, left_out)
            return False
    return True


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent).resolve()
    build = Path(sys.argv[2] if len(sys.argv) > 2 else root / "build/release").resolve()
    if not self_test():
        return 1
    good, bad, left_out = check(root, build)
    print(*(f"not run: {text}" for text in left_out), sep="\n")
    print(*bad, sep="\n")
    print(f"{good} blocks hold, {len(bad)} findings, {len(left_out)} not run")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
