"""What the tool says and leaves behind when the driver, NVRTC, the device, memory or the kernel cache fail; on the fake
driver. Arguments: the tool, the folders of the fake driver and NVRTC, the library that hides others ("": none), plugin.
"""

import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from onnx_bytes import *  # noqa: E402,F403
from tool import ROOT, Tool  # noqa: E402

TOOL, DRIVER, NVRTC, HIDE, PLUGIN = sys.argv[1:6]
DIGITS = str(ROOT / "models/digits/digits.onnx")
CUBE = str(ROOT / "models/plugin/cube.onnx")
NOT_SUPPORTED = 3


class ToolFaults(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.cache = pathlib.Path(self.folder.name) / "cache"
        self.kernels = self.cache / "kernels"
        self.tool = Tool(TOOL, self.cache)
        self.tool.environment["BOLIDE_CUDA_PATH"] = f"{DRIVER}:{NVRTC}"

    def path(self, name):
        return pathlib.Path(self.folder.name) / name

    def hiding(self, *names):
        if not HIDE:
            self.skipTest("libraries cannot be hidden from a program with sanitizers")
        return {"LD_PRELOAD": HIDE, "HIDE_LIBRARIES": ":".join(names)}

    def bench(self, *arguments, **options):
        return self.tool("bench", DIGITS, "--device", "cuda", "--duration", "0.01", "--json", *arguments, **options)

    def refused(self, outcome, *parts):
        self.assertEqual(outcome.code, NOT_SUPPORTED, outcome)
        self.assertEqual(outcome.out, "")
        for part in parts:
            self.assertIn(part, outcome.err)

    def test_a_device_that_is_there_runs(self):
        outcome = self.bench()
        self.assertEqual(outcome.code, 0, outcome)
        self.assertEqual(outcome.json()["host_steps"], 0)

    def test_without_a_driver_it_says_what_was_looked_for(self):
        outcome = self.bench(environment=self.hiding("libcuda.so"))
        self.refused(outcome, "the CUDA driver (libcuda.so.1) was not found", "BOLIDE_CUDA_PATH", "toolkit folders")

    def test_without_a_driver_the_cpu_works_and_doctor_lists_the_attempts(self):
        hidden = self.hiding("libcuda.so")
        self.assertEqual(self.tool("bench", DIGITS, "--duration", "0.01", environment=hidden).code, 0)
        doctor = self.tool("doctor", environment=hidden)
        self.assertEqual(doctor.code, 0)
        self.assertIn(f"{DRIVER}/libcuda.so.1", doctor.out)

    def test_a_driver_without_a_device(self):
        self.refused(self.bench(environment={"FAKE_CUDA": "devices=0,init=100"}), "no CUDA-capable device is detected")

    def test_a_driver_that_is_too_old_is_named_with_its_version(self):
        self.refused(self.bench(environment={"FAKE_CUDA": "version=11040"}), f"{DRIVER}/libcuda.so.1 is too old",
                     "for CUDA 11.4", "CUDA 12 or later")

    def test_an_index_beyond_the_devices(self):
        self.refused(self.tool("bench", DIGITS, "--device", "cuda:3", environment={"FAKE_CUDA": "devices=2"}),
                     "cuda:3 is not there; the driver shows 2 devices")

    def test_without_nvrtc_it_says_what_was_looked_for(self):
        self.refused(self.bench(environment=self.hiding("libnvrtc")), "NVRTC (libnvrtc.so) was not found",
                     "BOLIDE_CUDA_PATH")

    def test_an_nvrtc_older_than_the_card_makes_code_for_an_older_kind_and_says_so(self):
        outcome = self.bench("--precision", "fp16", environment={"FAKE_NVRTC": "major=12,minor=2,archs=75:80:86"})
        self.assertEqual(outcome.code, 0, outcome)
        self.assertIn("NVRTC 12.2 is older than Fake GPU (compute capability 9.0)", outcome.err)
        self.assertIn("made for 8.6", outcome.err)

    def test_an_nvrtc_that_knows_newer_cards_only(self):
        self.refused(self.bench(environment={"FAKE_NVRTC": "archs=100"}), "makes no code for compute capability 9.0")

    def test_a_slice_of_a_card_is_planned_for_what_it_has(self):
        part = {"FAKE_CUDA": "name=Fake GPU MIG 1g.10gb,multiprocessors=16,memory_mib=256"}
        engine = self.path("slice.engine")
        self.assertEqual(self.tool("build", DIGITS, "--device", "cuda", "-o", engine, environment=part).code, 0)
        outcome = self.tool("inspect", engine, "--device", "cuda", environment=part)
        self.assertIn("MIG 1g.10gb", outcome.out)
        self.assertIn("16x", outcome.out)
        self.assertEqual(self.tool("bench", engine, "--device", "cuda", "--duration", "0.01", environment=part).code, 0)
        # What was measured on the slice does not count on the whole card.
        whole = self.tool("bench", engine, "--device", "cuda", "--duration", "0.01")
        self.assertEqual(whole.code, 0)
        self.assertIn("tuned for another", whole.err)

    def test_an_engine_of_another_card_runs_at_once_and_says_so(self):
        engine = self.path("other.engine")
        other = {"FAKE_CUDA": "name=Older GPU,capability=80"}
        self.assertEqual(self.tool("build", DIGITS, "--device", "cuda", "-o", engine, environment=other).code, 0)
        outcome = self.tool("bench", engine, "--device", "cuda", "--duration", "0.01", "--json")
        self.assertEqual(outcome.code, 0, outcome)
        self.assertEqual(outcome.json()["host_steps"], 0)
        self.assertIn("tuned for another", outcome.err)
        same = self.tool("bench", engine, "--device", "cuda", "--duration", "0.01", environment=other)
        self.assertNotIn("tuned for another", same.err)

    def test_one_file_holds_the_choices_for_the_cpu_and_for_several_gpus(self):
        engine = self.path("all.engine")
        shapes = ("--shapes", "image:4x1x28x28")
        other = {"FAKE_CUDA": "name=Older GPU,capability=80"}
        self.assertEqual(self.tool("build", DIGITS, "--effort", "1", "--threads", "2", *shapes, "-o", engine).code, 0)
        alone = engine.stat().st_size
        for environment in ({}, other):
            outcome = self.tool("build", engine, "--device", "cuda", "-o", engine, environment=environment)
            self.assertEqual(outcome.code, 0, outcome)
        self.assertLess(engine.stat().st_size, 1.5 * alone)  # the weights are there once

        def facts(*arguments, environment=None):
            return self.tool("inspect", engine, "--json", *arguments, environment=environment).json()["facts"]

        for arguments, environment in ((("--device", "cuda"), {}), (("--device", "cuda"), other), (("--threads", "2"), {})):
            with self.subTest(arguments=arguments, environment=environment):
                known = facts(*arguments, environment=environment)
                self.assertEqual(known["tuned"], "[4,1,28,28]")
                self.assertEqual(known["also for"].count(";"), 1, known)
                outcome = self.tool("bench", engine, *arguments, "--duration", "0.01", environment=environment)
                self.assertEqual(outcome.code, 0, outcome)
                self.assertNotIn("tuned for another", outcome.err)
        # Choosing again for a device takes the place of what was chosen for it.
        self.assertEqual(self.tool("build", engine, "--device", "cuda", "-o", engine, environment=other).code, 0)
        self.assertEqual(facts("--device", "cuda")["also for"].count(";"), 1)

    def test_no_memory_left_says_asked_and_free(self):
        outcome = self.bench(environment={"FAKE_CUDA": "memory_mib=0"})
        self.assertEqual(outcome.code, 1, outcome)
        for part in ("out of memory", "asked for", "are free", "the largest"):
            self.assertIn(part, outcome.err)

    def test_an_unsupported_operator_in_the_middle_is_shown_with_its_copies(self):
        outcome = self.tool("bench", CUBE, "--plugin", PLUGIN, "--device", "cuda", "--duration", "0.01", "--json")
        self.assertEqual(outcome.code, 0, outcome)
        self.assertEqual(outcome.json()["host_steps"], 1)
        self.assertEqual(outcome.json()["copies"], 2)
        layers = self.tool("bench", CUBE, "--plugin", PLUGIN, "--device", "cuda", "--duration", "0.01", "--per-layer")
        self.assertIn("to host", layers.out)
        self.assertIn("to device", layers.out)

    def test_a_network_whose_sizes_only_the_data_decide_runs_and_says_what_is_on_the_host(self):
        x, y = value("x", FLOAT, [8, 8]), value("y", FLOAT, None)
        path = self.path("found.onnx")
        path.write_bytes(model(Graph([node("Softmax", ["x"], ["s"]), node("NonZero", ["s"], ["at"]),
                                      node("Cast", ["at"], ["f"], to=FLOAT), node("Exp", ["f"], ["y"])], [x], [y])))
        outcome = self.tool("bench", path, "--device", "cuda", "--duration", "0.01", "--json")
        self.assertEqual(outcome.code, 0, outcome)
        # What follows NonZero is light: the CPU's kernels do it.
        self.assertEqual((outcome.json()["host_steps"], outcome.json()["reference_steps"]), (3, 1))
        self.assertIn("3 on the host", self.tool("bench", path, "--device", "cuda", "--duration", "0.01").out)

    def test_doctor_prints_the_folders_in_order_and_what_was_opened(self):
        own = self.path("own")
        facts = self.tool("doctor", "--json", environment={"BOLIDE_CUDA_PATH": f"{own}:{DRIVER}"}).json()
        folders = facts["cuda folders tried"]
        self.assertEqual(folders[:3], [f"{own}{below} (BOLIDE_CUDA_PATH)" for below in ("", "/lib64", "/lib")])
        self.assertEqual(folders[6:8], ["the loader's path", "/usr/local/cuda/lib64"])
        self.assertEqual(facts["cuda driver tried"], [f"{DRIVER}/libcuda.so.1: opened"])

    # The kernel cache.

    def compiled(self):
        return sorted(self.kernels.glob("*.bin"))

    def test_a_folder_that_cannot_be_written_is_one_warning(self):
        self.cache.mkdir()
        self.kernels.write_text("not a folder")
        outcome = self.bench()
        self.assertEqual(outcome.code, 0, outcome)
        self.assertEqual(outcome.err.count("kernel cache"), 1, outcome.err)

    def test_a_full_disk_is_one_warning_and_leaves_no_part_of_an_entry(self):
        outcome = self.bench(file_limit=10)
        self.assertEqual(outcome.code, 0, outcome)
        self.assertEqual(outcome.err.count("kernel cache"), 1, outcome.err)
        self.assertEqual(list(self.kernels.glob("*")), [])

    def test_damaged_entries_are_compiled_again(self):
        self.bench("--effort", "0")
        whole = {path: path.read_bytes() for path in self.compiled()}
        self.assertTrue(whole)
        damages = {"a bit": lambda content: content[:-1] + bytes([content[-1] ^ 1]),
                   "a length": lambda content: content[:9] + bytes([content[9] ^ 0x80]) + content[10:],
                   "half": lambda content: content[:len(content) // 2], "all": lambda content: b""}
        for what, damage in damages.items():
            with self.subTest(what):
                for path, content in whole.items():
                    path.write_bytes(damage(content))
                outcome = self.bench("--effort", "0")
                self.assertEqual(outcome.code, 0, outcome)
                self.assertEqual({path: path.read_bytes() for path in self.compiled()}, whole)

    def test_several_builds_at_once_give_the_same_engine_and_whole_entries(self):
        slow = {"FAKE_NVRTC": "delay_ms=5"}
        outcomes = {}

        def build(number):
            outcomes[number] = self.tool("build", DIGITS, "--device", "cuda", "-o", self.path(f"{number}.engine"),
                                         environment=slow)

        builders = [threading.Thread(target=build, args=(number,)) for number in range(6)]
        for builder in builders:
            builder.start()
        for builder in builders:
            builder.join()
        for outcome in outcomes.values():
            self.assertEqual(outcome.code, 0, outcome)
        self.assertEqual(len({self.path(f"{number}.engine").read_bytes() for number in range(6)}), 1)
        self.assertEqual(list(self.kernels.glob("*.tmp")), [])
        self.assertGreater(len(self.compiled()), 2)

    def test_a_build_killed_anywhere_leaves_an_engine_that_is_whole_or_absent_and_a_cache_that_works(self):
        engine = self.path("killed.engine")
        killed = 0
        for step in range(24):
            environment = dict(self.tool.environment, FAKE_NVRTC="delay_ms=3")
            process = subprocess.Popen([TOOL, "build", DIGITS, "--device", "cuda", "--effort", "1", "-o", engine],
                                       env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(0.004 * (step + 1))
            process.send_signal(signal.SIGKILL)
            killed += process.wait() == -signal.SIGKILL
            if engine.exists():
                outcome = self.tool("bench", engine, "--device", "cuda", "--duration", "0.01")
                self.assertEqual(outcome.code, 0, outcome)
                engine.unlink()
            if step % 4 == 3:
                shutil.rmtree(self.cache, ignore_errors=True)
        self.assertGreater(killed, 0)
        self.assertEqual(self.bench().code, 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
