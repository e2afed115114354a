"""Models of one node (or the few that an operator needs around it) and the data that they are timed with."""
from dataclasses import dataclass, field

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

RNG = np.random.default_rng(7)
DOMAINS = {"ml": ("ai.onnx.ml", 5), "ms": ("com.microsoft", 1), "": ("", 21)}


class Const(np.ndarray):
    """An initializer; a plain array is an input of the graph."""


def const(values, dtype=None):
    return np.asarray(values, dtype).view(Const)


@dataclass
class Case:
    """`name` is the operator, `label` tells its cases apart, `feeds` are the inputs by name."""
    name: str
    label: str
    model: onnx.ModelProto
    feeds: dict = field(default_factory=dict)
    random: bool = False  # outputs cannot be compared


def f(*dims, low=None, high=None, dtype=np.float32):
    """Floats: standard normal, or uniform in [low, high)."""
    values = RNG.standard_normal(dims) if low is None else RNG.uniform(low, high, dims)
    return values.astype(dtype)


def i(*dims, high, low=0, dtype=np.int64):
    return RNG.integers(low, high, dims, dtype=dtype)


def b(*dims):
    return RNG.integers(0, 2, dims).astype(bool)


def words(*dims, count=1000):
    return np.array([f"word{k}" for k in RNG.integers(0, count, int(np.prod(dims)))], dtype=object).reshape(dims)


def tensor_type(array):
    if array.dtype.kind in "OU":
        return TensorProto.STRING
    return helper.np_dtype_to_tensor_dtype(array.dtype)


def graph(nodes, inputs, outputs, name="g"):
    """`inputs` maps names to arrays (Const: an initializer); outputs are names (types are inferred)."""
    initializers = [numpy_helper.from_array(np.asarray(v), k) for k, v in inputs.items() if isinstance(v, Const)]
    infos = [helper.make_tensor_value_info(k, tensor_type(v), v.shape) for k, v in inputs.items() if not isinstance(v, Const)]
    results = [o if isinstance(o, onnx.ValueInfoProto) else helper.make_empty_tensor_value_info(o) for o in outputs]
    return helper.make_graph(nodes, name, infos, results, initializers)


def case(name, nodes, inputs, outputs, label="", opset=21, random=False):
    imports = [helper.make_opsetid("", opset)]
    imports += [helper.make_opsetid(*DOMAINS[d]) for d in ("ml", "ms")]
    model = helper.make_model(graph(nodes, inputs, outputs), opset_imports=imports, ir_version=10)
    try:  # types of outputs, where ONNX can tell
        model = onnx.shape_inference.infer_shapes(model, data_prop=True)
    except Exception:
        pass
    feeds = {k: v for k, v in inputs.items() if not isinstance(v, Const)}
    return Case(name, label, model, feeds, random)


def one(name, *inputs, outputs=1, domain="", label="", opset=21, random=False, out_type=None, **attributes):
    """A single node. An input is an array, or None where it is left out."""
    names = ["" if v is None else f"x{k}" for k, v in enumerate(inputs)]
    results = [f"y{k}" for k in range(outputs)]
    node = helper.make_node(name, names, results, domain=DOMAINS[domain][0], **attributes)
    shown = list(results)
    if out_type is not None:
        shown = [helper.make_tensor_value_info(r, out_type, None) for r in results]
    given = {n: v for n, v in zip(names, inputs) if n}
    return case(name if not domain else f"{domain}.{name}", [node], given, shown, label, opset, random)
