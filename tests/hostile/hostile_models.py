"""Models written to do harm, in groups of (name, bytes)."""

import struct

from onnx_bytes import *  # noqa: F403

BIG = (1 << 63) - 1
X = value("x", FLOAT, [1, 2, 4, 4])


def one(op, inputs=("x",), initializers=(), x=X, opset=17, outputs=("y",), **attributes):
    """A model of one node."""
    y = [value(o, FLOAT, None) for o in outputs]
    return model(Graph([node(op, inputs, outputs, **attributes)], [x] if x else [], y, initializers), opset)


def chain(nodes, initializers=(), x=X, output="y", inputs=None):
    return model(Graph(nodes, [x] if inputs is None else inputs, [value(output, FLOAT, None)], initializers))


def scalar(name, dtype, raw):
    return tensor(name, dtype, [], raw)


def i64(name, number_):
    return scalar(name, INT64, struct.pack("<q", number_))


W = floats("w", [2, 2, 3, 3], [0.1] * 36)


def nested_if(depth):
    """An If in an If in an If ..., the innermost a Relu."""
    body = Graph([node("Relu", ["x"], ["y0"])], [], [value("y0", FLOAT, [1, 2, 4, 4])])
    for level in range(1, depth):
        body = Graph([node("If", ["c"], [f"y{level}"], then_branch=body, else_branch=body if level < 8 else Graph(
            [node("Relu", ["x"], ["z"])], [], [value("z", FLOAT, [1, 2, 4, 4])]))], [], [value(f"y{level}", FLOAT, [1, 2, 4, 4])])
        body.bytes = (lambda stored: lambda: stored)(body.bytes())
    return model(Graph([node("If", ["c"], ["y"], then_branch=body, else_branch=Graph(
        [node("Relu", ["x"], ["z"])], [], [value("z", FLOAT, [1, 2, 4, 4])]))], [X, value("c", BOOL, [])], [value("y", FLOAT, [1, 2, 4, 4])]))


def deep_if(depth):
    """The same with one chain only, so that its size grows with the depth and not with its square."""
    def wrap(level, graph):
        inner = chunk(1, "then_branch") + chunk(6, graph) + number(20, 5)
        other = chunk(1, "else_branch") + chunk(6, leaf) + number(20, 5)
        text = chunk(1, "c") + chunk(2, f"y{level}") + chunk(4, "If") + chunk(5, inner) + chunk(5, other)
        return chunk(1, text) + chunk(2, "g") + chunk(12, value(f"y{level}", FLOAT, [1, 2, 4, 4]))
    leaf = Graph([node("Relu", ["x"], ["z"])], [], [value("z", FLOAT, [1, 2, 4, 4])]).bytes()
    graph = leaf
    for level in range(depth):
        graph = wrap(level, graph)
    return model(graph + chunk(11, X) + chunk(11, value("c", BOOL, [])))


def function_model(functions, op="F"):
    graph = Graph([node(op, ["x"], ["y"], domain="own")], [X], [value("y", FLOAT, None)])
    return model(graph, functions=functions, opsets=[("", 17), ("own", 1)])


def doubling(count):
    """F0 calls F1 twice, F1 calls F2 twice ...: 2^count nodes when written out."""
    functions = [function("own", f"F{i}", ["a"], ["b"], [node(f"F{i + 1}", ["a"], ["t"], domain="own"),
                                                         node(f"F{i + 1}", ["t"], ["b"], domain="own")]) for i in range(count)]
    return functions + [function("own", f"F{count}", ["a"], ["b"], [node("Relu", ["a"], ["b"])])]


def shape_overflow():
    yield "dims_product_overflows", one("Relu", x=value("x", FLOAT, [1 << 40, 1 << 40]))
    yield "dims_times_bytes_overflows", one("Relu", x=value("x", FLOAT, [1 << 61]))
    yield "dim_of_2_63", one("Relu", x=value("x", FLOAT, [BIG]))
    yield "initializer_product_wraps_to_0", one("Add", ["x", "w"], [tensor("w", FLOAT, [1 << 32, 1 << 32], b"")])
    yield "reshape_product_overflows", one("Reshape", ["x", "s"], [vector("s", [1 << 62, 1 << 62])])
    yield "reshape_to_negative", one("Reshape", ["x", "s"], [vector("s", [-7, 32])])
    yield "reshape_two_unknowns", one("Reshape", ["x", "s"], [vector("s", [-1, -1])])
    yield "reshape_zero_beyond_rank", one("Reshape", ["x", "s"], [vector("s", [1, 2, 4, 4, 0])])
    yield "concat_sum_overflows", chain([node("Concat", ["x", "x"], ["y"], axis=0)], x=value("x", FLOAT, [BIG, 1]))
    yield "matmul_huge", chain([node("MatMul", ["a", "b"], ["y"])], inputs=[value("a", FLOAT, [1 << 20, 1]), value("b", FLOAT, [1, 1 << 20])])
    yield "unsqueeze_forever", one("Unsqueeze", ["x", "s"], [vector("s", list(range(200)))])


def negative_dims():
    yield "input_dim_negative", one("Relu", x=value("x", FLOAT, [1, -5]))
    yield "input_dim_minus_one", one("Relu", x=value("x", FLOAT, [-1, 2]))
    yield "initializer_dim_negative", one("Add", ["x", "w"], [tensor("w", FLOAT, [-4], b"\0" * 16)])
    yield "zero_dim_in_divisor", one("Reshape", ["x", "s"], [vector("s", [0, -1])], x=value("x", FLOAT, [0, 3]))
    yield "zero_channels", one("Conv", ["x", "w"], [tensor("w", FLOAT, [0, 0, 1, 1], b"")], x=value("x", FLOAT, [1, 0, 4, 4]))
    yield "zero_pixels_pooled", one("MaxPool", x=value("x", FLOAT, [1, 2, 0, 4]), kernel_shape=[2, 2])
    yield "mean_of_nothing", one("ReduceMean", x=value("x", FLOAT, [0, 3]), axes=[0])


def lying_tensors():
    yield "raw_too_short", one("Add", ["x", "w"], [tensor("w", FLOAT, [4], b"\0" * 15)])
    yield "raw_too_long", one("Add", ["x", "w"], [tensor("w", FLOAT, [4], b"\0" * 17)])
    yield "raw_empty", one("Add", ["x", "w"], [tensor("w", FLOAT, [4])])
    yield "raw_of_terabytes", one("Add", ["x", "w"], [tensor("w", FLOAT, [10 ** 12], b"")])
    yield "raw_and_typed", one("Add", ["x", "w"], [tensor("w", FLOAT, [4], b"\0" * 16, real(4, 1.0) * 4)])
    yield "wrong_typed_field", one("Add", ["x", "w"], [tensor("w", FLOAT, [4], None, number(7, 1) * 4)])
    yield "unknown_dtype", one("Add", ["x", "w"], [tensor("w", 99, [4], b"\0" * 16)])
    yield "dtype_negative", one("Add", ["x", "w"], [tensor("w", -1, [4], b"\0" * 16)])


def bombs():
    yield "expand_bomb", one("Expand", ["x", "s"], [vector("s", [1 << 20, 2, 4, 1 << 20])], x=value("x", FLOAT, [1, 1, 1, 1]))
    yield "expand_folded_bomb", chain([node("Expand", ["w", "s"], ["e"]), node("Add", ["x", "e"], ["y"])],
                                      [floats("w", [1], [1]), vector("s", [1 << 33])], value("x", FLOAT, [1]))
    yield "tile_bomb", one("Tile", ["x", "s"], [vector("s", [1 << 30, 1 << 30, 1, 1])])
    yield "tile_negative", one("Tile", ["x", "s"], [vector("s", [1, -2, 1, 1])])
    yield "constant_of_shape_bomb", chain([node("ConstantOfShape", ["s"], ["c"]), node("Add", ["x", "c"], ["y"])],
                                          [vector("s", [1 << 40])], value("x", FLOAT, [1]))
    yield "constant_of_shape_negative", chain([node("ConstantOfShape", ["s"], ["y"])], [vector("s", [-3])])
    yield "constant_of_shape_wraps", chain([node("ConstantOfShape", ["s"], ["y"])], [vector("s", [1 << 32, 1 << 32])])
    yield "range_bomb", chain([node("Range", ["a", "b", "c"], ["r"]), node("Cast", ["r"], ["y"], to=FLOAT)], [i64("a", 0), i64("b", BIG), i64("c", 1)])
    yield "range_of_step_0", chain([node("Range", ["a", "b", "c"], ["r"]), node("Cast", ["r"], ["y"], to=FLOAT)], [i64("a", 0), i64("b", 9), i64("c", 0)])
    yield "range_overflows", chain([node("Range", ["a", "b", "c"], ["r"]), node("Cast", ["r"], ["y"], to=FLOAT)], [i64("a", -BIG), i64("b", BIG), i64("c", 1)])
    yield "range_of_nan", chain([node("Range", ["a", "b", "c"], ["y"])], [scalar(n, FLOAT, struct.pack("<f", v)) for n, v in (("a", 0), ("b", float("nan")), ("c", 1))])
    yield "pad_bomb", one("Pad", ["x", "p"], [vector("p", [0, 0, 1 << 40, 0, 0, 0, 1 << 40, 0])])
    yield "pad_overflows", one("Pad", ["x", "p"], [vector("p", [BIG] * 8)])
    yield "pad_cuts_below_0", one("Pad", ["x", "p"], [vector("p", [0, 0, -9, 0, 0, 0, -9, 0])])
    yield "pad_reflect_beyond", one("Pad", ["x", "p"], [vector("p", [0, 0, 100, 0, 0, 0, 0, 0])], mode="reflect")
    for name, scale in (("bomb", 1e9), ("zero", 0.0), ("nan", float("nan")), ("infinite", float("inf")), ("1e30", 1e30), ("negative", -2.0)):
        yield f"resize_scale_{name}", one("Resize", ["x", "", "s"], [floats("s", [4], [1, 1, scale, scale])])
    yield "resize_sizes_bomb", one("Resize", ["x", "", "", "s"], [vector("s", [1, 2, 1 << 31, 1 << 31])])
    yield "resize_sizes_negative", one("Resize", ["x", "", "", "s"], [vector("s", [1, 2, -4, 4])])
    yield "onehot_bomb", chain([node("OneHot", ["i", "d", "v"], ["y"])], [vector("i", [1, 2]), i64("d", 1 << 40), floats("v", [2], [0, 1])])
    yield "onehot_negative_depth", chain([node("OneHot", ["i", "d", "v"], ["y"])], [vector("i", [1, 2]), i64("d", -4), floats("v", [2], [0, 1])])
    yield "depth_to_space_block_0", one("DepthToSpace", blocksize=0)
    yield "space_to_depth_block_huge", one("SpaceToDepth", blocksize=BIG)
    yield "eyelike_huge", one("EyeLike", x=value("x", FLOAT, [1 << 20, 1 << 20]))


def windows():
    yield "stride_0", one("Conv", ["x", "w"], [W], strides=[0, 0])
    yield "stride_negative", one("Conv", ["x", "w"], [W], strides=[-1, 1])
    yield "dilation_0", one("Conv", ["x", "w"], [W], dilations=[0, 1])
    yield "dilation_huge", one("Conv", ["x", "w"], [W], dilations=[BIG, BIG])
    yield "group_0", one("Conv", ["x", "w"], [W], group=0)
    yield "group_negative", one("Conv", ["x", "w"], [W], group=-2)
    yield "group_3_of_2", one("Conv", ["x", "w"], [W], group=3)
    yield "kernel_larger_than_input", one("Conv", ["x", "w"], [floats("w", [2, 2, 9, 9], [0.0] * 324)])
    yield "kernel_shape_lies", one("Conv", ["x", "w"], [W], kernel_shape=[5, 5])
    yield "pads_negative", one("Conv", ["x", "w"], [W], pads=[-9, -9, -9, -9])
    yield "pads_huge", one("Conv", ["x", "w"], [W], pads=[BIG, 0, BIG, 0])
    yield "pads_too_few", one("Conv", ["x", "w"], [W], pads=[1])
    yield "strides_too_many", one("Conv", ["x", "w"], [W], strides=[1, 1, 1])
    yield "dilations_too_many", one("Conv", ["x", "w"], [W], dilations=[1, 1, 1, 1, 1])
    yield "bias_of_wrong_size", one("Conv", ["x", "w", "b"], [W, floats("b", [5], [0.0] * 5)])
    yield "auto_pad_unknown", one("Conv", ["x", "w"], [W], auto_pad="SAME_SOMEHOW")
    yield "pool_stride_0", one("MaxPool", kernel_shape=[2, 2], strides=[0, 0])
    yield "pool_kernel_0", one("AveragePool", kernel_shape=[0, 0])
    yield "pool_kernel_larger", one("MaxPool", kernel_shape=[100, 100])
    yield "pool_without_kernel", one("MaxPool")
    yield "pool_pads_larger_than_kernel", one("AveragePool", kernel_shape=[2, 2], pads=[5, 5, 5, 5])
    yield "transposed_output_padding_huge", one("ConvTranspose", ["x", "w"], [W], output_padding=[BIG, 0])
    yield "transposed_stride_bomb", one("ConvTranspose", ["x", "w"], [W], strides=[1 << 40, 1 << 40])


def axes():
    yield "axis_out_of_range", one("Softmax", axis=4)
    yield "axis_far_below", one("Softmax", axis=-BIG)
    yield "concat_axis_out_of_range", one("Concat", ["x", "x"], axis=17)
    yield "perm_repeated", one("Transpose", perm=[0, 0, 1, 2])
    yield "perm_out_of_range", one("Transpose", perm=[0, 1, 2, 9])
    yield "perm_too_short", one("Transpose", perm=[1, 0])
    yield "split_sums_wrongly", one("Split", ["x", "s"], [vector("s", [1, 5])], outputs=("y", "z"), axis=1)
    yield "split_negative", one("Split", ["x", "s"], [vector("s", [-1, 3])], outputs=("y", "z"), axis=1)
    yield "reduce_axes_repeated", one("ReduceMean", axes=[1, 1])
    yield "reduce_axis_out_of_range", one("ReduceMean", axes=[9])
    yield "squeeze_of_4", one("Squeeze", ["x", "s"], [vector("s", [2])])
    yield "slice_step_0", one("Slice", ["x", "a", "b", "c", "d"], [vector("a", [0]), vector("b", [2]), vector("c", [2]), vector("d", [0])])
    yield "slice_extreme_ends", one("Slice", ["x", "a", "b", "c", "d"], [vector("a", [-BIG - 1]), vector("b", [BIG]), vector("c", [2]), vector("d", [-BIG - 1])])
    yield "slice_axis_out_of_range", one("Slice", ["x", "a", "b", "c"], [vector("a", [0]), vector("b", [2]), vector("c", [8])])
    yield "flatten_axis_out_of_range", one("Flatten", axis=9)
    yield "layer_norm_axis_out_of_range", one("LayerNormalization", ["x", "s"], [floats("s", [4], [1.0] * 4)], axis=7)
    yield "batch_norm_of_wrong_sizes", one("BatchNormalization", ["x", "s", "s", "s", "s"], [floats("s", [3], [1.0] * 3)])


def indices():
    for name, index in (("above", 9), ("below", -9), ("extreme", -BIG - 1)):
        yield f"gather_{name}", one("Gather", ["x", "i"], [vector("i", [index])], axis=1)
        yield f"gather_elements_{name}", one("GatherElements", ["x", "i"], [int64s("i", [1, 1, 1, 1], [index])], axis=1)
        yield f"gather_nd_{name}", one("GatherND", ["x", "i"], [int64s("i", [1, 2], [0, index])])
        yield f"scatter_elements_{name}", one("ScatterElements", ["x", "i", "u"], [int64s("i", [1, 1, 1, 1], [index]), floats("u", [1, 1, 1, 1], [1])], axis=1)
        yield f"scatter_nd_{name}", one("ScatterND", ["x", "i", "u"], [int64s("i", [1, 4], [0, index, 0, 0]), floats("u", [1], [1])])
    for name, k in (("more_than_there_are", 99), ("negative", -1), ("extreme", BIG)):
        yield f"topk_{name}", one("TopK", ["x", "k"], [vector("k", [k])], outputs=("y", "i"))
    yield "gather_nd_tuples_too_long", one("GatherND", ["x", "i"], [int64s("i", [1, 6], [0] * 6)])
    yield "onehot_index_beyond", chain([node("OneHot", ["i", "d", "v"], ["y"])], [vector("i", [99, -99]), i64("d", 3), floats("v", [2], [0, 1])])
    yield "reverse_sequence_beyond", one("ReverseSequence", ["x", "l"], [vector("l", [99])], x=value("x", FLOAT, [4, 1]))
    yield "cumsum_axis_beyond", one("CumSum", ["x", "a"], [i64("a", 12)])
    yield "trilu_extreme", one("Trilu", ["x", "k"], [i64("k", -BIG - 1)])
    yield "cast_of_infinity", chain([node("Mul", ["x", "h"], ["a"]), node("Div", ["a", "z"], ["b"]), node("Cast", ["b"], ["c"], to=INT32), node("Cast", ["c"], ["y"], to=FLOAT)],
                                    [floats("h", [1], [1e38]), floats("z", [1], [0.0])])
    yield "integer_division_by_0", chain([node("Cast", ["x"], ["i"], to=INT32), node("Div", ["i", "z"], ["d"]), node("Cast", ["d"], ["y"], to=FLOAT)],
                                         [tensor("z", INT32, [1], b"\0" * 4)])
    yield "integer_division_overflows", chain([node("Cast", ["x"], ["i"], to=INT32), node("Mul", ["i", "nought"], ["o"]), node("Add", ["o", "low"], ["l"]), node("Div", ["l", "m"], ["d"]), node("Cast", ["d"], ["y"], to=FLOAT)],
                                              [tensor("nought", INT32, [1], b"\0" * 4), tensor("low", INT32, [1], struct.pack("<i", -(1 << 31))), tensor("m", INT32, [1], struct.pack("<i", -1))])
    yield "modulo_0", chain([node("Cast", ["x"], ["i"], to=INT64), node("Mod", ["i", "z"], ["d"]), node("Cast", ["d"], ["y"], to=FLOAT)], [vector("z", [0])])
    yield "quantise_by_scale_0", chain([node("QuantizeLinear", ["x", "s", "z"], ["q"]), node("DequantizeLinear", ["q", "s", "z"], ["y"])],
                                       [scalar("s", FLOAT, struct.pack("<f", 0)), scalar("z", UINT8, b"\0")])
    yield "quantise_by_nan", chain([node("QuantizeLinear", ["x", "s", "z"], ["q"]), node("DequantizeLinear", ["q", "s", "z"], ["y"])],
                                   [scalar("s", FLOAT, struct.pack("<f", float("nan"))), scalar("z", UINT8, b"\0")])


def found_by_mutation():
    yield "output_shape_of_huge_stride", one("ConvTranspose", ["x", "w"], [W], strides=[1 << 62, 1], output_shape=[3, 3])
    yield "output_shape_of_huge_dilation", one("ConvTranspose", ["x", "w"], [W], dilations=[BIG, 1], output_shape=[BIG, 3])
    yield "transpose_from_the_end", chain([node("Transpose", ["x"], ["t"], perm=[0, 2, -1, -3]), node("Abs", ["t"], ["a"]), node("Transpose", ["a"], ["y"], perm=[0, -1, 1, 2])])
    yield "top_k_of_no_number", one("TopK", ["x", "k"], [vector("k", [])], outputs=("y", "i"))
    yield "resize_to_a_matrix", chain([node("Resize", ["x", "", "", "s"], ["y"])], inputs=[X, value("s", INT64, [1, 4])])
    yield "pad_of_axes_of_floats", chain([node("Pad", ["x", "p", "v", "v"], ["y"])], inputs=[X, value("p", INT64, [8]), value("v", FLOAT, [])])
    yield "sum_of_65536_axes", chain([node("ReduceSum", ["x", "a"], ["y"])], inputs=[X, value("a", INT64, [65536])])
    yield "arithmetic_of_bool", chain([node("Not", ["c"], ["n"]), node("Sigmoid", ["n"], ["s"]), node("Cast", ["s"], ["y"], to=FLOAT)], inputs=[value("c", BOOL, [4])])


def graphs():
    yield "cycle", chain([node("Relu", ["b"], ["a"]), node("Relu", ["a"], ["b"]), node("Add", ["a", "x"], ["y"])])
    yield "node_reads_itself", chain([node("Relu", ["y"], ["y"])])
    yield "duplicate_values", chain([node("Relu", ["x"], ["y"]), node("Abs", ["x"], ["y"])])
    yield "duplicate_inputs", model(Graph([node("Relu", ["x"], ["y"])], [X, X], [value("y", FLOAT, None)]))
    yield "duplicate_initializers", one("Add", ["x", "w"], [floats("w", [1], [1]), floats("w", [1], [2])])
    yield "output_named_as_input", model(Graph([node("Relu", ["x"], ["x"])], [X], [value("x", FLOAT, None)]))
    yield "missing_producer", chain([node("Add", ["x", "nowhere"], ["y"])])
    yield "missing_output", chain([node("Relu", ["x"], ["z"])])
    yield "no_nodes", model(Graph([], [X], [X]))
    yield "no_graph", model(b"")
    yield "no_outputs", model(Graph([node("Relu", ["x"], ["y"])], [X], []))
    yield "unknown_operator", one("MakeCoffee")
    yield "unknown_domain", model(Graph([node("Relu", ["x"], ["y"], domain="com.nobody")], [X], [value("y", FLOAT, None)]))
    yield "too_few_inputs", one("Add", ["x"])
    yield "too_many_inputs", one("Relu", ["x", "x", "x"])
    yield "too_many_outputs", one("Relu", outputs=("y", "z", "w"))
    yield "attribute_of_wrong_type", one("Softmax", axis="last")
    yield "mixed_dtypes", one("Add", ["x", "w"], [vector("w", [1])])
    for depth in (10, 100, 1000, 10000):
        yield f"nested_if_{depth}", deep_if(depth)
    yield "branching_if_8", nested_if(8)
    yield "if_branches_disagree", model(Graph([node("If", ["c"], ["y"], then_branch=Graph([node("Relu", ["x"], ["a"])], [], [value("a", FLOAT, None)]),
                                                    else_branch=Graph([node("Shape", ["x"], ["b"])], [], [value("b", INT64, None)]))],
                                              [X, value("c", BOOL, [])], [value("y", FLOAT, None)]))
    yield "if_without_branches", model(Graph([node("If", ["c"], ["y"])], [X, value("c", BOOL, [])], [value("y", FLOAT, None)]))
    yield "long_chain", chain([node("Relu", ["x" if i == 0 else f"v{i}"], [f"v{i + 1}"]) for i in range(5000)] + [node("Relu", ["v5000"], ["y"])])
    body = Graph([node("Identity", ["c"], ["d"]), node("Relu", ["a"], ["b"])], [value("i", INT64, []), value("c", BOOL, []), value("a", FLOAT, None)],
                 [value("d", BOOL, []), value("b", FLOAT, None)])
    yield "loop_of_0_turns", chain([node("Loop", ["n", "t", "x"], ["y"], body=body)], [i64("n", 0), scalar("t", BOOL, b"\1")])
    yield "loop_of_negative_turns", chain([node("Loop", ["n", "t", "x"], ["y"], body=body)], [i64("n", -5), scalar("t", BOOL, b"\1")])


def functions():
    yield "function_calls_itself", function_model([function("own", "F", ["a"], ["b"], [node("F", ["a"], ["b"], domain="own")])])
    yield "functions_call_each_other", function_model([function("own", "F", ["a"], ["b"], [node("G", ["a"], ["b"], domain="own")]),
                                                       function("own", "G", ["a"], ["b"], [node("F", ["a"], ["b"], domain="own")])])
    yield "functions_double", function_model(doubling(40), "F0")
    yield "functions_defined_twice", function_model([function("own", "F", ["a"], ["b"], [node("Relu", ["a"], ["b"])])] * 2)
    yield "function_without_output", function_model([function("own", "F", ["a"], ["b"], [])])


def wire():
    good = one("Relu")
    yield "truncated", good[:-3]
    yield "truncated_varint", b"\x08\xff"
    yield "varint_of_11_bytes", b"\x08" + b"\xff" * 10 + b"\x01" + good
    yield "length_past_the_end", good + b"\x3a\xff\xff\xff\xff\x07"
    yield "group_wire_types", good + b"\xfb\x0f" * 50
    yield "nested_100000_deep", b"\x3a\x80\x80\x04" * 100000
    yield "100000_unknown_fields", good + number(900, 1) * 100000
    yield "two_graphs", good + chunk(7, Graph([node("Abs", ["x"], ["y"])], [X], [value("y", FLOAT, None)]).bytes())
    yield "empty", b""
    yield "zeros", b"\0" * 4096
    yield "not_utf8", chain([node("Relu", ["x"], [b"\xff\xfe"]), node("Relu", [b"\xff\xfe"], ["y"], name=b"\xc3\x28")])


def names():
    for label, text in (("nul", "a\0b"), ("newline", "a\nb"), ("parent_folder", "../../etc/passwd"), ("quote", "a\"b'c\\"), ("megabyte", "n" * (1 << 20)),
                        ("terminal", "\x1b[2J\x1b[31m"), ("space", " "), ("text_form", "y = Relu(x) # [n,1]")):
        yield f"name_with_{label}", chain([node("Relu", ["x"], [text], name=text), node("Abs", [text], ["y"])])
    yield "dimension_with_odd_name", one("Relu", x=value("x", FLOAT, ["a b,c]", "../", 2]))
    yield "dimension_with_expression", one("Relu", x=value("x", FLOAT, ["n/0", "(((", 2]))


def opsets():
    for version in (0, -1, 1 << 31, BIG):
        yield f"opset_{version}", one("Relu", opset=version)
    yield "opset_missing", model(Graph([node("Relu", ["x"], ["y"])], [X], [value("y", FLOAT, None)]), opsets=[])
    yield "opset_twice", model(Graph([node("Relu", ["x"], ["y"])], [X], [value("y", FLOAT, None)]), opsets=[("", 17), ("", 3)])


GROUPS = (shape_overflow, negative_dims, lying_tensors, bombs, windows, axes, indices, found_by_mutation, graphs, functions, wire, names, opsets)


def data_decide():
    """Valid models whose sizes come from the data through a formula, with something behind them that needs the sizes."""
    n = value("n", INT64, [])
    rate = [i64("rate", 8000), i64("bands", 2), scalar("low", FLOAT, struct.pack("<f", 0)), scalar("high", FLOAT, struct.pack("<f", 2000))]
    yield "mel_bins", chain([node("MelWeightMatrix", ["bands", "n", "rate", "low", "high"], ["m"]), node("Neg", ["m"], ["y"])], rate, inputs=[n]), 64
    signal = value("x", FLOAT, [1, 16, 1])
    yield "dft_bins", chain([node("DFT", ["x", "n"], ["d"], axis=1, onesided=1), node("Neg", ["d"], ["y"])], inputs=[signal, n]), 8
    yield "stft_bins", chain([node("STFT", ["x", "s", "", "n"], ["d"]), node("Neg", ["d"], ["y"])], [i64("s", 4)], inputs=[signal, n]), 8
