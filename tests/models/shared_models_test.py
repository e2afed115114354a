"""The shared models give their stored outputs, and what the reference gives; the digits of MNIST are read as they are known to be.

usage: shared_models_test.py PROGRAM LIBRARY [unittest arguments]
"""

import ctypes
import gzip
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from tool import Tool, shared  # noqa: E402

# model, data folder, options of both comparisons, options of the one with random inputs
FLOAT = [
    ("mnist/cntk_mnist.onnx", "mnist/cntk_mnist_data", []),
    ("mnist/cnn_mnist_pytorch.onnx", "mnist/cnn_mnist_pytorch_data", []),
    ("micro_kws/fp32.onnx", "micro_kws/fp32_data", []),
    ("silero_vad/silero_vad_16k_op15.onnx", "silero_vad/silero_vad_16k_op15_data",
     ["--shapes", "input:1x512,state:2x1x128,sr:", "--fill", "sr=16000:16000"]),
    ("yunet/yunet_n_320_320.onnx", "yunet/yunet_n_320_320_data", []),
    ("super_resolution/super_resolution.onnx", "super_resolution/super_resolution_data", []),
    ("dtln/model_1.onnx", "dtln/model_1_data", []),
    ("ultraface/version-RFB-320.onnx", "ultraface/version-RFB-320_data", []),
]
QUANTISED = [
    ("micro_kws/qdq.onnx", "micro_kws/qdq_data", []),
    ("micro_kws/qoperator.onnx", "micro_kws/qoperator_data", []),
    ("mobilenetv2_qdq/model.onnx", "mobilenetv2_qdq/test_data_set_0", []),
]


class SharedModels(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="bolide_models_")
        cls.tool = Tool(PROGRAM, cls.folder.name)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def holds(self, outcome, outputs=None):
        self.assertEqual(outcome.code, 0, outcome)
        document = outcome.json()
        self.assertTrue(document["holds"])
        self.assertGreater(len(document["outputs"]), 0)
        if outputs is not None:
            self.assertEqual(len(document["outputs"]), outputs)

    def compare(self, models, extra):
        for model, data, options in models:
            with self.subTest(model):
                path = shared(self, "models", model)
                folder = shared(self, "models", data)
                stored = len(list(folder.glob("output_*.pb")))
                self.assertGreater(stored, 0)
                self.holds(self.tool("compare", path, "--data", folder, "--rtol", 1e-3, "--atol", 1e-4, "--json", *extra), stored)
                self.holds(self.tool("compare", path, "--json", *options, *extra))

    def test_float_models_agree_with_their_outputs_and_the_reference(self):
        self.compare(FLOAT, [])

    def test_quantised_models_agree_within_one_step(self):
        self.compare(QUANTISED, ["--quant-steps", 1])

    def test_every_onnx_model_is_compared(self):
        base = shared(self, "models")
        there = {str(path.relative_to(base)) for path in base.rglob("*.onnx")}
        self.assertEqual(there, {model for model, _, _ in FLOAT + QUANTISED})


class View(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("dtype", ctypes.c_int), ("rank", ctypes.c_int), ("dims", ctypes.POINTER(ctypes.c_int64)),
                ("data", ctypes.POINTER(ctypes.c_float)), ("bytes", ctypes.c_size_t)]


class Digits(unittest.TestCase):
    """All 10,000 test images, one at a time through the C interface."""

    @classmethod
    def setUpClass(cls):
        cls.library = ctypes.CDLL(str(pathlib.Path(LIBRARY).resolve()))
        cls.library.bolide_last_error.restype = ctypes.c_char_p
        for count in ("input", "output"):
            name = getattr(cls.library, f"bolide_engine_{count}_name")
            name.restype, name.argtypes = ctypes.c_char_p, [ctypes.c_void_p, ctypes.c_int]

    def call(self, name, *arguments):
        code = getattr(self.library, name)(*arguments)
        self.assertEqual(code, 0, self.library.bolide_last_error())

    def right(self, model, to_float):
        images = gzip.decompress(shared(self, "models/mnist/t10k-images-idx3-ubyte.gz").read_bytes())[16:]
        labels = gzip.decompress(shared(self, "models/mnist/t10k-labels-idx1-ubyte.gz").read_bytes())[8:]
        self.assertEqual((len(images), len(labels)), (10000 * 784, 10000))
        engine, context = ctypes.c_void_p(), ctypes.c_void_p()
        self.call("bolide_compile", str(shared(self, "models/mnist", model)).encode(), None, ctypes.byref(engine))
        self.call("bolide_context_create", engine, ctypes.byref(context))
        pixels = (ctypes.c_float * 784)()
        dims = (ctypes.c_int64 * 4)(1, 1, 28, 28)
        self.call("bolide_context_set_input", context, self.library.bolide_engine_input_name(engine, 0), 1, dims, 4, pixels)
        output = self.library.bolide_engine_output_name(engine, 0)
        table = [to_float(value) for value in range(256)]
        view = View(size=ctypes.sizeof(View))
        right = 0
        for i, label in enumerate(labels):
            pixels[:] = [table[value] for value in images[784 * i:784 * (i + 1)]]
            self.call("bolide_context_run", context)
            self.call("bolide_context_output", context, output, ctypes.byref(view))
            scores = view.data[:10]
            right += scores.index(max(scores)) == label
        self.library.bolide_context_destroy(context)
        self.library.bolide_engine_destroy(engine)
        return right

    def test_cntk_reads_9891_of_10000(self):
        self.assertEqual(self.right("cntk_mnist.onnx", float), 9891)

    def test_pytorch_reads_9907_of_10000(self):
        self.assertEqual(self.right("cnn_mnist_pytorch.onnx", lambda value: (value / 255 - 0.1307) / 0.3081), 9907)


if __name__ == "__main__":
    PROGRAM, LIBRARY = sys.argv.pop(1), sys.argv.pop(1)
    unittest.main()
