"""ONNX models as bytes, written field by field: also those that no exporter would write."""

import struct

FLOAT, UINT8, INT8, INT32, INT64, BOOL = 1, 2, 3, 6, 7, 9


def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def number(field, value):
    return varint(field << 3) + varint(value)


def chunk(field, value):
    value = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(value)) + value


def real(field, value):
    return varint(field << 3 | 5) + struct.pack("<f", value)


def tensor(name, dtype, dims, raw=None, extra=b""):
    out = b"".join(number(1, d) for d in dims) + number(2, dtype) + chunk(8, name)
    return out + (b"" if raw is None else chunk(9, raw)) + extra


def floats(name, dims, values):
    return tensor(name, FLOAT, dims, struct.pack(f"<{len(values)}f", *values))


def int64s(name, dims, values):
    return tensor(name, INT64, dims, struct.pack(f"<{len(values)}q", *values))


def vector(name, values):
    return int64s(name, [len(values)], values)


def value(name, dtype, dims):
    """A ValueInfoProto; sizes are numbers or names, None leaves the shape out."""
    shape = b"" if dims is None else chunk(2, b"".join(chunk(1, chunk(2, d) if isinstance(d, str) else number(1, d)) for d in dims))
    return chunk(1, name) + chunk(2, chunk(1, number(1, dtype) + shape))


def attribute(name, content):
    head = chunk(1, name)
    if isinstance(content, Graph):
        return head + chunk(6, content.bytes()) + number(20, 5)
    if isinstance(content, bytes):
        return head + chunk(5, content) + number(20, 4)
    if isinstance(content, str):
        return head + chunk(4, content) + number(20, 3)
    if isinstance(content, float):
        return head + real(2, content) + number(20, 1)
    if isinstance(content, int):
        return head + number(3, content) + number(20, 2)
    if content and isinstance(content[0], float):
        return head + b"".join(real(7, v) for v in content) + number(20, 6)
    if content and isinstance(content[0], str):
        return head + b"".join(chunk(9, v) for v in content) + number(20, 8)
    return head + b"".join(number(8, v) for v in content) + number(20, 7)


def node(op, inputs, outputs, name="", domain="", **attributes):
    out = b"".join(chunk(1, i) for i in inputs) + b"".join(chunk(2, o) for o in outputs) + chunk(3, name or op.lower()) + chunk(4, op)
    out += b"".join(chunk(5, attribute(key, content)) for key, content in attributes.items())
    return out + (chunk(7, domain) if domain else b"")


class Graph:
    def __init__(self, nodes, inputs, outputs, initializers=(), name="g"):
        self.parts = (nodes, name, initializers, inputs, outputs)

    def bytes(self):
        nodes, name, initializers, inputs, outputs = self.parts
        return (b"".join(chunk(1, n) for n in nodes) + chunk(2, name) + b"".join(chunk(5, t) for t in initializers)
                + b"".join(chunk(11, v) for v in inputs) + b"".join(chunk(12, v) for v in outputs))


def model(graph, opset=17, functions=(), opsets=None):
    opsets = [("", opset)] if opsets is None else opsets
    out = number(1, 8) + chunk(2, "hostile") + chunk(7, graph if isinstance(graph, bytes) else graph.bytes())
    out += b"".join(chunk(8, chunk(1, domain) + number(2, version)) for domain, version in opsets)
    return out + b"".join(chunk(25, f) for f in functions)


def function(domain, name, inputs, outputs, nodes):
    return (chunk(1, name) + b"".join(chunk(4, i) for i in inputs) + b"".join(chunk(5, o) for o in outputs)
            + b"".join(chunk(7, n) for n in nodes) + chunk(9, number(2, 17)) + chunk(10, domain))
