"""Models written to do harm: each must give a typed error, or a right result, in little time and memory.

usage: hostile_test.py PROGRAM [unittest arguments]
Every model is generated (hostile_models.py), built and run for one random input. A crash, a slow answer, much memory, or an error
without its kind fails the test. BOLIDE_HOSTILE_SLOWER multiplies the limits (for builds with sanitizers).
"""

import os
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from hostile_models import *  # noqa: E402,F403
from tool import Tool  # noqa: E402

KINDS = ("invalid argument", "unsupported", "not found", "out of memory", "bad file")
SLOWER = float(os.environ.get("BOLIDE_HOSTILE_SLOWER", "1"))


class Checked(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="bolide_hostile_")
        cls.tool = Tool(PROGRAM, cls.folder.name)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def check(self, name, content):
        path = pathlib.Path(self.folder.name) / f"{name}.onnx"
        path.write_bytes(content)
        outcome = self.tool("run", path, "--threads", 2, "--top", 1, timeout=60)
        path.unlink()
        if outcome.code == 0:
            self.assertTrue(outcome.out, f"{name}: {outcome}")
        else:
            self.assertIn(outcome.code, (1, 3), f"{name}: {outcome}")
            last = [line for line in outcome.err.splitlines() if line.startswith("bolide: ")]
            self.assertTrue(any(line.startswith(f"bolide: {kind}: ") for kind in KINDS for line in last), f"{name}: {outcome}")
        self.assertLess(outcome.seconds, 2 * SLOWER, f"{name}: {outcome}")
        self.assertLess(outcome.peak_mib, 512 * SLOWER, f"{name}: {outcome}")
        if os.environ.get("BOLIDE_HOSTILE_PRINT"):
            first = (outcome.err.strip() or outcome.out).splitlines()
            print(f"{name}: {outcome.code} {outcome.seconds:.2f} s {outcome.peak_mib:.0f} MiB {first[-1][:160] if first else ''}")
        return outcome


def of_group(group):
    def test(self):
        for name, content in group():
            with self.subTest(name):
                self.check(name, content)

    return test


class HostileModels(Checked):
    pass


for _group in GROUPS:
    setattr(HostileModels, f"test_{_group.__name__}", of_group(_group))


class RightResults(Checked):
    """The generator makes valid models too: else every refusal above would mean little."""

    def test_sizes_that_the_data_decide_by_a_formula(self):
        for name, content, number_ in data_decide():
            with self.subTest(name):
                path = pathlib.Path(self.folder.name) / f"{name}.onnx"
                path.write_bytes(content)
                outcome = self.tool("compare", path, "--fill", f"n={number_}:{number_}")
                self.assertEqual(outcome.code, 0, outcome)

    def test_plain_models_run(self):
        for name, content in (("relu", one("Relu")), ("conv", one("Conv", ["x", "w"], [W])), ("nested", deep_if(3)),
                              ("function", function_model(doubling(3), "F0"))):
            with self.subTest(name):
                self.assertEqual(self.check(name, content).code, 0, self.check(name, content))

    def test_there_are_enough_of_them(self):
        names_ = [name for group in GROUPS for name, _ in group()]
        self.assertGreaterEqual(len(names_), 150)
        self.assertEqual(len(names_), len(set(names_)))

    def test_folding_has_a_budget(self):
        path = pathlib.Path(self.folder.name) / "folded.onnx"
        path.write_bytes(chain([node("Expand", ["w", "s"], ["e"]), node("ReduceSum", ["e", "a"], ["r"]), node("Add", ["x", "r"], ["y"])],
                               [floats("w", [1], [1]), vector("s", [1 << 28]), vector("a", [0])], value("x", FLOAT, [1])))
        outcome = self.tool("check", path)
        self.assertEqual(outcome.code, 0, outcome)
        self.assertLess(outcome.peak_mib, 512 * SLOWER, outcome)


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main()
