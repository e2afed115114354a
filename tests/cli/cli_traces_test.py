"""Traces that runs and benchmarks leave.

usage: cli_traces_test.py PROGRAM [unittest arguments]
"""

import json
import sys
import unittest

from command_line import *  # noqa: F403
from onnx_bytes import *  # noqa: F403


class Traces(CommandLine):
    def test_a_trace_holds_phases_steps_and_threads(self):
        path = self.folder / "trace.json"
        for arguments in (("bench", DIGITS, "--duration", 0, "--effort", 0), ("run", DIGITS), ("run", self.engine)):
            with self.subTest(arguments):
                self.expect(DONE, *arguments, "--threads", 2, "--trace", path)
                events = json.loads(path.read_text())["traceEvents"]
                tracks = {event["tid"]: event["args"]["name"] for event in events if event["name"] == "thread_name"}
                spans = [event for event in events if event["ph"] == "X"]
                self.assertTrue(all(event["ts"] >= 0 and event["dur"] >= 0 and event["tid"] in tracks for event in spans))
                self.assertLessEqual({"build", "steps", "thread 0"}, set(tracks.values()))
                steps = [event for event in spans if tracks[event["tid"]] == "steps"]
                self.assertEqual(len(steps) % 3, 0, "three runs")
                for event in steps:
                    self.assertIn("tactic", event["args"])
                    self.assertGreater(event["args"]["bytes"], 0)
                for first, second in zip(steps, steps[1:]):
                    self.assertLessEqual(first["ts"] + first["dur"], second["ts"] + 0.01)
                for event in spans:
                    if tracks[event["tid"]].startswith("thread"):
                        self.assertTrue(any(s["ts"] - 0.01 <= event["ts"] and event["ts"] + event["dur"] <= s["ts"] + s["dur"] + 0.01 for s in steps), event)
                phases = [event["name"] for event in spans if tracks[event["tid"]] == "build"]
                self.assertIn("load" if arguments[1] is self.engine else "choose kernels", phases)
        self.expect(FAILED, "run", DIGITS, "--trace", self.folder / "no/such/t.json", says="t.json")

    def test_steps_in_branches_keep_their_names_beside_their_times_and_in_traces(self):
        x, y, c = value("x", FLOAT, [16, 16]), value("y", FLOAT, [16, 16]), value("c", BOOL, [])
        then = Graph([node("Exp", ["s"], ["t"], "grow"), node("Softmax", ["t"], ["a"], "share")], [], [value("a", FLOAT, [16, 16])])
        other = Graph([node("Neg", ["s"], ["n"], "turn"), node("Softmax", ["n"], ["b"], "spread", axis=0)], [], [value("b", FLOAT, [16, 16])])
        path = self.file("branches.onnx", model(Graph(
            [node("Softmax", ["x"], ["s"], "before"), node("If", ["c"], ["r"], "choice", then_branch=then, else_branch=other),
             node("Transpose", ["r"], ["after"], "turned", perm=[1, 0]), node("Softmax", ["after"], ["y"], "last")], [x, c], [y])))
        trace = self.folder / "branches.json"
        bench = ("bench", path, "--duration", 0, "--effort", 0, "--per-layer", "--json", "--fill", "c=1:1", "--trace", trace)
        layers = {layer["name"]: layer for layer in self.expect(DONE, *bench).json()["layers"]}
        operators = {name: layers[name]["op"] for name in ("before", "choice", "grow", "share", "turn", "spread", "last")}
        self.assertEqual(operators, {"before": "Softmax", "choice": "If", "grow": "Exp", "share": "Softmax", "turn": "Neg", "spread": "Softmax", "last": "Softmax"})
        self.assertTrue(all(layers[name]["us"] > 0 for name in ("before", "grow", "share", "last")), layers)
        self.assertEqual([layers[name]["us"] for name in ("turn", "spread")], [0, 0])
        events = [e for e in json.loads(trace.read_text())["traceEvents"] if e.get("cat") == "step"]
        self.assertEqual({(e["name"], e["args"]["operator"]) for e in events if e["name"] in operators},
                         {(name, op) for name, op in operators.items() if name not in ("turn", "spread")})


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
