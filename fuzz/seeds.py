"""Small models of many operators, each a file of its own, to start fuzzers from: fuzz/corpus/model_run_fuzz holds them.

usage: seeds.py FOLDER
"""

import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "support"))
from onnx_bytes import *  # noqa: E402,F403

STRING, FLOAT16, BFLOAT16 = 8, 10, 16
PIXELS = value("x", FLOAT, [1, 2, 6, 6])
ROWS = value("x", FLOAT, [3, 4])
TEXTS = value("x", FLOAT, [2, 3, 8])


def ramp(name, *dims):
    count = 1
    for size in dims:
        count *= size
    return floats(name, list(dims), [(i * 7 % 11) / 8 - 0.5 for i in range(count)])


def scalar(name, number_):
    return tensor(name, INT64, [], struct.pack("<q", number_)) if isinstance(number_, int) else floats(name, [], [number_])


def small(name, dtype, dims, data):
    return tensor(name, dtype, dims, bytes(data))


def of(nodes, initializers=(), x=PIXELS, outputs=("y",), opset=21, dtype=FLOAT, opsets=None, functions=()):
    """`nodes`: from x to `outputs`."""
    return model(Graph(nodes, [x] if isinstance(x, bytes) else x, [value(o, dtype, None) for o in outputs], initializers), opset, functions, opsets)


def one(op, inputs=("x",), initializers=(), x=PIXELS, outputs=("y",), opset=21, dtype=FLOAT, **attributes):
    return of([node(op, inputs, outputs, **attributes)], initializers, x, outputs, opset, dtype)


def windows():
    w = ramp("w", 2, 2, 3, 3)
    yield "conv", of([node("Conv", ["x", "w", "b"], ["c"], pads=[1, 1, 1, 1]), node("Relu", ["c"], ["y"])], [w, ramp("b", 2)])
    yield "conv_depthwise", one("Conv", ["x", "w"], [ramp("w", 2, 1, 3, 3)], group=2, strides=[2, 2])
    yield "conv_dilated", one("Conv", ["x", "w"], [w], dilations=[2, 2], auto_pad="SAME_UPPER")
    yield "conv_1d", one("Conv", ["x", "w"], [ramp("w", 2, 3, 3)], TEXTS)
    yield "conv_3d", one("Conv", ["x", "w"], [ramp("w", 1, 1, 2, 2, 2)], value("x", FLOAT, [1, 1, 3, 3, 3]))
    yield "conv_sum", of([node("Conv", ["x", "w"], ["a"]), node("Conv", ["x", "w"], ["b"]), node("Add", ["a", "b"], ["s"]), node("Relu", ["s"], ["y"])], [w])
    yield "conv_transpose", one("ConvTranspose", ["x", "w"], [w], strides=[2, 2], output_padding=[1, 1])
    yield "conv_integer", of([node("ConvInteger", ["x", "w", "z"], ["y"])], [small("w", INT8, [1, 2, 2, 2], range(8)), small("z", UINT8, [], [3])], value("x", UINT8, [1, 2, 4, 4]), dtype=INT32)
    yield "deform_conv", one("DeformConv", ["x", "w", "o"], [ramp("w", 1, 2, 2, 2), ramp("o", 1, 8, 5, 5)], opset=22)
    yield "max_pool", of([node("MaxPool", ["x"], ["y", "i"], kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1), node("MaxUnpool", ["y", "i"], ["z"], kernel_shape=[3, 3], strides=[2, 2])], outputs=("z",))
    yield "average_pool", one("AveragePool", kernel_shape=[2, 2], pads=[1, 0, 1, 0], count_include_pad=1)
    yield "lp_pool", one("LpPool", kernel_shape=[2, 2], p=3)
    yield "global_pools", of([node("GlobalAveragePool", ["x"], ["a"]), node("GlobalMaxPool", ["x"], ["b"]), node("Add", ["a", "b"], ["y"])])
    yield "resize_linear", one("Resize", ["x", "", "s"], [floats("s", [4], [1, 1, 1.5, 2])], mode="linear")
    yield "resize_cubic", one("Resize", ["x", "", "", "s"], [vector("s", [1, 2, 4, 9])], mode="cubic", antialias=1)
    yield "resize_crop", one("Resize", ["x", "r", "s"], [floats("r", [8], [0, 0, 0.1, 0.2, 1, 1, 0.9, 0.8]), floats("s", [4], [1, 1, 1, 1])], coordinate_transformation_mode="tf_crop_and_resize")
    yield "grid_sample", one("GridSample", ["x", "g"], [ramp("g", 1, 3, 3, 2)], mode="linear")
    yield "roi_align", one("RoiAlign", ["x", "r", "i"], [floats("r", [1, 4], [0, 0, 4, 4]), vector("i", [0])], output_height=2, output_width=2)
    yield "max_roi_pool", one("MaxRoiPool", ["x", "r"], [floats("r", [1, 5], [0, 0, 0, 4, 4])], pooled_shape=[2, 2])
    yield "lrn", one("LRN", size=3)
    yield "depth_space", of([node("SpaceToDepth", ["x"], ["d"], blocksize=2), node("DepthToSpace", ["d"], ["y"], blocksize=2, mode="CRD")])
    yield "col2im", one("Col2Im", ["x", "i", "b"], [vector("i", [4, 4]), vector("b", [2, 2])], value("x", FLOAT, [1, 4, 9]))
    yield "pad_reflect", one("Pad", ["x", "p"], [vector("p", [0, 0, 1, 2, 0, 0, 2, -1])], mode="reflect")
    yield "batch_norm", one("BatchNormalization", ["x", "a", "b", "c", "d"], [ramp(n, 2) for n in "abc"] + [floats("d", [2], [1, 2])])
    yield "instance_norm", one("InstanceNormalization", ["x", "a", "b"], [ramp("a", 2), ramp("b", 2)])
    yield "group_norm", one("GroupNormalization", ["x", "a", "b"], [ramp("a", 2), ramp("b", 2)], num_groups=2)


def matrices():
    yield "gemm", one("Gemm", ["x", "w", "b"], [ramp("w", 5, 4), ramp("b", 5)], ROWS, transB=1, alpha=0.5)
    yield "matmul_batched", one("MatMul", ["x", "w"], [ramp("w", 2, 8, 4)], TEXTS)
    yield "matmul_both", one("MatMul", ["x", "z"], x=[value("x", FLOAT, ["n", 3, 4]), value("z", FLOAT, [4, "m"])])
    yield "matmul_integer", of([node("MatMulInteger", ["x", "w", "a", "b"], ["y"])], [small("w", INT8, [4, 3], range(12)), small("a", UINT8, [], [1]), small("b", INT8, [3], range(3))], value("x", UINT8, [2, 4]), dtype=INT32)
    yield "einsum", one("Einsum", ["x", "w"], [ramp("w", 8, 3)], TEXTS, equation="bij,jk->bki")
    yield "mlp", of([node("MatMul", ["x", "w"], ["h"]), node("Add", ["h", "b"], ["g"]), node("Gelu", ["g"], ["a"], approximate="tanh"), node("MatMul", ["a", "v"], ["y"])], [ramp("w", 4, 8), ramp("b", 8), ramp("v", 8, 4)], ROWS)
    yield "attention_by_hand", of([node("Transpose", ["x"], ["t"], perm=[0, 2, 1]), node("MatMul", ["x", "t"], ["s"]), node("Softmax", ["s"], ["p"], axis=-1), node("MatMul", ["p", "x"], ["y"])], x=TEXTS)
    yield "attention", one("Attention", ["x", "x", "x"], x=TEXTS, opset=23, q_num_heads=2, kv_num_heads=2, is_causal=1)
    yield "rotary", one("RotaryEmbedding", ["x", "c", "s"], [ramp("c", 2, 3, 4), ramp("s", 2, 3, 4)], TEXTS, opset=23, num_heads=1)
    yield "layer_norm", one("LayerNormalization", ["x", "w", "b"], [ramp("w", 8), ramp("b", 8)], TEXTS)
    yield "rms_norm", one("RMSNormalization", ["x", "w"], [ramp("w", 8)], TEXTS, opset=23)
    yield "layer_norm_by_hand", of([node("ReduceMean", ["x", "a"], ["m"]), node("Sub", ["x", "m"], ["d"]), node("Mul", ["d", "d"], ["q"]), node("ReduceMean", ["q", "a"], ["v"]), node("Sqrt", ["v"], ["s"]), node("Div", ["d", "s"], ["y"])], [vector("a", [-1])], TEXTS)
    yield "lstm", one("LSTM", ["x", "w", "r", "b"], [ramp("w", 1, 8, 8), ramp("r", 1, 8, 2), ramp("b", 1, 16)], TEXTS, ("y", "h", "c"), hidden_size=2)
    yield "gru", one("GRU", ["x", "w", "r"], [ramp("w", 2, 6, 8), ramp("r", 2, 6, 2)], TEXTS, hidden_size=2, direction="bidirectional", linear_before_reset=1)
    yield "rnn", one("RNN", ["x", "w", "r", "", "l"], [ramp("w", 1, 2, 8), ramp("r", 1, 2, 2), tensor("l", INT32, [3], struct.pack("<3i", 2, 1, 2))], TEXTS, hidden_size=2)
    yield "det", one("Det", x=value("x", FLOAT, [2, 3, 3]))
    yield "causal_conv", one("Trilu", ["x", "k"], [scalar("k", -1)], ROWS, upper=1)


def moves():
    yield "reshape_transpose", of([node("Reshape", ["x", "s"], ["r"]), node("Transpose", ["r"], ["y"], perm=[2, 0, 1])], [vector("s", [0, -1, 12])])
    yield "shape_arithmetic", of([node("Shape", ["x"], ["s"]), node("Gather", ["s", "i"], ["n"]), node("Unsqueeze", ["n", "a"], ["u"]), node("Concat", ["u", "m"], ["t"], axis=0), node("Reshape", ["x", "t"], ["y"])], [scalar("i", 0), vector("a", [0]), vector("m", [-1])], value("x", FLOAT, ["n", 3, 4]))
    yield "slice", one("Slice", ["x", "a", "b", "c", "d"], [vector("a", [-1, 0]), vector("b", [-99, 5]), vector("c", [2, 3]), vector("d", [-2, 2])])
    yield "split", one("Split", ["x", "s"], [vector("s", [1, 3])], ROWS, ("y", "z"), axis=1)
    yield "split_even", one("Split", x=ROWS, outputs=("y", "z", "w"), axis=1, num_outputs=3)
    yield "concat", one("Concat", ["x", "w", "x"], [ramp("w", 3, 2)], ROWS, axis=1)
    yield "expand_tile", of([node("Expand", ["x", "s"], ["e"]), node("Tile", ["e", "r"], ["y"])], [vector("s", [2, 1, 1]), vector("r", [1, 2, 1])], ROWS)
    yield "squeeze", of([node("Squeeze", ["x", "a"], ["s"]), node("Unsqueeze", ["s", "b"], ["y"])], [vector("a", [0]), vector("b", [1, -1])])
    yield "gather", one("Gather", ["x", "i"], [int64s("i", [2, 1], [-1, 0])], ROWS, axis=1)
    yield "gather_elements", one("GatherElements", ["x", "i"], [int64s("i", [1, 4], [0, 1, 2, -1])], ROWS)
    yield "gather_nd", one("GatherND", ["x", "i"], [int64s("i", [2, 2], [0, 1, -1, 3])], ROWS)
    yield "scatter_elements", one("ScatterElements", ["x", "i", "u"], [int64s("i", [1, 2], [1, -1]), ramp("u", 1, 2)], ROWS, axis=1, reduction="add")
    yield "scatter_nd", one("ScatterND", ["x", "i", "u"], [int64s("i", [2, 1], [0, 2]), ramp("u", 2, 4)], ROWS, reduction="max")
    yield "one_hot", of([node("OneHot", ["x", "d", "v"], ["y"], axis=0)], [scalar("d", 5), floats("v", [2], [0, 1])], value("x", INT64, [3]))
    yield "non_zero", of([node("NonZero", ["x"], ["y"])], x=ROWS, dtype=INT64)
    yield "compress", one("Compress", ["x", "c"], [small("c", BOOL, [3], [1, 0, 1])], ROWS, axis=0)
    yield "unique", one("Unique", x=ROWS, axis=1)
    yield "where", of([node("Greater", ["x", "z"], ["c"]), node("Where", ["c", "x", "z"], ["y"])], [scalar("z", 0.5)], ROWS)
    yield "eye_like", one("EyeLike", x=ROWS, k=1)
    yield "range", of([node("Range", ["a", "b", "c"], ["r"]), node("Cast", ["r"], ["f"], to=FLOAT), node("Add", ["x", "f"], ["y"])], [scalar("a", 0), scalar("b", 8), scalar("c", 2)], ROWS)
    yield "reverse_sequence", one("ReverseSequence", ["x", "l"], [vector("l", [1, 2, 3, 3])], ROWS, time_axis=0, batch_axis=1)
    yield "center_crop_pad", one("CenterCropPad", ["x", "s"], [vector("s", [2, 7])], ROWS)
    yield "affine_grid", one("AffineGrid", ["x", "s"], [vector("s", [1, 1, 3, 3])], value("x", FLOAT, [1, 2, 3]))
    yield "tensor_scatter", one("TensorScatter", ["x", "u", "i"], [ramp("u", 2, 1, 8), vector("i", [0, 2])], TEXTS, opset=24, axis=1)


def numbers():
    for op in ("Sigmoid", "Tanh", "Exp", "Erf", "HardSwish", "Mish", "Softplus", "Round", "Sign", "Sin", "Atan", "Gelu", "Elu"):
        yield op.lower(), of([node(op, ["x"], ["a"]), node("Mul", ["a", "x"], ["y"])], x=ROWS)
    for op in ("ReduceSum", "ReduceMax", "ReduceProd", "ReduceL2", "ReduceLogSumExp", "ReduceMean"):
        yield op.lower(), one(op, ["x", "a"], [vector("a", [-1])], ROWS, keepdims=0)
    yield "arg_max", one("ArgMax", x=ROWS, dtype=INT64, axis=1, select_last_index=1)
    yield "top_k", of([node("TopK", ["x", "k"], ["y", "i"], axis=-1, largest=0)], [vector("k", [2])], ROWS)
    yield "cum_sum", one("CumSum", ["x", "a"], [scalar("a", 1)], ROWS, reverse=1, exclusive=1)
    yield "clip", one("Clip", ["x", "a", "b"], [scalar("a", -0.5), scalar("b", 0.5)], ROWS)
    yield "softmax", one("LogSoftmax", x=ROWS, axis=0)
    yield "hardmax", one("Hardmax", x=ROWS, axis=1)
    yield "pow", of([node("Pow", ["x", "e"], ["a"]), node("Mod", ["a", "e"], ["y"], fmod=1)], [scalar("e", 2.0)], ROWS)
    yield "integers", of([node("Add", ["x", "w"], ["a"]), node("Div", ["a", "w"], ["b"]), node("Mod", ["b", "w"], ["c"]), node("Mul", ["c", "x"], ["y"])], [vector("w", [2, -3, 5])], value("x", INT64, [2, 3]), dtype=INT64)
    yield "bits", of([node("BitShift", ["x", "w"], ["a"], direction="LEFT"), node("BitwiseXor", ["a", "x"], ["y"])], [small("w", UINT8, [1], [3])], value("x", UINT8, [4]), dtype=UINT8)
    yield "casts", of([node("Cast", ["x"], ["h"], to=FLOAT16), node("Cast", ["h"], ["i"], to=INT32), node("Cast", ["i"], ["b"], to=BFLOAT16), node("Cast", ["b"], ["y"], to=FLOAT)], x=ROWS)
    yield "float8", of([node("Cast", ["x"], ["h"], to=17), node("Cast", ["h"], ["y"], to=FLOAT)], x=ROWS)
    yield "quantised", of([node("QuantizeLinear", ["x", "s", "z"], ["q"]), node("DequantizeLinear", ["q", "s", "z"], ["y"])], [scalar("s", 0.25), small("z", INT8, [], [3])], ROWS)
    yield "quantised_conv", of([node("QuantizeLinear", ["x", "s", "z"], ["q"]), node("DequantizeLinear", ["q", "s", "z"], ["d"]), node("DequantizeLinear", ["w", "s"], ["v"]), node("Conv", ["d", "v"], ["c"]),
                                node("QuantizeLinear", ["c", "s", "z"], ["p"]), node("DequantizeLinear", ["p", "s", "z"], ["y"])], [scalar("s", 0.25), small("z", UINT8, [], [3]), small("w", INT8, [2, 2, 2, 2], range(16))])
    yield "qlinear_matmul", of([node("QLinearMatMul", ["x", "s", "z", "w", "s", "z", "s", "z"], ["y"])], [scalar("s", 0.25), small("z", UINT8, [], [3]), small("w", UINT8, [4, 2], range(8))], value("x", UINT8, [3, 4]), dtype=UINT8)
    yield "quantised_by_blocks", of([node("DequantizeLinear", ["w", "s"], ["v"], axis=0, block_size=2), node("MatMul", ["x", "v"], ["y"])], [ramp("s", 2, 3), tensor("w", 22, [4, 3], bytes(range(6)))], ROWS)
    yield "dynamic_quantise", of([node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"]), node("DequantizeLinear", ["q", "s", "z"], ["y"])], x=ROWS)
    yield "dft", one("DFT", ["x", "", "a"], [scalar("a", 1)], value("x", FLOAT, [1, 5, 1]), onesided=1)
    yield "stft", one("STFT", ["x", "h", "w"], [scalar("h", 2), ramp("w", 4)], value("x", FLOAT, [1, 8, 1]))
    yield "mel", of([node("MelWeightMatrix", ["a", "b", "c", "d", "e"], ["m"]), node("HannWindow", ["a"], ["h"]), node("Mul", ["x", "h"], ["y"])], [scalar("a", 4), scalar("b", 8), scalar("c", 100), scalar("d", 0.0), scalar("e", 50.0)], ROWS)
    yield "random", of([node("RandomNormalLike", ["x"], ["r"], seed=1.0), node("Bernoulli", ["r"], ["b"]), node("Dropout", ["x", "p", "t"], ["d"]), node("Add", ["b", "d"], ["y"])], [scalar("p", 0.5), small("t", BOOL, [], [1])], ROWS)
    yield "non_max_suppression", of([node("NonMaxSuppression", ["x", "s", "m", "t"], ["y"])], [ramp("s", 1, 1, 3), scalar("m", 2), scalar("t", 0.5)], value("x", FLOAT, [1, 3, 4]), dtype=INT64)
    yield "losses", of([node("SoftmaxCrossEntropyLoss", ["x", "l"], ["y"])], [vector("l", [0, 3, 1])], ROWS)


def control():
    then = Graph([node("Relu", ["x"], ["a"])], [], [value("a", FLOAT, None)])
    other = Graph([node("Neg", ["x"], ["b"])], [], [value("b", FLOAT, None)])
    yield "if", of([node("If", ["c"], ["y"], then_branch=then, else_branch=other)], x=[ROWS, value("c", BOOL, [])])
    body = Graph([node("Identity", ["c"], ["d"]), node("Add", ["a", "x"], ["b"])], [value("i", INT64, []), value("c", BOOL, []), value("a", FLOAT, None)],
                 [value("d", BOOL, []), value("b", FLOAT, None), value("a", FLOAT, None)])
    yield "loop", of([node("Loop", ["n", "", "x"], ["y", "z"], body=body)], [scalar("n", 3)], ROWS, ("y", "z"))
    step = Graph([node("Add", ["s", "v"], ["t"]), node("Relu", ["t"], ["o"])], [value("s", FLOAT, [4]), value("v", FLOAT, [4])], [value("t", FLOAT, None), value("o", FLOAT, None)])
    yield "scan", of([node("Scan", ["i", "x"], ["y", "z"], body=step, num_scan_inputs=1)], [ramp("i", 4)], ROWS, ("y", "z"))
    yield "sequence", of([node("SplitToSequence", ["x"], ["s"], axis=0), node("SequenceAt", ["s", "i"], ["a"]), node("SequenceInsert", ["s", "a"], ["t"]), node("ConcatFromSequence", ["t"], ["y"], axis=0)], [scalar("i", 1)], ROWS)
    yield "optional", of([node("Optional", ["x"], ["o"]), node("OptionalHasElement", ["o"], ["h"]), node("OptionalGetElement", ["o"], ["y"])], x=ROWS)
    yield "function", of([node("F", ["x"], ["y"], domain="own", slope=0.5)], x=ROWS, opsets=[("", 21), ("own", 1)],
                         functions=[function("own", "F", ["a"], ["b"], [node("Relu", ["a"], ["t"]), node("Add", ["t", "a"], ["b"])])])
    yield "string", of([node("StringConcat", ["x", "x"], ["a"]), node("StringNormalizer", ["a"], ["y"], case_change_action="UPPER")], x=value("x", STRING, [3]), dtype=STRING)
    yield "fused_microsoft", of([node("FusedMatMul", ["x", "w"], ["f"], domain="com.microsoft", alpha=2.0, transB=1), node("QuickGelu", ["f"], ["y"], domain="com.microsoft")], [ramp("w", 5, 4)], ROWS, opsets=[("", 21), ("com.microsoft", 1)])
    yield "skip_layer_norm", of([node("SkipLayerNormalization", ["x", "x", "w", "b"], ["y"], domain="com.microsoft")], [ramp("w", 8), ramp("b", 8)], TEXTS, opsets=[("", 21), ("com.microsoft", 1)])
    yield "matmul_nbits", of([node("MatMulNBits", ["x", "w", "s"], ["y"], domain="com.microsoft", K=16, N=2, bits=4, block_size=16)], [small("w", UINT8, [2, 1, 8], range(16)), ramp("s", 2)], value("x", FLOAT, [3, 16]), opsets=[("", 21), ("com.microsoft", 1)])
    yield "scaler", of([node("Scaler", ["x"], ["y"], domain="ai.onnx.ml", scale=[2.0], offset=[0.5])], x=ROWS, opsets=[("", 21), ("ai.onnx.ml", 3)])
    yield "linear_classifier", of([node("LinearClassifier", ["x"], ["l", "y"], domain="ai.onnx.ml", coefficients=[0.5] * 8, intercepts=[0.1, 0.2], classlabels_ints=[3, 4])], x=ROWS, outputs=("y",), opsets=[("", 21), ("ai.onnx.ml", 3)])
    yield "trees", of([node("TreeEnsembleRegressor", ["x"], ["y"], domain="ai.onnx.ml", n_targets=1, nodes_treeids=[0, 0, 0], nodes_nodeids=[0, 1, 2], nodes_featureids=[1, 0, 0], nodes_values=[0.5, 0.0, 0.0], nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF"],
                            nodes_truenodeids=[1, 0, 0], nodes_falsenodeids=[2, 0, 0], target_treeids=[0, 0], target_nodeids=[1, 2], target_ids=[0, 0], target_weights=[1.0, 2.0])], x=ROWS, opsets=[("", 21), ("ai.onnx.ml", 3)])


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for group in (windows, matrices, moves, numbers, control):
        for name_, content in group():
            (folder / name_).write_bytes(content)
