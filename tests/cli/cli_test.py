"""The program as users run it: exit codes, what stands on stdout and stderr, and what is left behind.

usage: cli_test.py PROGRAM [unittest arguments]
"""

import os
import subprocess
import sys
import unittest

from command_line import *  # noqa: F403
from onnx_bytes import *  # noqa: F403


class Commands(CommandLine):
    def hows(self, document):
        return {node["place"]: node["how"] for node in document["nodes"]}

    def test_check_says_how_each_node_runs(self):
        branch = Graph([node("Det", ["x"], ["d"], name="det")], [], [value("d", FLOAT, [])])
        other = Graph([node("ReduceMax", ["x"], ["m"], name="max", keepdims=0)], [], [value("m", FLOAT, [])])
        path = self.file("hows.onnx", model(Graph(
            [node("Add", ["one", "one"], ["two"]), node("Mul", ["x", "two"], ["z"]), node("Unique", ["z"], ["u"]),
             node("If", ["c"], ["y"], then_branch=branch, else_branch=other)],
            [value("x", FLOAT, [2, 2]), value("c", BOOL, [])], [value("u", FLOAT, ["n"]), value("y", FLOAT, [])],
            [floats("one", [1], [1.0])])))
        document = self.expect(DONE, "check", path, "--json").json()
        self.assertTrue(document["runs"])
        self.assertEqual(self.hows(document), {"0": "folded", "1": "fast", "2": "reference", "3": "fast",
                                               "3/then_branch/0": "reference", "3/else_branch/0": "fast"})

    def test_check_says_what_is_refused_and_what_would_run(self):
        path = self.file("refused.onnx", model(Graph(
            [node("Relu", ["x"], ["a"]), node("Frobnicate", ["a"], ["b"]), node("Abs", ["b"], ["c"]),
             node("Concat", ["a", "a"], ["d"])],
            [value("x", FLOAT, [2])], [value("c", FLOAT, [2]), value("ghost", FLOAT, [2])])))
        outcome = self.expect(FAILED, "check", path, "--json", says="3 problems")
        document = outcome.json()
        self.assertFalse(document["runs"])
        self.assertEqual(self.hows(document), {"0": "read", "1": "refused", "2": "not reached", "3": "refused"})
        self.assertEqual(document["nodes"][3]["problems"], ["attribute 'axis' is missing"])
        self.assertEqual(document["problems"], ["graph output 'ghost' is not produced by any node"])

    def test_a_run_ends_with_its_time_limit(self):
        body = Graph([node("Greater", ["v", "zero"], ["again"]), node("Mul", ["v", "one"], ["next"])],
                     [value("i", INT64, []), value("go", BOOL, []), value("v", FLOAT, [])],
                     [value("again", BOOL, []), value("next", FLOAT, [])],
                     [floats("zero", [], [0.0]), floats("one", [], [1.0])])
        endless = self.file("endless.onnx", model(Graph([node("Loop", ["", "", "x"], ["y"], body=body)],
                                                         [value("x", FLOAT, [])], [value("y", FLOAT, [])])))
        for command in ("run", "compare", "bench"):
            self.expect(FAILED, command, endless, "--fill", "x=1:1", "--time-limit", 0.2,
                        says="the time limit of 0.2 s is over")

    def test_done_is_0(self):
        for command in ("check", "inspect", "run", "compare"):
            self.expect(DONE, command, DIGITS)
        self.expect(DONE, "bench", DIGITS, "--duration", 0, "--effort", 0)
        for command in ("inspect", "run"):
            self.expect(DONE, command, self.engine)
        self.expect(DONE, "bench", self.engine, "--duration", 0)
        for command in ("doctor", "operators", "completion", "--help", "--version"):
            self.assertTrue(self.expect(DONE, command).out)

    def test_failed_work_is_1_and_says_what_is_missing(self):
        missing = self.folder / "missing.onnx"
        for command in ("check", "inspect", "run", "bench", "compare"):
            self.expect(FAILED, command, missing, says=["not found", "missing.onnx"])
        self.expect(FAILED, "build", missing, "--output", self.folder / "x.engine", says="missing.onnx")
        self.assertFalse((self.folder / "x.engine").exists())
        noise = self.file("noise.onnx", b"this is no model at all")
        self.expect(FAILED, "check", noise, says=["bad file", "noise.onnx"])
        self.expect(FAILED, "check", self.folder)

    def test_a_comparison_that_does_not_hold_is_1(self):
        data = self.folder / "data"
        data.mkdir(exist_ok=True)
        (data / "input_0.pb").write_bytes(floats("image", [1, 1, 28, 28], [0.5] * 784))
        (data / "output_0.pb").write_bytes(floats("scores", [1, 10], [1000.0] * 10))
        outcome = self.expect(FAILED, "compare", DIGITS, "--data", data, "--json", says=["scores", "beyond tolerance"])
        self.assertFalse(outcome.json()["holds"])
        self.expect(DONE, "compare", DIGITS, "--data", data, "--atol", 1e9)
        (data / "output_0.pb").write_bytes(floats("scores", [10], [1000.0] * 10))
        self.expect(FAILED, "compare", DIGITS, "--data", data, "--atol", 1e9)

    def test_a_wrong_command_line_is_2(self):
        for arguments in ((), ("frobnicate",), ("check",), ("check", DIGITS, "--no-such-option"), ("build", DIGITS),
                          ("bench", DIGITS, "--duration", "soon"), ("bench", DIGITS, "--duration", -1), ("run", DIGITS, "--threads", -3),
                          ("run", DIGITS, "--precision", "fp7"), ("bench", DIGITS, "--effort", 9),
                          ("compare", self.engine), ("build", self.engine, "--output", self.folder / "y.engine", "--precision", "fp32"),
                          ("compare", DIGITS, "--shapes", "nonsense"), ("run", DIGITS, "--shapes", "image:1xx28"),
                          ("bench", DIGITS, "--shapes", "image:1x"), ("build", DIGITS, "-o", self.folder / "z", "--shapes", "image"),
                          ("run", DIGITS, "--fill", "image=1"), ("run", DIGITS, "--input", "image"), ("run", DIGITS, "--output", "scores")):
            with self.subTest(arguments):
                self.expect(USAGE, *arguments)

    def test_what_is_not_supported_is_3(self):
        x, y = value("x", FLOAT, [4]), value("y", FLOAT, None)
        odd = self.file("odd.onnx", model(Graph([node("MakeCoffee", ["x"], ["y"], "barista")], [x], [y])))
        for command in ("check", "run", "bench", "compare", "inspect"):
            self.expect(NOT_SUPPORTED, command, odd, says=["unsupported", "MakeCoffee", "barista"])
        for precision in ("tf32", "bf16", "fp16", "int8"):
            self.expect(NOT_SUPPORTED, "run", DIGITS, "--precision", precision)
        self.expect(NOT_SUPPORTED, "run", DIGITS, "--device", "cuda", says="cuda")
        self.expect(NOT_SUPPORTED, "run", self.engine, "--device", "cuda", says="cuda")

    def test_json_is_one_document_on_stdout(self):
        for arguments in (("check", DIGITS), ("inspect", DIGITS), ("inspect", self.engine), ("run", DIGITS), ("run", self.engine),
                          ("compare", DIGITS), ("compare", DIGITS, "--layers"), ("bench", DIGITS, "--duration", 0, "--effort", 0),
                          ("bench", self.engine, "--duration", 0, "--per-layer"), ("doctor",), ("operators",),
                          ("build", DIGITS, "-o", self.folder / "j.engine", "--effort", 1, "--time-budget", 0.1)):
            with self.subTest(arguments):
                self.expect(DONE, *arguments, "--json").json()

    def test_json_survives_names_that_are_no_text(self):
        x, y = value("x", FLOAT, [4]), value(b"y\xff\"\n", FLOAT, None)
        path = self.file("names.onnx", model(Graph([node("Relu", ["x"], [b"y\xff\"\n"], b"n\xfe\\")], [x], [y])))
        for arguments in (("check", path), ("inspect", path), ("run", path), ("compare", path), ("bench", path, "--duration", 0, "--per-layer")):
            with self.subTest(arguments):
                outcome = self.tool(*arguments, "--json")
                self.assertIn(outcome.code, (DONE, FAILED, NOT_SUPPORTED), outcome)
                if outcome.code == DONE:
                    outcome.json()

    def test_bench_json_holds_the_promised_keys(self):
        document = self.expect(DONE, "bench", self.engine, "--duration", 0, "--threads", 2, "--json").json()
        self.assertEqual(set(document["latency_ms"]), {"median", "mean", "p90", "p99", "min"})
        for key in ("throughput_per_s", "runs", "threads", "device", "precision", "peak_rss_mib", "reference_steps"):
            self.assertIn(key, document)
        self.assertGreaterEqual(document["runs"], 3)
        self.assertEqual((document["threads"], document["device"], document["precision"]), (2, "cpu", "fp32"))
        self.assertGreater(document["latency_ms"]["median"], 0)

    def test_inspect_shows_text_and_graphviz(self):
        self.assertIn("Conv(", self.expect(DONE, "inspect", DIGITS, "--text").out)
        dot = self.expect(DONE, "inspect", DIGITS, "--dot").out
        self.assertTrue(dot.startswith("digraph") and dot.rstrip().endswith("}"), dot)
        self.assertIn("[batch,16,28,28]", dot)
        self.assertEqual(dot.count("{"), dot.count("}"))
        self.expect(USAGE, "inspect", self.engine, "--dot")

    def test_the_completion_script_is_valid_bash(self):
        script = self.expect(DONE, "completion").out
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)
        words = subprocess.run(["bash", "-c", script + '\nCOMP_WORDS=(bolide bench --dur); COMP_CWORD=2; _bolide; echo "${COMPREPLY[@]}"'],
                               text=True, check=True, capture_output=True).stdout
        self.assertEqual(words.strip(), "--duration")

    def test_what_cannot_be_written_leaves_nothing(self):
        before = sorted(os.listdir(self.folder))
        self.expect(FAILED, "build", DIGITS, "--effort", 0, "-o", self.folder / "no/such/x.engine", says="x.engine")
        self.expect(FAILED, "run", DIGITS, "-o", f"scores={self.folder / 'no/such/x.npy'}", says="x.npy")
        self.expect(FAILED, "build", DIGITS, "--effort", 0, "-o", self.folder)
        self.assertEqual(sorted(os.listdir(self.folder)), before)

    def test_a_full_disk_leaves_the_old_file(self):
        path = self.folder / "kept.engine"
        path.write_bytes(b"what was there before")
        before = sorted(os.listdir(self.folder))
        self.expect(FAILED, "build", DIGITS, "--effort", 0, "-o", path, file_limit=10000, says="kept.engine")
        self.assertEqual(path.read_bytes(), b"what was there before")
        self.assertEqual(sorted(os.listdir(self.folder)), before)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
