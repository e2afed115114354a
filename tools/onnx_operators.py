#!/usr/bin/env python3
"""Keeps the tables of docs/onnx.md in step with the importer's rules (src/import/onnx/rules.cpp).

usage: tools/onnx_operators.py [--write [--measure BOLIDE FOLDER...]]
Without --write: prints what the page does not say yet, and fails when it claims an operator that has no rule.
--measure asks `BOLIDE check --json` how the nodes of all *.onnx under the folders run, for the column "runs by"; tests
(model.onnx) also with their further inputs as constants. Without it the column stays. Each operator is in one of the
backend tests or in what `bench/operators/operators.py --models DIR` writes.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/support"))
from onnx_bytes import chunk  # noqa: E402

GRAPH, INITIALIZER = 7, 5  # fields of ModelProto and GraphProto
PAGE = ROOT / "docs/onnx.md"
DOMAINS = {"": "ai.onnx", "kMl": "ai.onnx.ml", "kPreview": "ai.onnx.preview", "kTraining": "ai.onnx.preview.training", "kMicrosoft": "com.microsoft"}
# Operators of the domain ai.onnx without the training and preview ones, for the list of what is missing.
STANDARD = """
Abs Acos Acosh Add AffineGrid And ArgMax ArgMin Asin Asinh Atan Atanh Attention AveragePool BatchNormalization Bernoulli BitCast
BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor BlackmanWindow Cast CastLike CausalConvWithState Ceil Celu CenterCropPad Clip Col2Im Compress
Concat ConcatFromSequence Constant ConstantOfShape Conv ConvInteger ConvTranspose Cos Cosh CumProd CumSum DFT DeformConv DepthToSpace
DequantizeLinear Det Div Dropout DynamicQuantizeLinear Einsum Elu Equal Erf Exp Expand EyeLike Flatten Floor GRU Gather
GatherElements GatherND Gelu Gemm GlobalAveragePool GlobalLpPool GlobalMaxPool Greater GreaterOrEqual GridSample
GroupNormalization HammingWindow HannWindow HardSigmoid HardSwish Hardmax Identity If ImageDecoder InstanceNormalization
IsInf IsNaN LRN LSTM LayerNormalization LeakyRelu Less LessOrEqual LinearAttention Log LogSoftmax Loop LpNormalization LpPool MatMul
MatMulInteger Max MaxPool MaxRoiPool MaxUnpool Mean MeanVarianceNormalization MelWeightMatrix Min Mish Mod Mul Multinomial Neg
NegativeLogLikelihoodLoss NonMaxSuppression NonZero Not OneHot Optional OptionalGetElement OptionalHasElement Or PRelu Pad
Pow QLinearConv QLinearMatMul QuantizeLinear RMSNormalization RNN RandomNormal RandomNormalLike RandomUniform
RandomUniformLike Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin
ReduceProd ReduceSum ReduceSumSquare RegexFullMatch Relu Reshape Resize ReverseSequence RoiAlign RotaryEmbedding Round STFT Scan Scatter
ScatterElements ScatterND Selu SequenceAt SequenceConstruct SequenceEmpty SequenceErase SequenceInsert SequenceLength SequenceMap
Shape Shrink Sigmoid Sign Sin Sinh Size Slice Softmax SoftmaxCrossEntropyLoss Softplus Softsign SpaceToDepth Split
SplitToSequence Sqrt Squeeze StringConcat StringNormalizer StringSplit Sub Sum Swish Tan Tanh TensorScatter TfIdfVectorizer
ThresholdedRelu Tile TopK Transpose Trilu Unique Unsqueeze Upsample Where Xor
""".split()


def rules():
    """{domain: {operator: first versions of its rules}}"""
    found = {}
    source = (ROOT / "src/import/onnx/rules.cpp").read_text()
    for domain, name, version in re.findall(r'RuleEntry\{("[^"]*"|k\w+), "(\w+)", (\d+),', source):
        domain = domain.strip('"')
        found.setdefault(DOMAINS.get(domain, domain), {}).setdefault(name, []).append(int(version))
    return found


def with_constants(model):
    """The model with all inputs but the first as constants, from the test's data: as networks have them."""
    data = [path.read_bytes() for path in sorted(model.parent.glob("test_data_set_0/input_*.pb"))[1:]]
    content, out, at = model.read_bytes(), b"", 0
    while data and at < len(content):
        begin = at
        key, at = read_varint(content, at)
        value, at = read_varint(content, at)
        if key & 7 == 2:
            at += value
        if key == GRAPH << 3 | 2:
            graph = content[at - value:at] + b"".join(chunk(INITIALIZER, tensor) for tensor in data)
            out += chunk(GRAPH, graph)
        else:
            out += content[begin:at]
    return out


def read_varint(content, at):
    value = shift = 0
    while True:
        byte = content[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def measure(bolide, folders):
    """{(domain, operator): how its nodes run}"""
    def check(model):
        done = subprocess.run([bolide, "check", model, "--json"], capture_output=True, text=True)
        return json.loads(done.stdout)["nodes"] if done.returncode == 0 else []

    models = sorted(path for folder in folders for path in Path(folder).rglob("*.onnx"))
    found = {}
    with tempfile.TemporaryDirectory() as scratch:
        for model in [path for path in models if path.name == "model.onnx"]:
            if content := with_constants(model):
                models.append(Path(scratch) / f"{len(models)}.onnx")
                models[-1].write_bytes(content)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for nodes in pool.map(check, models):
                for node in nodes:
                    found.setdefault((node["domain"], node["op"]), set()).add(node["how"])
    return {key: words(hows) for key, hows in found.items()}


def words(hows):
    if {"fast", "reference"} <= hows:
        return "kernels; some forms by the reference"
    return "kernels" if "fast" in hows else "the reference" if "reference" in hows else "no step"  # folded


def written(text, domain):
    """The column "runs by" as the page has it."""
    start, end = between(text, domain)
    return dict(re.findall(r"^\| `(\w+)` \|[^|]*\|[^|]*\| ?(.*?) ?\|$", text[start:end], re.M))


def table(of, hows):
    lines = ["| operator | read from version | | runs by |", "|---|---|---|---|"]
    for name in sorted(of):
        forms = ", ".join(str(v) for v in of[name][1:])
        lines.append(f"| `{name}` | {of[name][0]} | {'other forms from ' + forms if forms else ''} | {hows.get(name, '')} |")
    return "\n".join(lines)


def between(text, mark):
    """(start, end) of what stands between the lines of a mark."""
    start = text.index(f"<!-- {mark} -->\n") + len(f"<!-- {mark} -->\n")
    return start, text.index(f"<!-- end of {mark} -->", start)


def main():
    found = rules()
    text = PAGE.read_text()
    if "--write" in sys.argv[1:]:
        missing = [f"`{name}`" for name in STANDARD if name not in found["ai.onnx"]]
        measured = {}
        if "--measure" in sys.argv[1:]:
            bolide, *folders = sys.argv[sys.argv.index("--measure") + 1:]
            measured = measure(bolide, folders)
        contents = {}
        for domain in DOMAINS.values():
            hows = written(text, domain)
            hows.update({name: how for (of, name), how in measured.items() if of == domain})
            contents[domain] = table(found.get(domain, {}), hows)
        contents["missing"] = (", ".join(missing) or "None") + "."
        for mark, content in contents.items():
            start, end = between(text, mark)
            text = text[:start] + content + "\n" + text[end:]
        PAGE.write_text(text)
        return 0
    wrong = 0
    for domain in DOMAINS.values():
        found.setdefault(domain, {})
        start, end = between(text, domain)
        said = set(re.findall(r"^\| `(\w+)` \|", text[start:end], re.M))
        for name in sorted(said - set(found[domain])):
            print(f"docs/onnx.md says that {domain}.{name} is read; no rule does")
            wrong += 1
        for name in sorted(name for name, how in written(text, domain).items() if not how):
            print(f"docs/onnx.md does not say how {domain}.{name} runs: --measure a model that has it")
        for name in sorted(set(found[domain]) - said):
            print(f"not in docs/onnx.md yet: {domain}.{name}; run tools/onnx_operators.py --write")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
