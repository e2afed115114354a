"""The shared library exports the symbols of the public headers and nothing else.

usage: exports_test.py REPOSITORY LIBRARY
"""

import pathlib
import re
import subprocess
import sys


def exported(library):
    out = subprocess.run(["nm", "-D", "--defined-only", "-C", library], check=True, capture_output=True, text=True)
    return [line.split(maxsplit=2)[2] for line in out.stdout.splitlines() if len(line.split(maxsplit=2)) == 3]


def main():
    root, library = pathlib.Path(sys.argv[1]), sys.argv[2]
    headers = "".join(path.read_text() for path in sorted((root / "include/bolide").glob("*.h")))
    classes = set(re.findall(r"class BOLIDE_API (\w+)", headers)) | {"Logger", "ProgressMonitor", "Profiler"}
    functions = set(re.findall(r"BOLIDE_API [^;{]*?\b(\w+)\(", headers))
    c_functions = set(re.findall(r"BOLIDE_C_API [^;]*?\b(bolide_\w+)\(", headers))
    c_functions.discard("bolide_plugin_entry")  # what a plugin's library exports
    problems = []
    seen = set()
    for symbol in exported(library):
        if re.fullmatch(r"bolide_\w+", symbol):
            seen.add(symbol)
            if symbol not in c_functions:
                problems.append(f"{symbol} is exported and not in c.h")
            continue
        name = re.sub(r"^(typeinfo name for|typeinfo for|vtable for) ", "", symbol)
        match = re.match(r"bolide::(\w+)(::~?(\w+))?", name)
        if not match or (match[1] not in classes and match[1] not in functions):
            problems.append(f"{symbol} is exported and not in the public headers")
        elif match[1] in classes and match[3] == "State":
            problems.append(f"{symbol} is exported and private")
    for missing in sorted(c_functions - seen):
        problems.append(f"{missing} is declared in c.h and not exported")
    if not classes or not functions or not c_functions:
        problems.append("the public headers declare nothing: this test reads them wrongly")
    print("\n".join(problems) or f"{len(seen)} C functions, {len(classes)} classes, {len(functions)} functions")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
