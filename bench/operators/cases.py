"""The cases: every operator of ai.onnx and ai.onnx.ml, and those of com.microsoft that ONNX Runtime has on the CPU, at sizes
of vision, language and audio networks."""
import numpy as np
from onnx import TensorProto, helper

from model import b, case, const, f, graph, i, one, words

IMAGE = (1, 64, 112, 112)  # 3.1 MiB of floats
SMALL = (1, 64, 56, 56)
TOKENS = (8, 128, 768)
I64 = TensorProto.INT64


def elementwise():
    x = lambda low=None, high=None: f(*IMAGE, low=low, high=high)  # noqa: E731
    for name in ("Abs Neg Ceil Floor Round Sign Exp Sin Cos Tan Sinh Cosh Tanh Asinh Atan Erf Relu LeakyRelu Elu Selu Celu Sigmoid "
                 "HardSigmoid HardSwish Softplus Softsign ThresholdedRelu Mish Shrink Identity Gelu Reciprocal IsNaN IsInf").split():
        yield one(name, x())
    yield one("Swish", x(), opset=24)
    for name in "Asin Acos Atanh".split():
        yield one(name, x(-1, 1))
    yield one("Acosh", x(1, 5))
    for name in "Sqrt Log".split():
        yield one(name, x(0.1, 4))
    yield one("Gelu", x(), label="tanh", approximate="tanh")
    yield one("PRelu", x(), const(f(64, 1, 1)))
    yield one("Clip", x(), const(-1, np.float32), const(1, np.float32))
    yield one("Clip", i(*IMAGE, low=-100, high=100, dtype=np.int32), const(-50, np.int32), const(50, np.int32), label="i32")
    yield one("Abs", i(*IMAGE, low=-100, high=100, dtype=np.int32), label="i32")
    yield one("Neg", i(*IMAGE, low=-100, high=100, dtype=np.int64), label="i64")
    yield one("Exp", f(*SMALL, dtype=np.float64), label="f64")
    yield one("Dropout", x())
    for name in "Add Sub Mul Div".split():
        yield one(name, x(), x(0.5, 2), label="same")
    yield one("Add", x(), f(64, 1, 1), label="channel")
    yield one("Mul", x(), f(1), label="scalar")
    yield one("Add", f(*TOKENS), f(768), label="last axis")
    yield one("Mul", f(1, 64, 112, 1), f(1, 64, 1, 112), label="both broadcast")
    yield one("Add", i(*IMAGE, high=100), i(*IMAGE, high=100), label="i64")
    yield one("Mul", i(*IMAGE, high=100, dtype=np.int32), i(*IMAGE, high=100, dtype=np.int32), label="i32")
    yield one("Div", i(*IMAGE, high=100), i(*IMAGE, low=1, high=100), label="i64")
    yield one("Add", f(*SMALL, dtype=np.float64), f(*SMALL, dtype=np.float64), label="f64")
    yield one("Pow", x(0.1, 2), x(0, 3))
    yield one("Pow", x(), const(2, np.float32), label="square")
    yield one("Pow", x(0.1, 2), const(0.7, np.float32), label="scalar")
    yield one("Mod", i(*IMAGE, high=100), i(*IMAGE, low=1, high=9), label="i64")
    yield one("Mod", x(0, 5), x(1, 2), label="fmod", fmod=1)
    for name in "Max Min Mean Sum".split():
        yield one(name, x(), x(), x())
    yield one("Max", i(*IMAGE, high=100), i(*IMAGE, high=100), label="i64")
    for name in "Equal Greater GreaterOrEqual Less LessOrEqual".split():
        yield one(name, x(), x())
    yield one("Equal", i(*IMAGE, high=9), i(*IMAGE, high=9), label="i64")
    yield one("Less", i(*IMAGE, high=9, dtype=np.int32), i(1, high=9, dtype=np.int32), label="i32 scalar")
    for name in "And Or Xor".split():
        yield one(name, b(*IMAGE), b(*IMAGE))
    yield one("Not", b(*IMAGE))
    for name in "BitwiseAnd BitwiseOr BitwiseXor".split():
        yield one(name, i(*IMAGE, high=99, dtype=np.int32), i(*IMAGE, high=99, dtype=np.int32))
    yield one("BitwiseNot", i(*IMAGE, high=99, dtype=np.int32))
    yield one("BitShift", i(*IMAGE, high=99, dtype=np.uint32), i(*IMAGE, high=5, dtype=np.uint32), direction="LEFT")
    yield one("Where", b(*IMAGE), x(), x())
    yield one("Where", b(8, 1, 128, 128), f(8, 12, 128, 128), f(1), label="mask")
    yield one("Where", b(*IMAGE), i(*IMAGE, high=9), i(*IMAGE, high=9), label="i64")
    to = dict(f16=10, f32=1, f64=11, i32=6, i64=7, u8=2, i8=3, bool=9, u16=4)
    for source, target in (("f32", "f16"), ("f16", "f32"), ("f32", "i32"), ("f32", "i64"), ("f32", "u8"), ("u8", "f32"), ("i64", "f32"), ("i64", "i32"),
                           ("i32", "i64"), ("bool", "f32"), ("f32", "bool"), ("f32", "f64"), ("f64", "f32"), ("i32", "f32"), ("f32", "u16")):
        data = x(0, 100).astype(dict(f16=np.float16, f32=np.float32, f64=np.float64, i32=np.int32, i64=np.int64, u8=np.uint8, bool=bool)[source])
        yield one("Cast", data, to=to[target], label=f"{source} to {target}")
    yield one("CastLike", x(), i(1, high=2))
    yield one("BitCast", x(), to=6, opset=26)
    yield one("Add", f(*SMALL, dtype=np.float16), f(*SMALL, dtype=np.float16), label="f16")
    yield one("SwiGLU", f(*TOKENS), f(*TOKENS), opset=28)


def reductions():
    for name in "ReduceSum ReduceMean ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceSumSquare".split():
        low = (0.5, 2) if name in ("ReduceLogSum", "ReduceProd") else (None, None)
        yield one(name, f(*TOKENS, low=low[0], high=low[1]), const([2], np.int64), label="last axis")
        yield one(name, f(*IMAGE, low=low[0], high=low[1]), const([1], np.int64), label="channels")
    yield one("ReduceMean", f(*IMAGE), const([2, 3], np.int64), label="spatial")
    yield one("ReduceSum", f(*IMAGE), label="all")
    yield one("ReduceMax", f(*IMAGE), const([0, 2], np.int64), label="axes 0 and 2")
    yield one("ReduceSum", i(*TOKENS, high=99), const([2], np.int64), label="i64")
    yield one("ReduceMax", i(*TOKENS, high=99, dtype=np.int32), const([1], np.int64), label="i32")
    for name in ("ArgMax", "ArgMin"):
        yield one(name, f(8, 128, 1000), axis=2, label="last axis")
        yield one(name, f(1, 21, 256, 256), axis=1, label="channels")
    yield one("ArgMax", i(8, 128, 1000, high=999), axis=2, label="i64")
    for name in ("CumSum", "CumProd"):
        o = 14 if name == "CumSum" else 26
        yield one(name, f(*TOKENS), const(2, np.int64), label="last axis", opset=o)
        yield one(name, f(*TOKENS, low=.9, high=1.1), const(1, np.int64), label="middle axis", opset=o)
    yield one("CumSum", i(8, 4096, high=2), const(1, np.int64), label="i64", opset=14)
    yield one("TopK", f(8, 1000), const([5], np.int64), outputs=2, label="5 of 1000")
    yield one("TopK", f(1, 8400), const([300], np.int64), outputs=2, label="300 of 8400")
    yield one("TopK", f(1, 64, 80, 80), const([3], np.int64), outputs=2, axis=1, label="channels")
    yield one("TopK", f(64, 4096), const([4096], np.int64), outputs=2, label="sort rows")
    yield one("TopK", f(1, 200000), const([1000], np.int64), outputs=2, label="1000 of 200000")
    yield one("TopK", i(8, 8400, high=10000), const([100], np.int64), outputs=2, label="i64")
    yield one("Unique", i(100000, high=2000), outputs=4, label="sorted")
    yield one("Unique", i(100000, high=2000), outputs=4, sorted=0, label="first seen")
    yield one("Unique", f(2000, 8), outputs=1, axis=0, label="rows")
    yield one("NonZero", (f(*IMAGE) > 1.5))
    yield one("NonZero", f(128, 1000) * (f(128, 1000) > 1), label="f32")
    yield one("Hardmax", f(8, 128, 1000))
    yield one("Softmax", f(8, 12, 128, 128), label="attention")
    yield one("Softmax", f(1, 21, 128, 128), axis=1, label="channels")
    yield one("Softmax", f(32, 32000), label="vocabulary")
    yield one("LogSoftmax", f(32, 32000), label="vocabulary")
    yield one("LogSoftmax", f(1, 21, 128, 128), axis=1, label="channels")
    for name in ("Softmax", "LogSoftmax"):
        yield one(name, f(8, 128, 128), axis=1, opset=11, label="opset 11")
    yield one("Einsum", f(8, 128, 12, 64), f(8, 128, 12, 64), equation="bqhd,bkhd->bhqk", label="attention")
    yield one("Einsum", f(256, 512), f(512, 256), equation="ij,jk->ik", label="product")
    yield one("Einsum", f(64, 256, 256), equation="bij->bji", label="transpose")
    yield one("Einsum", f(64, 256, 256), equation="bii->bi", label="diagonal")
    yield one("Einsum", f(8, 128, 768), f(768), equation="...d,d->...d", label="scale")
    yield one("Einsum", f(8, 64, 64), f(64, 64, 32), f(8, 32), equation="bij,ijk,bk->bj", label="three operands")
    yield one("Det", f(256, 32, 32))
    yield one("Det", f(4, 256, 256), label="large")


def movement():
    for perm, dims in (((0, 2, 3, 1), IMAGE), ((0, 3, 1, 2), (1, 112, 112, 64)), ((1, 0), (1024, 1024)), ((0, 2, 1, 3), (8, 128, 12, 64)), ((3, 2, 1, 0), (16, 32, 32, 48)),
                       ((0, 2, 4, 3, 5, 1), (2, 3, 16, 14, 16, 14))):
        yield one("Transpose", f(*dims), perm=perm, label="".join(map(str, perm)))
    yield one("Transpose", i(*IMAGE, high=255, dtype=np.uint8), perm=(0, 2, 3, 1), label="u8")
    yield one("Transpose", i(8, 128, 12, 64, high=9), perm=(0, 2, 3, 1), label="i64")
    yield one("Reshape", f(*IMAGE), const([1, -1], np.int64))
    yield one("Flatten", f(*IMAGE))
    yield one("Squeeze", f(*IMAGE), const([0], np.int64))
    yield one("Unsqueeze", f(*IMAGE), const([0], np.int64))
    yield one("Shape", f(*IMAGE))
    yield one("Size", f(*IMAGE))
    yield one("Concat", *[f(1, 64, 56, 56) for _ in range(4)], axis=1, label="channels")
    yield one("Concat", *[f(1, 80, 80, 85) for _ in range(3)], axis=3, label="last axis")
    yield one("Concat", *[f(2048, 1) for _ in range(4)], axis=1, label="boxes")
    yield one("Split", f(*IMAGE), outputs=2, axis=1, num_outputs=2, label="channels")
    yield one("Split", f(8, 128, 2304), outputs=3, axis=2, num_outputs=3, label="heads")
    yield one("Slice", f(*IMAGE), const([8, 8], np.int64), const([104, 104], np.int64), const([2, 3], np.int64), label="crop")
    yield one("Slice", f(*IMAGE), const([0, 0], np.int64), const([112, 112], np.int64), const([2, 3], np.int64), const([2, 2], np.int64), label="step 2")
    yield one("Slice", f(*IMAGE), const([-1], np.int64), const([-1000], np.int64), const([3], np.int64), const([-1], np.int64), label="reversed")
    for mode in "constant reflect edge wrap".split():
        yield one("Pad", f(*IMAGE), const([0, 0, 3, 3, 0, 0, 3, 3], np.int64), mode=mode, label=mode)
    yield one("Expand", f(1, 64, 1, 112), const([1, 64, 112, 112], np.int64))
    yield one("Tile", f(1, 64, 28, 28), const([1, 1, 4, 4], np.int64))
    yield one("Gather", const(f(30000, 768)), i(8, 128, high=30000), label="embedding")
    yield one("Gather", f(8, 128, 768), i(64, high=128), axis=1, label="axis 1")
    yield one("Gather", f(8, 128, 768), i(64, high=768), axis=2, label="last axis")
    yield one("GatherElements", f(8, 128, 768), i(8, 128, 768, high=128), axis=1, label="axis 1")
    yield one("GatherElements", f(8, 128, 768), i(8, 128, 100, high=768), axis=2, label="last axis")
    yield one("GatherND", f(64, 128, 256), i(4096, 2, high=64), label="rows")
    yield one("GatherND", f(64, 128, 256), i(100000, 3, high=64), label="elements")
    yield one("GatherND", f(8, 128, 256), i(8, 500, 1, high=128), batch_dims=1, label="batch")
    rows = np.random.default_rng(1).permutation(8192).astype(np.int64).reshape(-1, 1)
    yield one("ScatterND", f(8192, 256), rows[:2048], f(2048, 256), label="rows")
    yield one("ScatterND", f(8192, 256), i(2048, 1, high=8192), f(2048, 256), reduction="add", label="add")
    yield one("ScatterND", f(512, 512), np.stack([rows[:, 0] // 16, rows[:, 0] % 512], -1), f(8192), label="elements")
    yield one("ScatterElements", f(8, 128, 768), np.argsort(f(8, 128, 768), axis=1).astype(np.int64)[:, :64], f(8, 64, 768), axis=1, label="axis 1")
    yield one("ScatterElements", f(8, 128, 768), i(8, 64, 768, high=128), f(8, 64, 768), axis=1, reduction="add", label="add")
    yield one("ScatterElements", f(1000, 768), np.argsort(f(1000, 768), axis=1).astype(np.int64)[:, :300], f(1000, 300), axis=1, label="last axis")
    yield one("Scatter", f(1000, 768), np.argsort(f(1000, 768), axis=1).astype(np.int64)[:, :300], f(1000, 300), axis=1, opset=9)
    yield one("TensorScatter", f(8, 12, 512, 64), f(8, 12, 16, 64), i(8, high=400), axis=2, opset=24)
    yield one("OneHot", i(8, 512, high=1000), const(1000, np.int64), const([0, 1], np.float32))
    yield one("OneHot", i(8, 64, 64, high=21), const(21, np.int64), const([0, 1], np.float32), axis=1, label="axis 1")
    yield one("Compress", f(4096, 256), b(4096), axis=0, label="rows")
    yield one("Compress", f(200000), b(200000), label="flat")
    yield one("DepthToSpace", f(1, 256, 56, 56), blocksize=2, label="DCR")
    yield one("DepthToSpace", f(1, 256, 56, 56), blocksize=2, mode="CRD", label="CRD")
    yield one("SpaceToDepth", f(1, 64, 112, 112), blocksize=2)
    yield one("Trilu", f(8, 512, 512), upper=0)
    yield one("Trilu", f(8, 512, 512), const(1, np.int64), upper=1, label="upper")
    yield one("EyeLike", f(1024, 1024))
    yield one("ReverseSequence", f(512, 32, 64), i(32, low=1, high=512), batch_axis=1, time_axis=0)
    yield one("ReverseSequence", f(32, 512, 64), i(32, low=1, high=512), batch_axis=0, time_axis=1, label="batch first")
    yield one("CenterCropPad", f(*IMAGE), const([96, 128], np.int64), axes=[2, 3])
    yield one("Col2Im", f(1, 64 * 9, 56 * 56), const([56, 56], np.int64), const([3, 3], np.int64), pads=[1, 1, 1, 1])
    yield one("ConstantOfShape", np.array([512, 1024], np.int64))
    yield one("Range", np.array(0, np.int64), np.array(200000, np.int64), np.array(1, np.int64), label="i64")
    yield one("Range", np.array(0, np.float32), np.array(200000, np.float32), np.array(1, np.float32), label="f32")
    yield one("Constant", value_float=1.0)


def windows():
    yield one("MaxPool", f(1, 64, 112, 112), kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    yield one("MaxPool", f(1, 64, 112, 112), kernel_shape=[2, 2], strides=[2, 2], outputs=2, label="with indices")
    yield one("MaxPool", f(1, 256, 20, 20), kernel_shape=[5, 5], pads=[2, 2, 2, 2], label="5 x 5")
    yield one("MaxPool", f(8, 64, 2048), kernel_shape=[3], strides=[2], label="1-D")
    yield one("MaxPool", f(1, 32, 16, 56, 56), kernel_shape=[2, 2, 2], strides=[2, 2, 2], label="3-D")
    yield one("MaxPool", i(1, 64, 112, 112, high=255, dtype=np.uint8), kernel_shape=[3, 3], strides=[2, 2], label="u8")
    yield one("AveragePool", f(1, 64, 112, 112), kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    yield one("AveragePool", f(1, 32, 16, 56, 56), kernel_shape=[2, 2, 2], strides=[2, 2, 2], label="3-D")
    yield one("LpPool", f(1, 64, 112, 112), kernel_shape=[3, 3], strides=[2, 2], p=2)
    for name in "GlobalAveragePool GlobalMaxPool GlobalLpPool".split():
        yield one(name, f(1, 512, 28, 28))
    yield one("MaxUnpool", f(1, 64, 56, 56), np.arange(64 * 56 * 56).reshape(1, 64, 56, 56) * 4, kernel_shape=[2, 2], strides=[2, 2])
    yield one("MaxRoiPool", f(1, 256, 50, 50), roi_boxes(64, 400, batch=True), pooled_shape=[7, 7], spatial_scale=0.125)
    yield one("RoiAlign", f(1, 256, 50, 50), roi_boxes(64, 400), np.zeros(64, np.int64), output_height=7, output_width=7, spatial_scale=0.125, sampling_ratio=2)
    yield one("RoiAlign", f(1, 256, 50, 50), roi_boxes(64, 400), np.zeros(64, np.int64), output_height=7, output_width=7, spatial_scale=0.125, sampling_ratio=2, mode="max", label="max")
    for mode in "nearest linear cubic".split():
        yield one("GridSample", f(1, 32, 64, 64), f(1, 64, 64, 2, low=-1.1, high=1.1), mode=mode, label=mode)
    yield one("GridSample", f(1, 32, 64, 64), f(1, 64, 64, 2, low=-1.1, high=1.1), mode="linear", padding_mode="reflection", align_corners=1, label="reflection")
    yield one("GridSample", f(1, 8, 16, 32, 32), f(1, 16, 32, 32, 3, low=-1.1, high=1.1), mode="linear", label="3-D")
    yield one("AffineGrid", f(4, 2, 3), const([4, 3, 128, 128], np.int64))
    yield one("DeformConv", f(1, 64, 32, 32), const(f(64, 64, 3, 3)), f(1, 18, 32, 32), const(f(64)), f(1, 9, 32, 32), kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    for mode, t in (("nearest", "asymmetric"), ("linear", "half_pixel"), ("cubic", "half_pixel"), ("linear", "align_corners")):
        yield one("Resize", f(1, 64, 56, 56), None, const([1, 1, 2, 2], np.float32), mode=mode, coordinate_transformation_mode=t, label=f"{mode}, {t}")
    yield one("Resize", f(1, 3, 640, 480), None, None, const([1, 3, 224, 224], np.int64), mode="linear", antialias=1, label="antialias")
    yield one("Resize", f(1, 8, 16, 32, 32), None, const([1, 1, 2, 2, 2], np.float32), mode="linear", label="3-D")
    yield one("Resize", f(1, 16, 56, 56), const([0, 0, .1, .2, 1, 1, .9, .8], np.float32), None, const([1, 16, 112, 112], np.int64), mode="linear",
              coordinate_transformation_mode="tf_crop_and_resize", label="crop")
    yield one("Resize", i(1, 3, 480, 640, high=255, dtype=np.uint8), None, None, const([1, 3, 224, 224], np.int64), mode="linear", label="u8")
    yield one("Upsample", f(1, 64, 56, 56), const([1, 1, 2, 2], np.float32), opset=9)
    yield one("Conv", f(1, 64, 56, 56), const(f(64, 64, 3, 3)), const(f(64)), pads=[1, 1, 1, 1])
    yield one("Conv", f(1, 96, 56, 56), const(f(96, 1, 3, 3)), group=96, pads=[1, 1, 1, 1], label="depthwise")
    yield one("Conv", f(1, 128, 28, 28), const(f(256, 128, 1, 1)), label="1 x 1")
    yield one("Conv", f(1, 80, 1000), const(f(256, 80, 3)), pads=[1, 1], label="1-D")
    yield one("Conv", f(1, 16, 16, 28, 28), const(f(32, 16, 3, 3, 3)), pads=[1] * 6, label="3-D")
    yield one("Conv", f(1, 32, 56, 56), f(32, 32, 3, 3), pads=[1, 1, 1, 1], label="weights computed")
    yield one("ConvTranspose", f(1, 64, 28, 28), const(f(64, 32, 4, 4)), strides=[2, 2], pads=[1, 1, 1, 1])
    yield one("ConvTranspose", f(1, 128, 200), const(f(128, 64, 8)), strides=[4], label="1-D")
    yield one("ConvInteger", i(1, 64, 56, 56, high=255, dtype=np.uint8), const(i(64, 64, 3, 3, high=255, dtype=np.uint8)), const(128, np.uint8), const(127, np.uint8), pads=[1, 1, 1, 1])
    yield one("CausalConvWithState", f(2, 256, 128), const(f(256, 1, 4)), const(f(256)), f(2, 256, 3), outputs=2, opset=27)


def roi_boxes(count, size, batch=False):
    xy = f(count, 2, low=0, high=size / 2)
    boxes = np.concatenate([xy, xy + f(count, 2, low=16, high=size / 2)], 1)
    return np.concatenate([np.zeros((count, 1), np.float32), boxes], 1) if batch else boxes


def networks():
    yield one("MatMul", f(128, 768), const(f(768, 768)), label="constant")
    yield one("MatMul", f(96, 128, 64), f(96, 64, 128), label="batched")
    yield one("MatMul", f(1, 768), const(f(768, 3072)), label="vector")
    yield one("MatMul", f(256, 256, dtype=np.float64), f(256, 256, dtype=np.float64), label="f64")
    yield one("MatMul", i(128, 128, high=9), i(128, 128, high=9), label="i64")
    yield one("Gemm", f(128, 768), const(f(768, 768)), const(f(768)), transB=1)
    yield one("Gemm", f(256, 256), f(256, 256), f(256, 256), alpha=0.5, beta=0.5, transA=1, label="A transposed")
    yield one("MatMulInteger", i(128, 768, high=255, dtype=np.uint8), const(i(768, 768, low=-127, high=127, dtype=np.int8)), const(128, np.uint8))
    scale = lambda v=.02: const(v, np.float32)  # noqa: E731
    u8 = lambda *d: i(*d, high=255, dtype=np.uint8)  # noqa: E731
    s8 = lambda *d: i(*d, low=-127, high=127, dtype=np.int8)  # noqa: E731
    zero = const(128, np.uint8)
    yield one("QLinearMatMul", u8(128, 768), scale(), zero, const(s8(768, 768)), scale(), const(0, np.int8), scale(2), zero)
    yield one("QLinearConv", u8(1, 64, 56, 56), scale(), zero, const(s8(64, 64, 3, 3)), scale(), const(0, np.int8), scale(2), zero, pads=[1, 1, 1, 1])
    yield one("QuantizeLinear", f(*IMAGE), scale(), zero)
    yield one("QuantizeLinear", f(*IMAGE), const(f(64, low=.01, high=.1)), const(np.zeros(64), np.int8), axis=1, label="channels")
    yield one("DequantizeLinear", u8(*IMAGE), scale(), zero)
    yield one("DequantizeLinear", s8(*IMAGE), const(f(64, low=.01, high=.1)), const(np.zeros(64), np.int8), axis=1, label="channels")
    yield one("DynamicQuantizeLinear", f(*TOKENS), outputs=3)
    n = lambda *d: const(f(*d, low=.5, high=1.5))  # noqa: E731
    yield one("BatchNormalization", f(*IMAGE), n(64), n(64), n(64), n(64))
    yield one("InstanceNormalization", f(*IMAGE), n(64), n(64))
    yield one("GroupNormalization", f(*IMAGE), n(64), n(64), num_groups=8)
    yield one("LayerNormalization", f(*TOKENS), n(768), n(768))
    yield one("LayerNormalization", f(1, 64, 56, 56), n(64, 56, 56), n(64, 56, 56), axis=1, label="axis 1")
    yield one("RMSNormalization", f(*TOKENS), n(768), opset=23)
    yield one("LpNormalization", f(*TOKENS), axis=2, p=2)
    yield one("LpNormalization", f(1, 256, 56, 56), axis=1, p=2, label="channels")
    yield one("MeanVarianceNormalization", f(*IMAGE))
    yield one("LRN", f(1, 96, 55, 55), size=5)
    h, t, m = 128, 50, 64
    yield one("LSTM", f(t, 8, m), const(f(1, 4 * h, m) / 8), const(f(1, 4 * h, h) / 8), const(f(1, 8 * h)), outputs=3, hidden_size=h)
    yield one("LSTM", f(t, 1, m), const(f(2, 4 * h, m) / 8), const(f(2, 4 * h, h) / 8), const(f(2, 8 * h)), outputs=3, hidden_size=h, direction="bidirectional", label="both directions")
    yield one("GRU", f(t, 8, m), const(f(1, 3 * h, m) / 8), const(f(1, 3 * h, h) / 8), const(f(1, 6 * h)), outputs=2, hidden_size=h)
    yield one("GRU", f(t, 8, m), const(f(1, 3 * h, m) / 8), const(f(1, 3 * h, h) / 8), const(f(1, 6 * h)), outputs=2, hidden_size=h, linear_before_reset=1, label="linear before reset")
    yield one("RNN", f(t, 8, m), const(f(1, h, m) / 8), const(f(1, h, h) / 8), const(f(1, 2 * h)), outputs=2, hidden_size=h)
    yield one("Attention", f(2, 12, 128, 64), f(2, 12, 128, 64), f(2, 12, 128, 64), opset=23)
    yield one("Attention", f(2, 12, 128, 64), f(2, 12, 128, 64), f(2, 12, 128, 64), opset=23, is_causal=1, label="causal")
    yield one("LinearAttention", f(1, 128, 512), f(1, 128, 512), f(1, 128, 512), None, -np.abs(f(1, 128, 8)), outputs=2, opset=27, q_num_heads=8, kv_num_heads=8,
              update_rule="gated")
    yield one("RotaryEmbedding", f(2, 12, 128, 64), f(128, 32), f(128, 32), i(2, 128, high=128), opset=23)
    yield one("NegativeLogLikelihoodLoss", f(64, 1000), i(64, high=1000))
    yield one("SoftmaxCrossEntropyLoss", f(64, 1000), i(64, high=1000))
    yield one("SoftmaxCrossEntropyLoss", f(1, 21, 128, 128), i(1, 128, 128, high=21), label="pixels")


def detection_and_signals():
    def boxes(count):
        c = f(1, count, 2, low=0, high=600)
        s = f(1, count, 2, low=10, high=80)
        return np.concatenate([c - s / 2, c + s / 2], 2)
    arguments = [const([v], t) for v, t in ((100, np.int64), (.5, np.float32), (.3, np.float32))]
    yield one("NonMaxSuppression", boxes(1000), f(1, 1, 1000, low=0, high=1), *arguments, label="1000 boxes")
    yield one("NonMaxSuppression", boxes(2000), f(1, 20, 2000, low=0, high=1), *arguments, label="20 classes of 2000")
    yield one("NonMaxSuppression", boxes(8400), f(1, 1, 8400, low=0, high=1), const([300], np.int64), const([.6], np.float32), const([.001], np.float32), label="8400 boxes")
    yield one("DFT", f(16, 1024, 1), None, const(1, np.int64), opset=20, label="real")
    yield one("DFT", f(16, 1024, 1), None, const(1, np.int64), opset=20, onesided=1, label="one-sided")
    yield one("DFT", f(16, 1024, 2), None, const(1, np.int64), opset=20, label="complex")
    yield one("DFT", f(16, 1024, 2), None, const(1, np.int64), opset=20, inverse=1, label="inverse")
    yield one("DFT", f(16, 1000, 2), None, const(1, np.int64), opset=20, label="1000 points")
    yield one("STFT", f(1, 16000, 1), const(160, np.int64), const(np.hanning(400), np.float32), const(400, np.int64), opset=17)
    yield one("STFT", f(1, 16000, 1), const(128, np.int64), const(np.hanning(512), np.float32), const(512, np.int64), opset=17, label="512 points")
    for name in "HannWindow HammingWindow BlackmanWindow".split():
        yield one(name, np.array(4096, np.int64), opset=17)
    yield one("MelWeightMatrix", np.array(80, np.int64), np.array(400, np.int64), np.array(16000, np.int64), np.array(0, np.float32), np.array(8000, np.float32), opset=17)
    for name, attributes in (("RandomNormal", {}), ("RandomUniform", {})):
        yield one(name, shape=[512, 512], random=True, **attributes)
    for name in "RandomNormalLike RandomUniformLike".split():
        yield one(name, f(512, 512), random=True)
    yield one("Bernoulli", f(512, 512, low=0, high=1), random=True)
    yield one("Multinomial", f(32, 1000), sample_size=100, random=True)


def text_and_containers():
    n = 10000
    yield one("Equal", words(n), words(n), label="strings")
    yield one("StringConcat", words(n), words(n))
    yield one("RegexFullMatch", words(n), pattern="w[a-z]+[0-9]{2,3}")
    yield one("StringSplit", np.array([" ".join(words(8)) for _ in range(1000)], object), outputs=2)
    yield one("StringNormalizer", words(n), case_change_action="UPPER", stopwords=["word1"])
    yield one("TfIdfVectorizer", i(64, 200, high=1000), mode="TF", min_gram_length=1, max_gram_length=2, max_skip_count=0, ngram_counts=[0, 500],
              ngram_indexes=list(range(1000)), pool_int64s=list(range(500)) + [int(v) for v in np.random.default_rng(3).permutation(1000)])
    yield one("Cast", np.array([str(k / 7) for k in range(n)], object), to=1, label="string to f32")
    yield one("Cast", f(n), to=8, label="f32 to string")
    yield one("Gather", words(5000), i(n, high=5000), label="strings")
    x = helper.make_node
    parts = {"a": f(*SMALL), "b": f(*SMALL)}
    yield case("SequenceConstruct", [x("SequenceConstruct", ["a", "b"], ["s"]), x("SequenceAt", ["s", "k"], ["y"])], {**parts, "k": const(1, np.int64)}, ["y"])
    yield case("SequenceInsert", [x("SequenceConstruct", ["a"], ["s"]), x("SequenceInsert", ["s", "b"], ["t"]), x("SequenceErase", ["t"], ["u"]), x("SequenceLength", ["u"], ["n"]),
                                  x("SequenceAt", ["u", "k"], ["y"])], {**parts, "k": const(0, np.int64)}, ["y", "n"])
    yield case("ConcatFromSequence", [x("SequenceConstruct", ["a", "b"], ["s"]), x("ConcatFromSequence", ["s"], ["y"], axis=1)], parts, ["y"])
    yield case("SplitToSequence", [x("SplitToSequence", ["a"], ["s"], axis=1), x("ConcatFromSequence", ["s"], ["y"], axis=0, new_axis=1)], {"a": f(*SMALL)}, ["y"])
    yield case("Optional", [x("Optional", ["a"], ["o"]), x("OptionalHasElement", ["o"], ["h"]), x("OptionalGetElement", ["o"], ["y"])], {"a": f(*SMALL)}, ["y", "h"])
    info = lambda name, t, dims: helper.make_tensor_value_info(name, t, dims)  # noqa: E731
    seq_body = helper.make_graph([x("Relu", ["e"], ["r"])], "body", [info("e", 1, None)], [info("r", 1, None)])
    yield case("SequenceMap", [x("SequenceConstruct", ["a", "b"], ["s"]), x("SequenceMap", ["s"], ["t"], body=seq_body), x("ConcatFromSequence", ["t"], ["y"], axis=1)], parts, ["y"])
    then, other = (helper.make_graph([x(o, ["a"], ["r"])], o, [], [info("r", 1, SMALL)]) for o in ("Relu", "Neg"))
    yield case("If", [x("If", ["c"], ["y"], then_branch=then, else_branch=other)], {"c": np.array(True), "a": f(*SMALL)}, ["y"])
    body = helper.make_graph([x("MatMul", ["v", "w"], ["m"]), x("Tanh", ["m"], ["v_out"]), x("Identity", ["go"], ["go_out"]), x("Identity", ["v_out"], ["out"])], "body",
                             [info("k", I64, []), info("go", 9, []), info("v", 1, [8, 128])], [info("go_out", 9, []), info("v_out", 1, [8, 128]), info("out", 1, [8, 128])])
    yield case("Loop", [x("Loop", ["n", "", "v0"], ["v1", "all"], body=body)], {"n": np.array(50, np.int64), "v0": f(8, 128), "w": const(f(128, 128) / 8)}, ["v1", "all"])
    scan = helper.make_graph([x("Add", ["h", "e"], ["u"]), x("MatMul", ["u", "w"], ["m"]), x("Tanh", ["m"], ["h_out"]), x("Identity", ["h_out"], ["out"])], "body",
                             [info("h", 1, [8, 128]), info("e", 1, [8, 128])], [info("h_out", 1, [8, 128]), info("out", 1, [8, 128])])
    yield case("Scan", [x("Scan", ["h0", "e0"], ["h1", "all"], body=scan, num_scan_inputs=1)], {"h0": f(8, 128), "e0": f(50, 8, 128), "w": const(f(128, 128) / 8)}, ["h1", "all"])


def trees(kind, count, depth, features, outputs, label, rows):
    """Full random trees in the old form."""
    rng = np.random.default_rng(5)
    nodes = 2 ** (depth + 1) - 1
    inner = 2 ** depth - 1
    each = np.arange(nodes)
    a = dict(nodes_treeids=np.repeat(np.arange(count), nodes), nodes_nodeids=np.tile(each, count),
             nodes_featureids=rng.integers(0, features, count * nodes), nodes_values=rng.standard_normal(count * nodes).astype(np.float32) * .5,
             nodes_truenodeids=np.tile(np.where(each < inner, 2 * each + 1, 0), count), nodes_falsenodeids=np.tile(np.where(each < inner, 2 * each + 2, 0), count),
             nodes_hitrates=np.ones(count * nodes, np.float32))
    prefix = "class" if kind == "TreeEnsembleClassifier" else "target"
    leaves = each[inner:]
    a[f"{prefix}_treeids"] = np.repeat(np.arange(count), len(leaves))
    a[f"{prefix}_nodeids"] = np.tile(leaves, count)
    a[f"{prefix}_ids"] = np.repeat(np.arange(count) % outputs, len(leaves))
    a[f"{prefix}_weights"] = rng.standard_normal(count * len(leaves)).astype(np.float32)
    a = {k: v.tolist() for k, v in a.items()}
    a["nodes_modes"] = ["BRANCH_LEQ" if k < inner else "LEAF" for k in each] * count
    if kind == "TreeEnsembleClassifier":
        a["classlabels_int64s"] = list(range(outputs))
        a["post_transform"] = "SOFTMAX"
    else:
        a["n_targets"] = outputs
    return one(kind, f(rows, features), domain="ml", outputs=2 if prefix == "class" else 1, label=label, **a)


def tree_ensemble(count, depth, features, rows):
    rng = np.random.default_rng(5)
    inner, leaves = 2 ** depth - 1, 2 ** depth
    truth, false, tl, fl = [], [], [], []
    for t in range(count):
        for n in range(inner):
            left, right = 2 * n + 1, 2 * n + 2
            leaf = left >= inner
            tl.append(int(leaf)), fl.append(int(leaf))
            truth.append(t * leaves + left - inner if leaf else t * inner + left)
            false.append(t * leaves + right - inner if leaf else t * inner + right)
    tensor = lambda name, v, t: helper.make_tensor(name, t, [len(v)], v)  # noqa: E731
    return one("TreeEnsemble", f(rows, features), domain="ml", label="100 trees", n_targets=1, aggregate_function=1, post_transform=0, tree_roots=[t * inner for t in range(count)],
               nodes_featureids=rng.integers(0, features, count * inner).tolist(), nodes_splits=tensor("s", rng.standard_normal(count * inner).astype(np.float32) * .5, 1),
               nodes_modes=tensor("m", np.zeros(count * inner, np.uint8), 2), nodes_truenodeids=truth, nodes_falsenodeids=false, nodes_trueleafs=tl, nodes_falseleafs=fl,
               leaf_targetids=[0] * (count * leaves), leaf_weights=tensor("w", rng.standard_normal(count * leaves).astype(np.float32), 1))


def classic():
    x = f(1000, 64)
    yield trees("TreeEnsembleRegressor", 100, 6, 32, 1, "100 trees of depth 6", 1000)
    yield trees("TreeEnsembleRegressor", 500, 8, 64, 1, "one row, 500 trees", 1)
    yield trees("TreeEnsembleClassifier", 100, 6, 32, 10, "10 classes", 1000)
    yield tree_ensemble(100, 6, 32, 1000)
    support = f(500, 64)
    yield one("SVMRegressor", x, domain="ml", kernel_type="RBF", kernel_params=[0.02, 0, 3], support_vectors=support.ravel().tolist(), n_supports=500,
              coefficients=f(500).tolist(), rho=[0.1])
    yield one("SVMClassifier", x, domain="ml", outputs=2, kernel_type="RBF", kernel_params=[0.02, 0, 3], support_vectors=support.ravel().tolist(), vectors_per_class=[250, 250],
              coefficients=f(500).tolist(), rho=[0.1], classlabels_ints=[0, 1])
    yield one("LinearClassifier", x, domain="ml", outputs=2, coefficients=f(640).tolist(), intercepts=f(10).tolist(), classlabels_ints=list(range(10)), post_transform="SOFTMAX")
    yield one("LinearRegressor", x, domain="ml", coefficients=f(640).tolist(), intercepts=f(10).tolist(), targets=10)
    wide = f(10000, 64)
    yield one("Scaler", wide, domain="ml", offset=f(64).tolist(), scale=f(64).tolist())
    for norm in ("MAX", "L1", "L2"):
        yield one("Normalizer", wide, domain="ml", norm=norm, label=norm)
    yield one("Imputer", wide, domain="ml", imputed_value_floats=f(64).tolist(), replaced_value_float=float("nan"))
    yield one("Binarizer", wide, domain="ml", threshold=.5)
    yield one("ArrayFeatureExtractor", wide, const([3, 9, 40], np.int64), domain="ml")
    yield one("FeatureVectorizer", f(10000, 16), f(10000, 8), domain="ml", inputdimensions=[16, 8])
    yield one("OneHotEncoder", i(10000, high=100), domain="ml", cats_int64s=list(range(100)))
    yield one("OneHotEncoder", words(10000, count=100), domain="ml", cats_strings=[f"word{k}" for k in range(100)], label="strings")
    yield one("LabelEncoder", words(10000), domain="ml", keys_strings=[f"word{k}" for k in range(1000)], values_int64s=list(range(1000)), label="string to i64")
    yield one("LabelEncoder", i(100000, high=1000), domain="ml", keys_int64s=list(range(1000)), values_floats=f(1000).tolist(), label="i64 to f32")
    yield one("LabelEncoder", i(10000, high=1000), domain="ml", keys_int64s=list(range(1000)), values_strings=[f"word{k}" for k in range(1000)], label="i64 to string")
    yield one("CategoryMapper", words(10000), domain="ml", cats_int64s=list(range(1000)), cats_strings=[f"word{k}" for k in range(1000)])
    node = helper.make_node
    maps = [node("ZipMap", ["x"], ["z"], domain="ai.onnx.ml", classlabels_int64s=list(range(10)))]
    z = helper.make_value_info("z", helper.make_sequence_type_proto(helper.make_map_type_proto(I64, helper.make_tensor_type_proto(1, []))))
    yield case("ml.ZipMap", maps, {"x": f(1000, 10)}, [z])


def microsoft():
    ms = lambda name, *a, **k: one(name, *a, domain="ms", **k)  # noqa: E731
    t = f(*TOKENS)
    n = lambda *d: const(f(*d, low=.5, high=1.5))  # noqa: E731
    scale = lambda v=.02: const(v, np.float32)  # noqa: E731
    zero = const(128, np.uint8)
    u8 = lambda *d: i(*d, high=255, dtype=np.uint8)  # noqa: E731
    s8 = lambda *d: i(*d, low=-127, high=127, dtype=np.int8)  # noqa: E731
    q = (scale(), zero)
    yield ms("BiasGelu", t, const(f(768)))
    yield ms("FastGelu", t, const(f(768)))
    yield ms("QuickGelu", t)
    yield ms("Gelu", t)
    yield ms("FusedMatMul", f(96, 128, 64), f(96, 128, 64), transB=1, alpha=.125)
    yield ms("TransposeMatMul", f(96, 128, 64), f(96, 128, 64), transB=1)
    yield ms("FusedGemm", f(128, 768), const(f(768, 768)), const(f(768)), activation="Relu")
    yield ms("FusedConv", f(1, 64, 56, 56), const(f(64, 64, 3, 3)), const(f(64)), pads=[1, 1, 1, 1], activation="Relu")
    yield ms("SkipLayerNormalization", t, f(*TOKENS), n(768), n(768), n(768))
    yield ms("SkipSimplifiedLayerNormalization", t, f(*TOKENS), n(768))
    yield one("SimplifiedLayerNormalization", t, n(768), axis=-1, epsilon=1e-5)
    yield ms("EmbedLayerNormalization", i(8, 128, high=30000, dtype=np.int32), i(8, 128, high=2, dtype=np.int32), n(30000, 768), n(512, 768), n(2, 768), n(768), n(768), outputs=2)
    yield ms("Attention", f(2, 128, 768), const(f(768, 2304) / 28), const(f(2304)), num_heads=12)
    yield ms("MultiHeadAttention", f(2, 128, 768), f(2, 128, 768), f(2, 128, 768), num_heads=12)
    past = (f(2, 4, 256, 64), f(2, 4, 256, 64))
    yield ms("GroupQueryAttention", f(2, 1, 768), f(2, 1, 256), f(2, 1, 256), *past, np.array([100, 200], np.int32), np.array(256, np.int32), num_heads=12, kv_num_heads=4, outputs=3,
             label="one token")
    yield ms("RotaryEmbedding", f(2, 12, 128, 64), i(2, 128, high=128), f(128, 32), f(128, 32))
    yield ms("QAttention", u8(2, 128, 768), const(s8(768, 2304)), const(f(2304)), scale(), scale(.001), None, zero, const(0, np.int8), num_heads=12)
    yield ms("MatMulNBits", f(1, 768), const(u8(768, 24, 16)), const(f(768 * 24, low=.001, high=.01)), K=768, N=768, bits=4, block_size=32, label="one token")
    yield ms("MatMulNBits", f(128, 768), const(u8(768, 24, 16)), const(f(768 * 24, low=.001, high=.01)), K=768, N=768, bits=4, block_size=32)
    yield ms("MatMulIntegerToFloat", u8(128, 768), const(s8(768, 768)), scale(), scale(), zero, const(0, np.int8))
    yield ms("DynamicQuantizeMatMul", f(128, 768), const(s8(768, 768)), scale(), const(0, np.int8))
    h, m = 128, 64
    yield ms("DynamicQuantizeLSTM", f(50, 8, m), const(s8(1, m, 4 * h)), const(s8(1, h, 4 * h)), const(f(1, 8 * h)), None, None, None, None, const([.002], np.float32), const([0], np.int8),
             const([.002], np.float32), const([0], np.int8), outputs=3, hidden_size=h)
    image = lambda: u8(*IMAGE)  # noqa: E731
    yield ms("QLinearAdd", image(), *q, image(), *q, scale(.04), zero)
    yield ms("QLinearMul", image(), *q, image(), *q, scale(.04), zero)
    yield ms("QLinearSigmoid", image(), *q, scale(1 / 256), const(0, np.uint8))
    yield ms("QLinearLeakyRelu", image(), *q, scale(), zero)
    softmax = helper.make_node("QLinearSoftmax", ["x", "s", "z", "t", "o"], ["y"], domain="com.microsoft", axis=-1, opset=13)
    yield case("ms.QLinearSoftmax", [softmax], {"x": u8(8, 12, 128, 128), "s": scale(), "z": zero, "t": scale(1 / 256), "o": const(0, np.uint8)}, ["y"])
    yield ms("QLinearConcat", scale(), zero, u8(*SMALL), *q, u8(*SMALL), scale(.03), zero, axis=1)
    yield ms("QLinearAveragePool", image(), *q, scale(), zero, kernel_shape=[3, 3], strides=[2, 2])
    yield ms("QLinearGlobalAveragePool", u8(1, 512, 28, 28), *q, scale(), zero, channels_last=0)
    yield ms("QLinearWhere", b(*IMAGE), image(), *q, image(), *q, scale(.04), zero)
    yield ms("QLinearConv", u8(1, 64, 56, 56), *q, const(s8(64, 64, 3, 3)), scale(), const(0, np.int8), scale(2), zero, pads=[1, 1, 1, 1])
    yield ms("QGemm", u8(128, 768), *q, const(s8(768, 768)), scale(), const(0, np.int8), None, scale(2), zero)
    yield ms("NhwcMaxPool", u8(1, 112, 112, 64), kernel_shape=[3, 3], strides=[2, 2])
    yield ms("QuantizeLinear", f(*IMAGE), scale(), const(32768, np.uint16), label="u16")
    yield ms("DequantizeLinear", i(*IMAGE, high=65535, dtype=np.uint16), scale(), const(32768, np.uint16), label="u16")
    yield ms("Inverse", f(64, 32, 32))
    yield ms("Trilu", f(8, 512, 512), upper=0)


def all_cases():
    for family in (elementwise, reductions, movement, windows, networks, detection_and_signals, text_and_containers, classic, microsoft):
        yield from family()
