# SPDX-License-Identifier: Apache-2.0
"""`km status` over what a real Mesos said of pods: the events of each recording bring out the PodStatus beside it.

usage: test_recorded.py KM FOLDER [--print]     with --print: writes those that are missing
"""
import json
import pathlib
import subprocess
import sys
import unittest

KM = sys.argv[1]
FOLDER = pathlib.Path(sys.argv[2])


def status(events):
    done = subprocess.run([KM, "status", "-f", events.parent / "pod.json", "--updates", events],
                          capture_output=True, timeout=60)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


class Recorded(unittest.TestCase):
    def test_each_recording_ends_as_it_did(self):
        seen = sorted(FOLDER.glob("*/*.events"))
        self.assertTrue(seen)
        for events in seen:
            with self.subTest(str(events.relative_to(FOLDER))):
                code, out, err = status(events)
                self.assertEqual(code, 0, err)
                wanted = json.loads(events.with_suffix(".status.json").read_text())
                self.assertEqual(json.loads(out), wanted)


if __name__ == "__main__":
    if "--print" in sys.argv:
        for path in FOLDER.glob("*/*.events"):
            target = path.with_suffix(".status.json")
            if not target.exists():
                target.write_text(json.dumps(json.loads(status(path)[1]), indent=1) + "\n")
    else:
        unittest.main(argv=[sys.argv[0]])
