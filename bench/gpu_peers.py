"""FP16 times of networks on a GPU: Bolide's engine beside torch.compile (reduce-overhead, channels-last), same machine,
same run, inputs and outputs on the device. With --only-compile torch.compile fills its cache of kernels, nothing is timed.
usage: gpu_peers.py --bolide PATH --networks networks.py --models DIR --nets a,b [--no-torch | --only-compile] [--budget SECONDS]"""
import argparse
import functools
import importlib.util
import json
import math
import subprocess
import time

LARGE = {"densenet121": 32, "yolov5s": 32}


def load_networks(path):
    spec = importlib.util.spec_from_file_location("networks", path)
    networks = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(networks)
    return networks


def batches(name):
    return 1, LARGE.get(name, 128)


@functools.lru_cache(maxsize=1)
def torch_module(networks, name):
    net, shape = networks.module(name)
    return net.cuda().half(), shape


def torch_ms(networks, name, batch, seconds=1.0):
    import torch
    # Every size a compilation of its own, and none given up: the peer at its best.
    torch._dynamo.reset()
    torch._dynamo.config.recompile_limit = 256
    torch._dynamo.config.accumulated_recompile_limit = 4096
    net, shape = torch_module(networks, name)
    x = networks.sample(shape, batch).cuda()
    if x.dim() == 4:
        net = net.to(memory_format=torch.channels_last)
        x = x.half().to(memory_format=torch.channels_last)
    run = torch.compile(net, mode="reduce-overhead")
    with torch.no_grad():
        for _ in range(5):
            run(x)
        torch.cuda.synchronize()
        rounds, end = [], time.time() + seconds
        while len(rounds) < 5 or time.time() < end:
            start, stop = torch.cuda.Event(True), torch.cuda.Event(True)
            start.record()
            for _ in range(10):
                run(x)
            stop.record()
            stop.synchronize()
            rounds.append(start.elapsed_time(stop) / 10)
    return sorted(rounds)[len(rounds) // 2]


def bolide_ms(args, name, shape, batch):
    dims = "x".join(str(d) for d in ([batch, 128] if shape == "ids" else [batch, *shape]))
    command = [args.bolide, "bench", f"{args.models}/{name}.onnx", "--device", "cuda", "--precision", "fp16", "--shapes", f"input:{dims}",
               "--json", "--duration", "1", "--time-budget", str(args.budget)]
    if shape == "ids":
        command += ["--fill", "input=0:30000"]
    start = time.time()
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        return None, done.stderr.strip()[-300:], 0
    document = json.loads(done.stdout)
    return document, "", time.time() - start


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bolide", default="build/release/bolide")
    parser.add_argument("--networks", required=True)
    parser.add_argument("--models", help="the folder of exported networks")
    parser.add_argument("--nets", required=True)
    parser.add_argument("--no-torch", action="store_true")
    parser.add_argument("--only-compile", action="store_true", help="fill torch's cache of kernels and stop")
    parser.add_argument("--budget", type=float, default=20)
    args = parser.parse_args()
    networks = load_networks(args.networks)
    if args.only_compile:
        for name in args.nets.split(","):
            for batch in batches(name):
                torch_ms(networks, name, batch, seconds=0)
        return
    ratios = {1: [], 2: []}
    print(f"{'network':18}{'batch':>6}{'bolide ms':>11}{'latency':>9}{'per s':>9}{'host':>5}{'torch ms':>10}{'ratio':>7}{'build s':>9}")
    for name in args.nets.split(","):
        shape = networks.NETS[name][1]
        for batch in batches(name):
            document, error, seconds = bolide_ms(args, name, shape, batch)
            if document is None:
                print(f"{name:18}{batch:6}  failed: {error}", flush=True)
                continue
            ours = document.get("back_to_back_ms", document["latency_ms"]["median"])
            line = f"{name:18}{batch:6}{ours:11.3f}{document['latency_ms']['median']:9.3f}{batch * 1e3 / ours:9.0f}{document.get('host_steps', 0):5}"
            if not args.no_torch:
                theirs = torch_ms(networks, name, batch)
                ratios[1 if batch == 1 else 2].append(theirs / ours)
                line += f"{theirs:10.3f}{theirs / ours:7.2f}"
            print(line + f"{seconds:9.1f}", flush=True)
    for key, label in ((1, "batch 1"), (2, "large batch")):
        if ratios[key]:
            mean = math.exp(sum(math.log(r) for r in ratios[key]) / len(ratios[key]))
            print(f"geometric mean of ratios, {label}: {mean:.2f} over {len(ratios[key])} networks")


if __name__ == "__main__":
    main()
