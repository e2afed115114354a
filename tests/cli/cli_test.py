"""The program as users run it: exit codes, JSON, inputs of every kind, damaged files, full disks, instruction sets.

usage: cli_test.py PROGRAM [unittest arguments]
"""

import io
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest
import zipfile
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from onnx_bytes import *  # noqa: E402,F403
from tool import ROOT, Tool, shared  # noqa: E402

DIGITS = ROOT / "models/digits/digits.onnx"
DONE, FAILED, USAGE, NOT_SUPPORTED = 0, 1, 2, 3


def npy(values, dims):
    header = repr({"descr": "<f4", "fortran_order": False, "shape": tuple(dims)}).encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + struct.pack(f"<{len(values)}f", *values)


def png(width, height, gray):
    def part(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = b"".join(b"\0" + bytes(gray[y * width:(y + 1) * width]) for y in range(height))
    return (b"\x89PNG\r\n\x1a\n" + part(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
            + part(b"IDAT", zlib.compress(rows)) + part(b"IEND", b""))


IMAGE = [(i * 37 % 251) for i in range(784)]


class CommandLine(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="bolide_cli_")
        cls.folder = pathlib.Path(cls.temporary.name)
        cls.tool = Tool(PROGRAM, cls.folder / "cache")
        cls.engine = cls.folder / "digits.engine"
        built = cls.tool("build", DIGITS, "--output", cls.engine, "--effort", 0, "--threads", 2)
        assert built.code == DONE, str(built)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def expect(self, code, *arguments, says=(), **options):
        outcome = self.tool(*arguments, **options)
        self.assertEqual(outcome.code, code, f"{arguments}: {outcome}")
        for text in [says] if isinstance(says, str) else says:
            self.assertIn(text, outcome.err, f"{arguments}: {outcome}")
        return outcome

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content)
        return path

    def model(self, name, content):
        return self.file(name, content)

    # Exit codes ---------------------------------------------------------------------------------------------------

    def hows(self, document):
        return {node["place"]: node["how"] for node in document["nodes"]}

    def test_check_says_how_each_node_runs(self):
        branch = Graph([node("Det", ["x"], ["d"], name="det")], [], [value("d", FLOAT, [])])
        other = Graph([node("ReduceMax", ["x"], ["m"], name="max", keepdims=0)], [], [value("m", FLOAT, [])])
        path = self.model("hows.onnx", model(Graph(
            [node("Add", ["one", "one"], ["two"]), node("Mul", ["x", "two"], ["z"]), node("Unique", ["z"], ["u"]),
             node("If", ["c"], ["y"], then_branch=branch, else_branch=other)],
            [value("x", FLOAT, [2, 2]), value("c", BOOL, [])], [value("u", FLOAT, ["n"]), value("y", FLOAT, [])],
            [floats("one", [1], [1.0])])))
        document = self.expect(DONE, "check", path, "--json").json()
        self.assertTrue(document["runs"])
        self.assertEqual(self.hows(document), {"0": "folded", "1": "fast", "2": "reference", "3": "fast",
                                               "3/then_branch/0": "reference", "3/else_branch/0": "fast"})

    def test_check_says_what_is_refused_and_what_would_run(self):
        path = self.model("refused.onnx", model(Graph(
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
        endless = self.model("endless.onnx", model(Graph([node("Loop", ["", "", "x"], ["y"], body=body)],
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
        odd = self.model("odd.onnx", model(Graph([node("MakeCoffee", ["x"], ["y"], "barista")], [x], [y])))
        for command in ("check", "run", "bench", "compare", "inspect"):
            self.expect(NOT_SUPPORTED, command, odd, says=["unsupported", "MakeCoffee", "barista"])
        for precision in ("tf32", "bf16", "fp16", "int8"):
            self.expect(NOT_SUPPORTED, "run", DIGITS, "--precision", precision)
        self.expect(NOT_SUPPORTED, "run", DIGITS, "--device", "cuda", says="cuda")
        self.expect(NOT_SUPPORTED, "run", self.engine, "--device", "cuda", says="cuda")

    # Traces -------------------------------------------------------------------------------------------------------

    def test_a_trace_holds_phases_steps_and_threads(self):
        path = self.folder / "trace.json"
        for arguments in (("bench", DIGITS, "--duration", 0, "--effort", 0), ("run", DIGITS), ("run", self.engine)):
            with self.subTest(arguments):
                self.expect(DONE, *arguments, "--threads", 2, "--trace", path)
                events = json.loads(path.read_text())["traceEvents"]
                tracks = {event["tid"]: event["args"]["name"] for event in events if event["name"] == "thread_name"}
                spans = [event for event in events if event["ph"] == "X"]
                self.assertTrue(all(event["ts"] >= 0 and event["dur"] >= 0 and event["tid"] in tracks for event in spans))
                self.assertLessEqual({"build", "steps", "thread 0"}, set(tracks.values()))
                steps = [event for event in spans if tracks[event["tid"]] == "steps"]
                self.assertEqual(len(steps) % 3, 0, "three runs")
                for event in steps:
                    self.assertIn("tactic", event["args"])
                    self.assertGreater(event["args"]["bytes"], 0)
                for first, second in zip(steps, steps[1:]):
                    self.assertLessEqual(first["ts"] + first["dur"], second["ts"] + 0.01)
                for event in spans:
                    if tracks[event["tid"]].startswith("thread"):
                        self.assertTrue(any(s["ts"] - 0.01 <= event["ts"] and event["ts"] + event["dur"] <= s["ts"] + s["dur"] + 0.01 for s in steps), event)
                phases = [event["name"] for event in spans if tracks[event["tid"]] == "build"]
                self.assertIn("load" if arguments[1] is self.engine else "choose kernels", phases)
        self.expect(FAILED, "run", DIGITS, "--trace", self.folder / "no/such/t.json", says="t.json")

    def test_steps_in_branches_keep_their_names_beside_their_times_and_in_traces(self):
        x, y, c = value("x", FLOAT, [16, 16]), value("y", FLOAT, [16, 16]), value("c", BOOL, [])
        then = Graph([node("Exp", ["s"], ["t"], "grow"), node("Softmax", ["t"], ["a"], "share")], [], [value("a", FLOAT, [16, 16])])
        other = Graph([node("Neg", ["s"], ["n"], "turn"), node("Softmax", ["n"], ["b"], "spread", axis=0)], [], [value("b", FLOAT, [16, 16])])
        path = self.model("branches.onnx", model(Graph(
            [node("Softmax", ["x"], ["s"], "before"), node("If", ["c"], ["r"], "choice", then_branch=then, else_branch=other),
             node("Transpose", ["r"], ["after"], "turned", perm=[1, 0]), node("Softmax", ["after"], ["y"], "last")], [x, c], [y])))
        trace = self.folder / "branches.json"
        bench = ("bench", path, "--duration", 0, "--effort", 0, "--per-layer", "--json", "--fill", "c=1:1", "--trace", trace)
        layers = {layer["name"]: layer for layer in self.expect(DONE, *bench).json()["layers"]}
        operators = {name: layers[name]["op"] for name in ("before", "choice", "grow", "share", "turn", "spread", "last")}
        self.assertEqual(operators, {"before": "Softmax", "choice": "If", "grow": "Exp", "share": "Softmax", "turn": "Neg", "spread": "Softmax", "last": "Softmax"})
        self.assertTrue(all(layers[name]["us"] > 0 for name in ("before", "grow", "share", "last")), layers)
        self.assertEqual([layers[name]["us"] for name in ("turn", "spread")], [0, 0])
        events = [e for e in json.loads(trace.read_text())["traceEvents"] if e.get("cat") == "step"]
        self.assertEqual({(e["name"], e["args"]["operator"]) for e in events if e["name"] in operators},
                         {(name, op) for name, op in operators.items() if name not in ("turn", "spread")})

    # Plans for devices that are not here -----------------------------------------------------------------------------

    def test_a_plan_for_a_gpu_is_built_and_seen_without_one(self):
        path = self.folder / "gpu.engine"
        built = self.expect(DONE, "build", DIGITS, "-o", path, "--target", "sm_90", "--precision", "fp16", "--json").json()
        self.assertEqual((built["target"], built["untimed"], built["precision"]), ("sm_90", True, "fp16"))
        self.assertIn("no kernel was timed", self.expect(DONE, "build", DIGITS, "-o", path, "--target", "sm_90", "--precision", "fp16").out)
        plan = self.expect(DONE, "inspect", path, "--target", "sm_90", "--json").json()
        kernels = [kernel for step in plan["steps"] for kernel in step["kernels"]]
        self.assertEqual(len(kernels), plan["kernels"])
        self.assertGreaterEqual(len(kernels), 5)
        for kernel in kernels:
            self.assertTrue(all(size >= 1 for size in kernel["grid"] + kernel["block"]), kernel)
        self.assertGreaterEqual(plan["streams"], 1)
        arena = [b for b in plan["memory"] if b["kind"] == "arena"]
        self.assertLessEqual(max(b["offset_bytes"] + b["bytes"] for b in arena), plan["arena_mib"] * 2**20)
        for a in arena:
            for b in arena:
                if a is b or a["last_step"] < b["first_step"] or b["last_step"] < a["first_step"]:
                    continue
                self.assertTrue(a["offset_bytes"] + a["bytes"] <= b["offset_bytes"] or b["offset_bytes"] + b["bytes"] <= a["offset_bytes"], (a, b))
        self.assertEqual({b["kind"] for b in plan["memory"]}, {"arena", "input", "output", "weights"})
        text = self.expect(DONE, "inspect", path, "--target", "sm_90").out
        for word in ("kernels", "memory", "grid", "stream", "live in steps"):
            self.assertIn(word, text)

    def test_an_engine_takes_up_choices_for_a_further_device_and_keeps_its_own(self):
        path, again = self.folder / "both.engine", self.folder / "again.engine"
        self.expect(DONE, "build", self.engine, "--target", "sm_90", "-o", path)
        plain = self.expect(DONE, "inspect", path, "--threads", 2, "--json").json()["facts"]
        self.assertEqual(plain["tuned"], "[1,1,28,28]")
        self.assertIn("sm_90", plain["also for"])
        planned = self.expect(DONE, "inspect", path, "--target", "sm_90", "--json").json()["facts"]
        self.assertEqual(planned["tuned"], "[1,1,28,28]")
        self.assertIn("with 2 threads", planned["also for"])
        self.expect(DONE, "compare", DIGITS)
        self.expect(DONE, "run", path, "--threads", 2)
        self.expect(DONE, "build", path, "--target", "sm_90", "-o", again)
        self.assertEqual(path.read_bytes(), again.read_bytes())
        for option in (("--precision", "fp16"), ("--skip-pass", "*"), ("--outputs", "scores"), ("--dynamic-batch",)):
            self.expect(USAGE, "build", self.engine, "--target", "sm_90", "-o", again, *option, says="goes with a model")
        self.expect(FAILED, "build", self.engine, "-o", again, "--shapes", "image:1x9x9x9")

    def test_fp16_is_checked_on_inputs_and_layers_stay_in_fp32_by_name(self):
        path = self.folder / "narrow.engine"
        to_fp16 = ("--target", "sm_90", "--precision", "fp16", "--effort", 0, "-o", path)
        x, y = value("x", FLOAT, [4]), value("y", FLOAT, None)
        scale = lambda name, number: floats(name, [1], [number])
        model_path = self.model("huge.onnx", model(Graph(
            [node("Mul", ["x", "a"], ["big"], "enlarge"), node("Softmax", ["big"], ["y"], "shares", axis=0)], [x], [y], [scale("a", 1000.0)])))
        small, large = self.folder / "small", self.folder / "large"
        for folder, number in ((small, 1.0), (large, 100.0)):
            folder.mkdir(exist_ok=True)
            (folder / "input_0.pb").write_bytes(floats("x", [4], [number, 0.5, 0.25, -0.5]))
        built = self.expect(DONE, "build", model_path, *to_fp16, "--data", small, "--json").json()["narrow"]
        self.assertEqual((built["samples"], built["samples_random"], built["kept_fp32"]), (1, False, []))
        built = self.expect(DONE, "build", model_path, *to_fp16, "--data", large, "--json").json()["narrow"]
        self.assertEqual([kept["name"] for kept in built["kept_fp32"]], ["enlarge", "shares"])
        self.assertEqual({(kept["value"], kept["largest"]) for kept in built["kept_fp32"]}, {("big", 100000.0)})
        said = self.expect(DONE, "build", model_path, *to_fp16, "--data", large, "--verbose").out
        for text in ("in FP32 beside fp16: enlarge, shares", "'big' reaches 1e+05"):
            self.assertIn(text, said)
        facts = self.expect(DONE, "inspect", path, "--target", "sm_90", "--json").json()["facts"]
        self.assertEqual(facts["kept_fp32"], "enlarge, shares")

        random = self.expect(DONE, "build", DIGITS, *to_fp16, "--keep-fp32", "scores*,conv1", "--json", says="random inputs").json()["narrow"]
        self.assertTrue(random["samples_random"])
        reasons = {kept["name"]: kept["reason"] for kept in random["kept_fp32"]}
        self.assertEqual(reasons, {"norm1": "asked for by 'conv1'", "scores/MatMul": "asked for by 'scores*'"})
        self.expect(FAILED, "build", DIGITS, *to_fp16, "--keep-fp32", "nothing*", says=["nothing*", "norm1"])
        self.expect(FAILED, "build", DIGITS, *to_fp16, "--data", self.folder / "nowhere", says=["nowhere", "input_0.pb"])
        self.expect(USAGE, "build", DIGITS, "-o", path, "--keep-fp32", "conv1", says="--precision fp16")
        self.expect(USAGE, "build", DIGITS, "-o", path, "--data", small, says="--precision fp16")

    def test_names_of_devices_that_are_none_say_what_to_write(self):
        self.expect(USAGE, "run", DIGITS, "--device", "gpu", says=["'gpu'", "cpu, cuda or cuda:N", "here: cpu"])
        self.expect(USAGE, "run", DIGITS, "--device", "cuda:", says="cuda:N")
        self.expect(USAGE, "run", DIGITS, "--device", "cuda:-1", says="cuda:N")
        self.expect(USAGE, "bench", DIGITS, "--device", "sm_90", says="build --target sm_90")
        self.expect(USAGE, "build", DIGITS, "-o", self.folder / "t", "--target", "h100", says=["h100", "sm_90"])
        self.expect(USAGE, "build", DIGITS, "-o", self.folder / "t", "--target", "sm_90", "--device", "cpu", says="--target")
        self.expect(NOT_SUPPORTED, "build", DIGITS, "-o", self.folder / "t", "--target", "sm_91", says=["sm_91", "90"])
        self.expect(NOT_SUPPORTED, "run", DIGITS, "--device", "cuda:7", says="cuda:7")

    # JSON ---------------------------------------------------------------------------------------------------------

    def test_json_is_one_document_on_stdout(self):
        for arguments in (("check", DIGITS), ("inspect", DIGITS), ("inspect", self.engine), ("run", DIGITS), ("run", self.engine),
                          ("compare", DIGITS), ("compare", DIGITS, "--layers"), ("bench", DIGITS, "--duration", 0, "--effort", 0),
                          ("bench", self.engine, "--duration", 0, "--per-layer"), ("doctor",), ("operators",),
                          ("build", DIGITS, "-o", self.folder / "j.engine", "--effort", 1, "--time-budget", 0.1)):
            with self.subTest(arguments):
                self.expect(DONE, *arguments, "--json").json()

    def test_json_survives_names_that_are_no_text(self):
        x, y = value("x", FLOAT, [4]), value(b"y\xff\"\n", FLOAT, None)
        path = self.model("names.onnx", model(Graph([node("Relu", ["x"], [b"y\xff\"\n"], b"n\xfe\\")], [x], [y])))
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

    # Shapes and fills ---------------------------------------------------------------------------------------------

    def test_shapes_are_split_at_the_last_colon(self):
        x, y = value("a:0", FLOAT, ["n", 3]), value("y", FLOAT, None)
        s = value("s:0", FLOAT, [])
        path = self.model("colon.onnx", model(Graph([node("Mul", ["a:0", "s:0"], ["y"])], [x, s], [y])))
        outcome = self.expect(DONE, "run", path, "--shapes", "a:0:5x3,s:0:", "--json").json()
        self.assertEqual(outcome["outputs"][0]["dims"], [5, 3])
        self.assertEqual(self.expect(DONE, "run", path, "--json").json()["outputs"][0]["dims"], [1, 3])
        self.expect(FAILED, "run", path, "--shapes", "a:0:5x4", says=["3", "4", "a:0"])
        self.expect(FAILED, "run", path, "--shapes", "a:0:5", says="rank")
        self.expect(FAILED, "run", path, "--shapes", "b:5", says=["'b'", "a:0"])

    def test_fill_sets_the_range_of_random_inputs(self):
        x, y = value("x", FLOAT, [100]), value("y", FLOAT, None)
        path = self.model("fill.onnx", model(Graph([node("Identity", ["x"], ["y"])], [x], [y])))
        top = self.expect(DONE, "run", path, "--fill", "x=2.5:2.5", "--top", 100, "--json").json()["outputs"][0]["top"]
        self.assertEqual({entry["value"] for entry in top}, {2.5})
        top = self.expect(DONE, "run", path, "--fill", "x=3:4", "--top", 100, "--json").json()["outputs"][0]["top"]
        self.assertTrue(all(3 <= entry["value"] <= 4 for entry in top))
        again = self.expect(DONE, "run", path, "--fill", "x=3:4", "--top", 100, "--json", says="seed").json()["outputs"][0]["top"]
        self.assertEqual(top, again)
        self.expect(FAILED, "run", path, "--fill", "z=1:2", says="'z'")

    # Inputs and outputs -------------------------------------------------------------------------------------------

    def test_npy_npz_and_pb_give_the_same_answers(self):
        pixels = [v / 255 for v in IMAGE]
        array = npy(pixels, [1, 1, 28, 28])
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
            zipped.writestr("image.npy", array)
            zipped.writestr("other.npy", npy([1.0], [1]))
        answers = [self.expect(DONE, "run", DIGITS, "--input", f"image={path}", "--json").json() for path in (
            self.file("i.npy", array), self.file("i.npz", archive.getvalue()), self.file("i.pb", floats("image", [1, 1, 28, 28], pixels)))]
        self.assertEqual(answers[0], answers[1])
        self.assertEqual(answers[0], answers[2])

    def test_ranks_that_the_file_lacks_come_from_shapes_inputs_or_data(self):
        x, y = value("x", FLOAT, None), value("y", FLOAT, None)
        path = self.model("rankless.onnx", model(Graph([node("Abs", ["x"], ["y"])], [x], [y])))
        self.expect(NOT_SUPPORTED, "run", path, says=["'x' has no shape", "--shapes x:"])
        self.assertEqual(self.expect(DONE, "run", path, "--shapes", "x:2x3", "--json").json()["outputs"][0]["dims"], [2, 3])
        array = self.file("r.npy", npy([-1.0, 2.0], [2, 1, 1]))
        outcome = self.expect(DONE, "run", path, "--input", f"x={array}", "--json").json()
        self.assertEqual(outcome["outputs"][0]["dims"], [2, 1, 1])
        data = self.folder / "rankless"
        data.mkdir(exist_ok=True)
        (data / "input_0.pb").write_bytes(floats("x", [1, 2], [-1.0, 2.0]))
        (data / "output_0.pb").write_bytes(floats("y", [1, 2], [1.0, 2.0]))
        self.expect(DONE, "compare", path, "--data", data)

    def test_strings_are_drawn_too(self):
        x, y = value("x", 8, ["n"]), value("y", 8, ["n"])
        path = self.model("strings.onnx", model(Graph([node("Identity", ["x"], ["y"])], [x], [y])))
        self.expect(DONE, "compare", path, "--shapes", "x:5")
        self.expect(DONE, "run", path, "--shapes", "x:5")

    def test_complex_numbers_are_drawn_and_compared(self):
        x, y = value("x", 14, ["n"]), value("y", 14, ["n"])
        path = self.model("complex.onnx", model(Graph([node("Identity", ["x"], ["y"])], [x], [y])))
        self.expect(DONE, "compare", path, "--shapes", "x:5")
        data = self.folder / "complex"
        data.mkdir(exist_ok=True)
        (data / "input_0.pb").write_bytes(tensor("x", 14, [2], struct.pack("<4f", 1, 2, 3, 4)))
        (data / "output_0.pb").write_bytes(tensor("y", 14, [2], struct.pack("<4f", 1, 2, 3, 4)))
        self.expect(DONE, "compare", path, "--data", data)
        (data / "output_0.pb").write_bytes(tensor("y", 14, [2], struct.pack("<4f", 1, 2, 3, 7)))
        self.expect(FAILED, "compare", path, "--data", data, says=["1 of 2", "3.0e+00"])

    def test_one_element_of_another_rank_is_taken_with_a_warning(self):
        for dims, given in (([1], []), ([], [1])):
            path = self.model("one.onnx", model(Graph([node("Abs", ["x"], ["y"])], [value("x", FLOAT, dims)], [value("y", FLOAT, dims)])))
            array = self.file("one.npy", npy([-2.0], given))
            outcome = self.expect(DONE, "run", path, "--input", f"x={array}", "--json", says=f"rank {len(given)}")
            self.assertEqual(outcome.json()["outputs"][0]["dims"], dims)

    def test_a_warning_is_told_once(self):
        path = self.model("bogus.onnx", model(Graph([node("Abs", ["x"], ["y"], bogus=3)], [value("x", FLOAT, [2])], [value("y", FLOAT, [2])])))
        for command in ("check", "compare"):
            self.assertEqual(self.expect(DONE, command, path).err.count("attribute 'bogus'"), 1)

    def test_steps_that_only_compute_sizes_are_not_planned(self):
        x, y = value("x", FLOAT, ["n", "c", "h", "w"]), value("y", FLOAT, None)
        nodes = [node("Shape", ["x"], ["s"]), node("Slice", ["s", "two", "four", "zero"], ["hw"]), node("Add", ["hw", "three"], ["more"], name="plus"),
                 node("Slice", ["s", "zero", "two", "zero"], ["nc"], name="front"), node("Concat", ["nc", "more"], ["sizes"], axis=0),
                 node("Resize", ["x", "", "", "sizes"], ["y"])]
        constants = [vector("zero", [0]), vector("two", [2]), vector("three", [3]), vector("four", [4])]
        path = self.model("sizes.onnx", model(Graph(nodes, [x], [y], constants)))
        found = self.expect(DONE, "check", path, "--shapes", "x:2x3x5x7", "--json").json()
        self.assertEqual({n["op"]: n["how"] for n in found["nodes"]}["Resize"], "fast")
        self.assertEqual(found["plan_steps"], 1)
        self.expect(DONE, "compare", path, "--shapes", "x:2x3x5x7")

    def test_pictures_become_inputs(self):
        exact = self.expect(DONE, "run", DIGITS, "--input", f"image={self.file('e.npy', npy([v / 255 for v in IMAGE], [1, 1, 28, 28]))}", "--json").json()
        picture = self.expect(DONE, "run", DIGITS, "--image-channels", "gray", "--input", f"image={self.file('p.png', png(28, 28, IMAGE))}", "--json").json()
        for a, b in zip(exact["outputs"][0]["top"], picture["outputs"][0]["top"]):
            self.assertEqual(a["index"], b["index"])
            self.assertAlmostEqual(a["value"], b["value"], places=3)
        self.expect(FAILED, "run", DIGITS, "--input", f"image={self.file('cut.png', png(28, 28, IMAGE)[:100])}", says="cut.png")
        jpg = shared(self, "models/images/faces_2.jpg")
        self.expect(DONE, "run", DIGITS, "--image-channels", "gray", "--input", f"image={jpg}")

    def test_input_files_that_do_not_fit_are_errors(self):
        whole = npy([0.5] * 784, [1, 1, 28, 28])
        for name, content in (("short.npy", whole[:-1]), ("header.npy", whole[:20]), ("empty.npy", b""), ("noise.npz", b"noise"), ("noise.pb", b"\xff\xff\xff"),
                              ("bomb.npy", whole.replace(b"(1, 1, 28, 28)", b"(1<<60, 28,28)")), ("huge.npy", whole.replace(b"(1, 1, 28, 28)", b"(9999999999,9)")),
                              ("rank.npy", npy([0.5] * 784, [784])), ("size.npy", npy([0.5] * 729, [1, 1, 27, 27])), ("noise.jpg", b"\xff\xd8noise")):
            with self.subTest(name):
                self.expect(FAILED, "run", DIGITS, "--input", f"image={self.file(name, content)}")
        self.expect(FAILED, "run", DIGITS, "--input", f"image={self.folder / 'missing.npy'}", says="missing.npy")
        self.expect(FAILED, "run", DIGITS, "--input", f"picture={self.file('w.npy', whole)}", says="picture")
        self.expect(NOT_SUPPORTED, "run", DIGITS, "--input", f"image={self.file('w.gif', whole)}", says="w.gif")

    def test_outputs_are_written_as_npy_and_pb(self):
        for kind in ("npy", "pb"):
            path = self.folder / f"scores.{kind}"
            self.expect(DONE, "run", DIGITS, "--output", f"scores={path}", "--fill", "image=0:1")
            content = path.read_bytes()
            self.assertTrue(content.startswith(b"\x93NUMPY") if kind == "npy" else b"scores" in content)
            self.assertGreaterEqual(len(content), 40)

    # Reading models -----------------------------------------------------------------------------------------------

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

    # Writing ------------------------------------------------------------------------------------------------------

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

    # Engine files -------------------------------------------------------------------------------------------------

    def test_a_cut_engine_file_is_a_bad_file(self):
        whole = self.engine.read_bytes()
        for size in (16, 63, 64, 200, len(whole) // 2, len(whole) - 1):
            path = self.file("cut.engine", whole[:size])
            self.expect(FAILED, "run", path, says=["bad file", "cut.engine"])

    def test_a_flipped_bit_is_a_bad_file(self):
        whole = self.engine.read_bytes()
        for place in list(range(8, 64, 5)) + list(range(64, len(whole), max(1, len(whole) // 25))):
            flipped = bytearray(whole)
            flipped[place] ^= 1 << (place % 8)
            outcome = self.tool("run", self.file("flipped.engine", bytes(flipped)))
            self.assertIn(outcome.code, (FAILED, NOT_SUPPORTED), f"byte {place}: {outcome}")
            self.assertTrue(any(f"bolide: {kind}" in outcome.err for kind in ("bad file", "unsupported")), f"byte {place}: {outcome}")

    def test_an_engine_gives_the_answers_of_its_model(self):
        of_model = self.expect(DONE, "run", DIGITS, "--threads", 2, "--json").out
        self.assertEqual(self.expect(DONE, "run", self.engine, "--threads", 2, "--json").out, of_model)

    # Instruction sets ---------------------------------------------------------------------------------------------

    def test_every_instruction_set_gives_the_same_answers(self):
        answers = {}
        for isa in ("baseline", "avx2", "avx512", "avx512_vnni"):
            environment = {"BOLIDE_MAX_ISA": isa}
            self.expect(DONE, "compare", DIGITS, environment=environment)
            answers[isa] = self.expect(DONE, "run", DIGITS, "--top", 10, "--json", environment=environment).json()["outputs"][0]["top"]
        for isa, top in answers.items():
            for a, b in zip(top, answers["baseline"]):
                self.assertEqual(a["index"], b["index"], isa)
                self.assertAlmostEqual(a["value"], b["value"], delta=1e-4 * (abs(b["value"]) + 1), msg=isa)

    def test_quantised_answers_are_the_same_at_every_instruction_set(self):
        qdq = shared(self, "models/micro_kws/qdq.onnx")
        outs = {self.expect(DONE, "run", qdq, "--json", environment={"BOLIDE_MAX_ISA": isa}).out for isa in ("baseline", "avx2", "avx512", "avx512_vnni")}
        self.assertEqual(len(outs), 1)

    def test_an_unknown_instruction_set_is_named(self):
        outcome = self.tool("run", DIGITS, environment={"BOLIDE_MAX_ISA": "abacus"})
        self.assertIn("abacus", outcome.err, outcome)


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main()
