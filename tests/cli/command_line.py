"""What the tests of the program as users run it share: a folder, the program with a cache of its own, an engine."""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from tool import ROOT, Tool  # noqa: E402

DIGITS = ROOT / "models/digits/digits.onnx"
DONE, FAILED, USAGE, NOT_SUPPORTED = 0, 1, 2, 3


class CommandLine(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="bolide_cli_")
        cls.folder = pathlib.Path(cls.temporary.name)
        cls.tool = Tool(sys.argv[1], cls.folder / "cache")
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
