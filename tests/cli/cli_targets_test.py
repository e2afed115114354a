"""Plans for devices that are not here.

usage: cli_targets_test.py PROGRAM [unittest arguments]
"""

import sys
import unittest

from command_line import *  # noqa: F403
from onnx_bytes import *  # noqa: F403


class Targets(CommandLine):
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
        model_path = self.file("huge.onnx", model(Graph(
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


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
