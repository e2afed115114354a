"""Inputs of every kind and outputs: sizes, ranges of random numbers, files, pictures.

usage: cli_inputs_test.py PROGRAM [unittest arguments]
"""

import io
import struct
import sys
import unittest
import zipfile
import zlib

from command_line import *  # noqa: F403
from onnx_bytes import *  # noqa: F403
from tool import shared


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


class Inputs(CommandLine):
    def test_shapes_are_split_at_the_last_colon(self):
        x, y = value("a:0", FLOAT, ["n", 3]), value("y", FLOAT, None)
        s = value("s:0", FLOAT, [])
        path = self.file("colon.onnx", model(Graph([node("Mul", ["a:0", "s:0"], ["y"])], [x, s], [y])))
        outcome = self.expect(DONE, "run", path, "--shapes", "a:0:5x3,s:0:", "--json").json()
        self.assertEqual(outcome["outputs"][0]["dims"], [5, 3])
        self.assertEqual(self.expect(DONE, "run", path, "--json").json()["outputs"][0]["dims"], [1, 3])
        self.expect(FAILED, "run", path, "--shapes", "a:0:5x4", says=["3", "4", "a:0"])
        self.expect(FAILED, "run", path, "--shapes", "a:0:5", says="rank")
        self.expect(FAILED, "run", path, "--shapes", "b:5", says=["'b'", "a:0"])

    def test_fill_sets_the_range_of_random_inputs(self):
        x, y = value("x", FLOAT, [100]), value("y", FLOAT, None)
        path = self.file("fill.onnx", model(Graph([node("Identity", ["x"], ["y"])], [x], [y])))
        top = self.expect(DONE, "run", path, "--fill", "x=2.5:2.5", "--top", 100, "--json").json()["outputs"][0]["top"]
        self.assertEqual({entry["value"] for entry in top}, {2.5})
        top = self.expect(DONE, "run", path, "--fill", "x=3:4", "--top", 100, "--json").json()["outputs"][0]["top"]
        self.assertTrue(all(3 <= entry["value"] <= 4 for entry in top))
        again = self.expect(DONE, "run", path, "--fill", "x=3:4", "--top", 100, "--json", says="seed").json()["outputs"][0]["top"]
        self.assertEqual(top, again)
        self.expect(FAILED, "run", path, "--fill", "z=1:2", says="'z'")

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
        path = self.file("rankless.onnx", model(Graph([node("Abs", ["x"], ["y"])], [x], [y])))
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
        path = self.file("strings.onnx", model(Graph([node("Identity", ["x"], ["y"])], [x], [y])))
        self.expect(DONE, "compare", path, "--shapes", "x:5")
        self.expect(DONE, "run", path, "--shapes", "x:5")

    def test_complex_numbers_are_drawn_and_compared(self):
        x, y = value("x", 14, ["n"]), value("y", 14, ["n"])
        path = self.file("complex.onnx", model(Graph([node("Identity", ["x"], ["y"])], [x], [y])))
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
            path = self.file("one.onnx", model(Graph([node("Abs", ["x"], ["y"])], [value("x", FLOAT, dims)], [value("y", FLOAT, dims)])))
            array = self.file("one.npy", npy([-2.0], given))
            outcome = self.expect(DONE, "run", path, "--input", f"x={array}", "--json", says=f"rank {len(given)}")
            self.assertEqual(outcome.json()["outputs"][0]["dims"], dims)

    def test_arrays_without_elements_are_read(self):
        path = self.file("none.onnx", model(Graph([node("Abs", ["x"], ["y"])], [value("x", FLOAT, ["n", "m"])], [value("y", FLOAT, None)])))
        for dims in ([0, 3], [3, 0], [0, 0]):
            outcome = self.expect(DONE, "run", path, "--input", f"x={self.file('none.npy', npy([], dims))}", "--json")
            self.assertEqual(outcome.json()["outputs"][0]["dims"], dims)

    def test_a_warning_is_told_once(self):
        path = self.file("bogus.onnx", model(Graph([node("Abs", ["x"], ["y"], bogus=3)], [value("x", FLOAT, [2])], [value("y", FLOAT, [2])])))
        for command in ("check", "compare"):
            self.assertEqual(self.expect(DONE, command, path).err.count("attribute 'bogus'"), 1)

    def test_steps_that_only_compute_sizes_are_not_planned(self):
        x, y = value("x", FLOAT, ["n", "c", "h", "w"]), value("y", FLOAT, None)
        nodes = [node("Shape", ["x"], ["s"]), node("Slice", ["s", "two", "four", "zero"], ["hw"]), node("Add", ["hw", "three"], ["more"], name="plus"),
                 node("Slice", ["s", "zero", "two", "zero"], ["nc"], name="front"), node("Concat", ["nc", "more"], ["sizes"], axis=0),
                 node("Resize", ["x", "", "", "sizes"], ["y"])]
        constants = [vector("zero", [0]), vector("two", [2]), vector("three", [3]), vector("four", [4])]
        path = self.file("sizes.onnx", model(Graph(nodes, [x], [y], constants)))
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


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
