#!/usr/bin/env python3
"""Trains the digit reader of the demo and writes digits.onnx and the measured facts in README.md.

Needs `pip install torch onnx numpy` and the 10,000 MNIST test images (t10k-images-idx3-ubyte.gz and
t10k-labels-idx1-ubyte.gz). The first 8,000 images train the network; the last 2,000 are never seen in training, choose
nothing (the number of epochs is fixed), and only they count in the accuracy.

The same versions, seed and thread count give the same file: python3 models/digits/train.py
"""
import argparse
import gzip
import math
import os
import pathlib
import re
import struct
import sys

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from torch import nn
from torch.nn import functional as F

HERE = pathlib.Path(__file__).resolve().parent
SHARED = pathlib.Path(os.environ.get("BOLIDE_SHARED", HERE.parents[1] / ".." / "shared"))
TRAIN_IMAGES = 8000
SEED = 20260731
EPOCHS = 40
BATCH = 100
LOWEST_ACCURACY = 0.98


def read_idx(path):
    """The array in a gzipped IDX file of unsigned bytes."""
    data = gzip.decompress(path.read_bytes())
    zero, kind, rank = struct.unpack(">HBB", data[:4])
    if zero != 0 or kind != 8:
        sys.exit(f"{path}: not an IDX file of unsigned bytes")
    dims = struct.unpack(f">{rank}I", data[4 : 4 + 4 * rank])
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(dims)


def block(inputs, outputs, stride):
    return [
        nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    ]


def make_network():
    """[batch,1,28,28] with ink 1 on paper 0 -> [batch,10] scores (logits)."""
    return nn.Sequential(
        *block(1, 16, 1), *block(16, 16, 2), *block(16, 32, 1), *block(32, 32, 2), nn.Flatten(), nn.Linear(32 * 7 * 7, 10)
    )


def vary(images, random):
    """A random rotation, slant, size, place and stroke thickness for every image, as f32 in 0..1."""
    n = len(images)

    def between(low, high):
        return low + (high - low) * torch.rand(n, generator=random)

    angle = between(-15, 15) * math.pi / 180
    slant = between(-0.25, 0.25)
    size_x, size_y = between(0.85, 1.2), between(0.85, 1.15)
    cos, sin = torch.cos(angle), torch.sin(angle)
    matrix = torch.stack(
        [
            torch.stack([cos / size_x, (slant * cos - sin) / size_y, between(-2, 2) / 14], 1),
            torch.stack([sin / size_x, (slant * sin + cos) / size_y, between(-2, 2) / 14], 1),
        ],
        1,
    )
    images = F.grid_sample(images, F.affine_grid(matrix, list(images.shape), align_corners=False), align_corners=False)
    # Mixing with the 3x3 maximum thickens strokes, with the 2x2 minimum thins them.
    thick = F.max_pool2d(images, 3, stride=1, padding=1)
    thin = -F.max_pool2d(F.pad(-images, (0, 1, 0, 1)), 2, stride=1)
    choice = torch.rand(n, generator=random)
    share = between(0, 0.7).view(-1, 1, 1, 1)
    other = torch.where((choice < 0.3).view(-1, 1, 1, 1), thick, images)
    other = torch.where((choice > 0.75).view(-1, 1, 1, 1), thin, other)
    return (images + share * (other - images)).clamp(0, 1)


def train(images, labels):
    random = torch.Generator().manual_seed(SEED)
    torch.manual_seed(SEED)
    network = make_network()
    steps = EPOCHS * (len(images) // BATCH)
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=6e-3, total_steps=steps)
    for epoch in range(EPOCHS):
        network.train()
        total = 0.0
        for chosen in torch.randperm(len(images), generator=random).split(BATCH):
            loss = F.cross_entropy(network(vary(images[chosen], random)), labels[chosen], label_smoothing=0.02)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item()
        print(f"epoch {epoch + 1:2}/{EPOCHS}  training loss {total * BATCH / len(images):.4f}", flush=True)
    return network.eval()


def export(network, path):
    """Writes the graph node by node: names and weights, no doc strings, batch normalisation left unfolded."""
    nodes, weights, value, places = [], [], "image", 0

    def keep(name, tensor):
        weights.append(numpy_helper.from_array(tensor.detach().numpy(), name))
        return name

    for layer in network:
        if isinstance(layer, nn.Conv2d):
            places += 1
            name, kind, inputs = f"conv{places}", "Conv", [keep(f"conv{places}.weight", layer.weight)]
            attributes = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "strides": list(layer.stride)}
        elif isinstance(layer, nn.BatchNorm2d):
            name, kind = f"norm{places}", "BatchNormalization"
            tensors = {"scale": layer.weight, "bias": layer.bias, "mean": layer.running_mean, "var": layer.running_var}
            inputs = [keep(f"{name}.{key}", tensor) for key, tensor in tensors.items()]
            attributes = {"epsilon": layer.eps}
        elif isinstance(layer, nn.ReLU):
            name, kind, inputs, attributes = f"relu{places}", "Relu", [], {}
        elif isinstance(layer, nn.Flatten):
            name, kind, inputs, attributes = "flat", "Flatten", [], {"axis": 1}
        else:
            name, kind, attributes = "scores", "Gemm", {"transB": 1}
            inputs = [keep("fc.weight", layer.weight), keep("fc.bias", layer.bias)]
        nodes.append(helper.make_node(kind, [value, *inputs], [name], name=name, **attributes))
        value = name
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 1, 28, 28])
    scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["batch", 10])
    graph = helper.make_graph(nodes, "digits", [image], [scores], weights)
    model = helper.make_model(graph, producer_name="bolide-digits", opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString(deterministic=True))


def write_facts(path, lines):
    """Replaces what stands between the two markers in the README."""
    text = path.read_text()
    facts = "\n".join(lines)
    changed, found = re.subn(r"(<!-- measured -->\n).*?(\n<!-- end -->)", lambda m: m[1] + facts + m[2], text, flags=re.S)
    if found != 1:
        sys.exit(f"{path}: markers <!-- measured --> and <!-- end --> not found")
    path.write_text(changed)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, default=SHARED / "models" / "mnist", help="folder of the images")
    parser.add_argument("--out", type=pathlib.Path, default=HERE / "digits.onnx", help="the model file to write")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads; another number changes the last bits")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.use_deterministic_algorithms(True)

    images = read_idx(options.data / "t10k-images-idx3-ubyte.gz")
    labels = torch.from_numpy(read_idx(options.data / "t10k-labels-idx1-ubyte.gz").astype(np.int64))
    images = torch.from_numpy(images.astype(np.float32) / 255).unsqueeze(1)
    unseen, expected = images[TRAIN_IMAGES:], labels[TRAIN_IMAGES:]

    network = train(images[:TRAIN_IMAGES], labels[:TRAIN_IMAGES])
    with torch.no_grad():
        scores = network(unseen)
    right = int((scores.argmax(1) == expected).sum())
    accuracy = right / len(unseen)
    print(f"unseen images: {right} of {len(unseen)} right, {accuracy:.2%}")
    if accuracy < LOWEST_ACCURACY:
        sys.exit(f"accuracy {accuracy:.2%} is below {LOWEST_ACCURACY:.0%}: nothing written")

    export(network, options.out)
    again = ReferenceEvaluator(str(options.out)).run(None, {"image": unseen[:16].numpy()})[0]
    largest = float(np.abs(again - scores[:16].numpy()).max())
    if largest > 1e-3:
        sys.exit(f"{options.out}: scores differ from the trained network's by {largest:.2g}")
    weights = sum(p.numel() for p in network.parameters())
    facts = [
        f"- accuracy on the unseen images: **{right} of {len(unseen)}, {accuracy:.2%}**",
        f"- split: images 0 to {TRAIN_IMAGES - 1} train, {TRAIN_IMAGES} to {len(images) - 1} unseen; "
        f"{EPOCHS} epochs in batches of {BATCH}; the last epoch's weights are kept, whatever they measure",
        f"- seed {SEED}, {options.threads} CPU threads, torch {torch.__version__.split('+')[0]}, onnx {onnx.__version__}",
        f"- {weights:,} trained parameters, file of {options.out.stat().st_size:,} bytes",
    ]
    print("\n".join(facts))
    if options.out == HERE / "digits.onnx":
        write_facts(HERE / "README.md", facts)


if __name__ == "__main__":
    main()
