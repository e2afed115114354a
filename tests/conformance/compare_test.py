"""`bolide compare MODEL --data DIR` over backend tests with every kind of value: sequences, optionals, strings, random
numbers, outer scopes. usage: compare_test.py BOLIDE ARCHIVES"""
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile

KINDS = ("sequence", "optional", "identity_opt", "loop", "if_", "string", "bernoulli", "bfloat16", "complex")


def main() -> int:
    tool, archives = sys.argv[1], sorted(pathlib.Path(sys.argv[2]).glob("*.tar.gz"))
    if not archives:
        print(f"there is no *.tar.gz in {sys.argv[2]}")
        return 1 if os.environ.get("CI") == "true" else 77
    failed, ran = [], 0
    with tempfile.TemporaryDirectory() as scratch:
        for archive in archives:
            with tarfile.open(archive) as tar:
                tar.extractall(scratch)
        for model in sorted(pathlib.Path(scratch).rglob("model.onnx")):
            if not any(kind in model.parent.name.lower() for kind in KINDS):
                continue
            ran += 1
            done = subprocess.run([tool, "compare", model, "--data", model.parent], capture_output=True, text=True)
            if done.returncode != 0:
                failed.append(f"{model.parent.name}: {done.stderr.strip()}")
    print("\n".join(failed))
    print(f"{ran - len(failed)} of {ran} hold")
    return 1 if failed or ran < 50 else 0


sys.exit(main())
