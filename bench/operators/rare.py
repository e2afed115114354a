"""Operators that no other CPU runtime runs: of the first operator sets, and of com.microsoft for GPUs; and forms that are not
worth a time. Their models tell tools/onnx_operators.py how Bolide runs them."""
import numpy as np
from onnx import TensorProto, helper

from model import DOMAINS, Case, case, const, f, i, one

TOKENS = (2, 16, 64)
PLANES = (1, 8, 12, 12)


def experimental():
    old = lambda name, *a, **k: one(name, *a, opset=1, **k)  # noqa: E731
    yield old("Affine", f(*PLANES), alpha=2.0, beta=1.0)
    yield old("ConstantFill", shape=[4, 4], value=2.0)
    yield old("ConstantFill", f(4, 4), extra_shape=[2], value=2.0)
    yield old("Crop", f(*PLANES), border=[1, 1, 2, 2])
    yield old("DynamicSlice", f(*PLANES), const([1, 1], np.int64), const([5, 5], np.int64), const([2, 3], np.int64))
    yield old("GivenTensorFill", shape=[2, 2], values=[1.0, 2.0, 3.0, 4.0])
    yield old("ImageScaler", f(*PLANES), bias=[1.0] * 8, scale=0.5)
    yield old("ParametricSoftplus", f(*PLANES), alpha=2.0, beta=0.5)
    yield old("Scale", f(*PLANES), scale=2.0)
    yield old("ScaledTanh", f(*PLANES), alpha=2.0, beta=0.5)


def microsoft():
    ms = lambda name, *a, **k: one(name, *a, domain="ms", **k)  # noqa: E731
    t, bias, n = f(*TOKENS), const(f(64)), lambda: const(f(64, low=.5, high=1.5))
    scale, zero = const(.02, np.float32), const(128, np.uint8)
    u8 = lambda *d: i(*d, high=255, dtype=np.uint8)  # noqa: E731
    yield ms("BiasAdd", t, bias, f(*TOKENS))
    yield ms("BiasSoftmax", f(2, 4, 16, 16), f(2, 1, 1, 16), axis=3)
    yield ms("BiasSplitGelu", f(2, 16, 128), const(f(128)))
    yield ms("CDist", f(40, 8), f(30, 8), metric="euclidean")
    yield ms("ExpandDims", t, const(1, np.int32))
    yield ms("FusedMatMulActivation", t, const(f(64, 32)), activation="Relu", transB=0)
    codes = helper.make_tensor("codes", TensorProto.UINT4, [100, 64], bytes(100 * 32), raw=True)
    gather = case("ms.GatherBlockQuantized",
                  [helper.make_node("GatherBlockQuantized", ["codes", "ids", "scales"], ["y"], domain="com.microsoft", block_size=32)],
                  {"ids": i(2, 16, high=100), "scales": const(f(100, 2))}, ["y"])
    gather.model.graph.initializer.append(codes)
    yield gather
    yield ms("GatherND", f(8, 16, 4), i(30, 2, high=8))
    yield ms("GemmFastGelu", t, const(f(64, 32)), const(f(32)))
    yield ms("GridSample", f(1, 8, 16, 16), f(1, 12, 12, 2, low=-1.1, high=1.1))
    norms = {"groups": 4, "epsilon": 1e-5, "activation": 1}
    yield ms("GroupNorm", f(1, 12, 12, 64), n(), n(), **norms)
    yield ms("SkipGroupNorm", f(1, 12, 12, 64), n(), n(), f(1, 12, 12, 64), bias, outputs=2, **norms)
    yield ms("NhwcConv", f(1, 12, 12, 8), const(f(16, 8, 3, 3)), const(f(16)), pads=[1, 1, 1, 1], kernel_shape=[3, 3])
    yield ms("NhwcFusedConv", f(1, 12, 12, 8), const(f(16, 8, 3, 3)), const(f(16)), pads=[1, 1, 1, 1], kernel_shape=[3, 3], activation="Relu")
    yield ms("Pad", f(*PLANES), const([0, 0, 1, 1, 0, 0, 1, 1], np.int64))
    table = lambda rows: const(u8(rows, 64))  # noqa: E731
    ids = lambda high: i(2, 16, high=high, dtype=np.int32)  # noqa: E731
    vector = lambda: const(u8(64))  # noqa: E731
    yield ms("QEmbedLayerNormalization", ids(100), ids(2), table(100), table(32), table(2), vector(), vector(), None, *[scale] * 5, *[zero] * 5, outputs=2)
    yield ms("QLinearReduceMean", u8(*PLANES), scale, zero, scale, zero, axes=[2, 3], keepdims=1)
    yield ms("Range", const(0, np.int64), const(20, np.int64), const(2, np.int64))
    yield ms("Range", np.array(0, np.int64), np.array(20, np.int64), np.array(2, np.int64))
    yield ms("SimplifiedLayerNormalization", t, n(), axis=-1, epsilon=1e-5)


def maps():
    number = helper.make_tensor_type_proto(TensorProto.FLOAT, [])
    for name, key, attributes in (("CastMap", TensorProto.INT64, {"cast_to": "TO_FLOAT"}),
                                  ("DictVectorizer", TensorProto.STRING, {"string_vocabulary": ["a", "b"]})):
        node = helper.make_node(name, ["m"], ["y"], domain="ai.onnx.ml", **attributes)
        inputs = [helper.make_value_info("m", helper.make_map_type_proto(key, number))]
        graph = helper.make_graph([node], "g", inputs, [helper.make_empty_tensor_value_info("y")])
        yield Case(f"ml.{name}", "", helper.make_model(graph, opset_imports=[helper.make_opsetid(*DOMAINS["ml"])], ir_version=10))


def sequences():
    """With positions that only the data tell."""
    node = helper.make_node
    for name, read in (("SequenceErase", ["s", "k"]), ("SequenceInsert", ["s", "a", "k"])):
        yield case(name, [node("SequenceConstruct", ["a", "b"], ["s"]), node(name, read, ["t"]), node("ConcatFromSequence", ["t"], ["y"], axis=0)],
                   {"a": f(4, 8), "b": f(4, 8), "k": np.array(0, np.int64)}, ["y"])


def all_cases():
    for family in (experimental, microsoft, maps, sequences):
        yield from family()
