"""Engine files, whole and damaged, and answers at every instruction set.

usage: cli_engines_test.py PROGRAM [unittest arguments]
"""

import sys
import unittest

from command_line import *  # noqa: F403
from tool import shared


class Engines(CommandLine):
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
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
