"""Times operators one by one, by Bolide and ONNX Runtime in turns, and prints a table with the worst ratio first.

usage: operators.py [--only PATTERN,...] [--rounds R] [--seconds S] [--threads N] [--json FILE] [--markdown FILE] [--keep DIR]
       operators.py --models DIR
BOLIDE names the program (default: build/release/bolide). Both use all threads; a figure is the median over rounds of the
median of a round. Answers are compared, too: `differs` shows the largest relative error where it is above 1e-3.
--models writes the models of all cases, and of the operators that ONNX Runtime lacks (rare.py), and times nothing.
"""
import argparse
import fnmatch
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cases  # noqa: E402
import rare  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BOLIDE = os.environ.get("BOLIDE", os.path.join(ROOT, "build/release/bolide"))


class Ort:
    """ONNX Runtime with inputs bound once, so that its Python layer costs little."""

    statistic = staticmethod(statistics.median)

    def __init__(self, path, feeds, threads):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 4
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.feeds = feeds
        self.names = [o.name for o in self.session.get_outputs()]
        self.binding = None
        plain = all(o.type.startswith("tensor") and "string" not in o.type for o in self.session.get_outputs())
        if plain and all(v.dtype.kind not in "OU" for v in feeds.values()):
            self.binding = self.session.io_binding()
            for name, value in feeds.items():
                self.binding.bind_ortvalue_input(name, onnxruntime.OrtValue.ortvalue_from_numpy(value))
            for name in self.names:
                self.binding.bind_output(name)
        self.run_once()

    def run_once(self):
        if self.binding is None:
            self.session.run(None, self.feeds)
        else:
            self.session.run_with_iobinding(self.binding)

    def outputs(self):
        return self.session.run(None, self.feeds)

    def run(self, seconds):
        self.run_once()
        times, end = [], time.perf_counter() + seconds
        while len(times) < 3 or time.perf_counter() < end:
            start = time.perf_counter()
            self.run_once()
            times.append((time.perf_counter() - start) * 1e3)
        return self.statistic(times)


class Bolide:
    """The command line: built once, loaded anew each round (loading is not timed)."""

    statistic = "median"

    def __init__(self, path, feeds, threads, folder):
        self.engine = os.path.join(folder, "model.engine")
        self.threads = ["--threads", str(threads)]
        self.inputs = []
        for name, value in feeds.items():
            file = os.path.join(folder, f"{name}.pb")
            with open(file, "wb") as out:
                out.write(numpy_helper.from_array(value, name).SerializeToString())
            self.inputs += ["--input", f"{name}={file}"]
        self.call("build", path, "--output", self.engine, "--time-budget", "2", "--no-timing-cache", *self.threads)

    def call(self, *arguments):
        done = subprocess.run([BOLIDE, *arguments], capture_output=True, text=True, timeout=120)
        if done.returncode:
            raise RuntimeError(done.stderr.strip()[-300:])
        return done.stdout

    def run(self, seconds):
        report = json.loads(self.call("bench", self.engine, "--duration", str(seconds), "--json", *self.threads, *self.inputs))
        return report["latency_ms"][self.statistic], report["reference_steps"]

    def tactics(self):
        steps = json.loads(self.call("inspect", self.engine, "--json", *self.threads)).get("steps", [])
        return [s["tactic"] for s in steps]

    def outputs(self, names, folder):
        files = [os.path.join(folder, f"out{k}.npy") for k in range(len(names))]
        asked = [part for n, f in zip(names, files) for part in ("--output", f"{n}={f}")]
        self.call("run", self.engine, "--top", "0", *self.threads, *self.inputs, *asked)
        return [np.load(f) for f in files]


def error(got, want):
    """Largest difference relative to the largest number; inf where shapes or non-finite places differ."""
    worst = 0.0
    for g, w in zip(got, want):
        if g.shape != w.shape:
            return float("inf")
        if w.size == 0:
            continue
        if w.dtype == bool or w.dtype.kind in "iu":
            g, w = g.astype(np.float64), w.astype(np.float64)
        good = np.isfinite(w)
        if not np.array_equal(good, np.isfinite(g)):
            return float("inf")
        if good.any():
            scale = max(float(np.abs(w[good]).max()), 1e-30)
            worst = max(worst, float(np.abs(g[good].astype(np.float64) - w[good]).max()) / scale)
    return worst


def measure(case, args, folder):
    row = {"op": case.name, "case": case.label}
    path = os.path.join(folder, "model.onnx")
    onnx.save(case.model, path)
    ort = ours = None
    try:
        ort = Ort(path, case.feeds, args.threads)
    except Exception as problem:
        row["ort_error"] = str(problem).splitlines()[0][-200:]
    try:
        ours = Bolide(path, case.feeds, args.threads, folder)
        row["tactics"] = ours.tactics()
        times = {"ort": [], "bolide": []}
        for _ in range(args.rounds):
            if ort:
                times["ort"].append(ort.run(args.seconds))
                time.sleep(0.02)
            ms, row["reference_steps"] = ours.run(args.seconds)
            times["bolide"].append(ms)
        for who, values in times.items():
            if values:
                row[who + "_ms"] = args.over_rounds(values)
        if ort:
            row["ratio"] = row["bolide_ms"] / row["ort_ms"]
        if ort and not case.random and all(o.type.startswith("tensor") and "string" not in o.type for o in ort.session.get_outputs()):
            row["error"] = error(ours.outputs(ort.names, folder), ort.outputs())
    except Exception as problem:
        row["error_text"] = str(problem)[-300:]
    return row


def form(row):
    if "error_text" in row:
        return "error: " + row["error_text"].splitlines()[-1]
    names = [t for t in row.get("tactics", []) if t != "view"]
    counted = {}
    for name in names:
        counted[name] = counted.get(name, 0) + 1
    text = ", ".join(n if c == 1 else f"{c} x {n}" for n, c in counted.items()) or "by definition, between regions"
    if row.get("error", 0) > 1e-3:
        text += f"; differs by {row['error']:.2g}"
    return text


def table(rows):
    rows = sorted(rows, key=lambda r: -r.get("ratio", -1 if "error_text" not in r else 1e9))
    lines = ["| operator | case | ONNX Runtime, ms | Bolide, ms | ratio | how Bolide runs it |", "|---|---|---:|---:|---:|---|"]
    for r in rows:
        number = lambda key: f"{r[key]:.3f}" if key in r else "-"  # noqa: E731
        ratio = f"{r['ratio']:.2f}" if "ratio" in r else "-"
        lines.append(f"| {r['op']} | {r['case']} | {number('ort_ms')} | {number('bolide_ms')} | {ratio} | {form(r)} |")
    return "\n".join(lines)


def write_models(folder):
    os.makedirs(folder, exist_ok=True)
    for index, case in enumerate([*cases.all_cases(), *rare.all_cases()]):
        onnx.save(case.model, os.path.join(folder, f"{index:03}_{case.name}.onnx"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="*", help="patterns of operators, with commas")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.1, help="of a round, for each runtime")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--json", help="write the figures there")
    parser.add_argument("--markdown", help="write the table there")
    parser.add_argument("--keep", help="keep models and inputs in this folder")
    parser.add_argument("--models", help="write the models there and stop")
    parser.add_argument("--min", action="store_true", help="the shortest run instead of medians, for a machine that others use")
    args = parser.parse_args()
    if args.models:
        return write_models(args.models)
    args.over_rounds = min if args.min else statistics.median
    if args.min:
        Ort.statistic, Bolide.statistic = staticmethod(min), "min"
    patterns = args.only.split(",")
    rows = []
    for index, case in enumerate(cases.all_cases()):
        if not any(fnmatch.fnmatch(case.name, p) for p in patterns):
            continue
        folder = os.path.join(args.keep, f"{index:03}_{case.name}") if args.keep else tempfile.mkdtemp(prefix="operators-")
        os.makedirs(folder, exist_ok=True)
        rows.append(measure(case, args, folder))
        row = rows[-1]
        print(f"{row.get('ratio', 0):8.2f}  {row['op']:28} {row['case']:32} {row.get('ort_ms', 0):9.3f} {row.get('bolide_ms', 0):9.3f}  {form(row)}"
              + ("   ONNX Runtime: " + row["ort_error"] if "ort_error" in row else ""), flush=True)
        if not args.keep:
            shutil.rmtree(folder)
        if args.json:
            with open(args.json, "w") as out:
                json.dump(rows, out, indent=1)
    if args.markdown:
        with open(args.markdown, "w") as out:
            out.write(table(rows) + "\n")
    slow = [r for r in rows if r.get("ratio", 0) > 2]
    print(f"{len(rows)} cases, {len(slow)} slower than twice ONNX Runtime, {sum('error_text' in r for r in rows)} errors")


if __name__ == "__main__":
    sys.exit(main())
