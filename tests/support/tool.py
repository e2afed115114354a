"""Runs the program under test, and finds the shared models."""

import json
import os
import pathlib
import resource
import signal
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def shared(test, *parts):
    """A path under ../shared; skips the test where it is absent, and fails it in CI."""
    base = pathlib.Path(os.environ.get("BOLIDE_SHARED") or ROOT / "../shared")
    path = base.joinpath(*parts)
    if not path.exists():
        message = f"{path} is not there (BOLIDE_SHARED)"
        if os.environ.get("CI") == "true":
            test.fail(message)
        raise unittest.SkipTest(message)
    return path


class Outcome:
    """What a run left; `seconds` is the clock's or the processors' time, whichever is less: the first grows on a busy machine, the
    second with threads."""

    def __init__(self, code, out, err, peak_mib, seconds):
        self.code, self.out, self.err, self.peak_mib, self.seconds = code, out, err, peak_mib, seconds

    def json(self):
        return json.loads(self.out)

    def __str__(self):
        return f"exit {self.code}, {self.seconds:.2f} s, {self.peak_mib:.0f} MiB\n{self.out[-2000:]}\n{self.err[-2000:]}"


class Tool:
    """The program, with a cache folder of its own."""

    def __init__(self, program, cache):
        self.program = str(pathlib.Path(program).resolve())
        self.environment = dict(os.environ, BOLIDE_CACHE_DIR=str(cache))

    def __call__(self, *arguments, timeout=120, environment=None, file_limit=None):
        def prepare():
            if file_limit is not None:
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))

        import threading
        import time

        start = time.monotonic()
        process = subprocess.Popen([self.program, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env=dict(self.environment, **(environment or {})), preexec_fn=prepare)
        texts = {}

        def read(name, stream):
            texts[name] = stream.read().decode("utf-8", "replace")

        readers = [threading.Thread(target=read, args=pair) for pair in (("out", process.stdout), ("err", process.stderr))]
        for reader in readers:
            reader.start()
        timer = threading.Timer(timeout, process.kill)
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        for reader in readers:
            reader.join()
        process.stdout.close()
        process.stderr.close()
        return Outcome(process.returncode, texts["out"], texts["err"], usage.ru_maxrss / 1024,
                       min(time.monotonic() - start, usage.ru_utime + usage.ru_stime))
