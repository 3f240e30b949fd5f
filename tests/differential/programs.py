# SPDX-License-Identifier: Apache-2.0
"""Programs that answer requests about documents: Kubernetes' own code, and this library."""
import json
import subprocess
import sys
import tempfile


class Program:
    """A program that answers requests, a batch at a time."""

    def __init__(self, path):
        self.path = path

    def answers(self, requests):
        with tempfile.TemporaryFile() as given:
            for op, document in requests:
                given.write(b"%s %d\n" % (op.encode(), len(document)) + document + b"\n")
            given.seek(0)
            done = subprocess.run([self.path], stdin=given, stdout=subprocess.PIPE, check=False)
        lines = done.stdout.split(b"\n")[:-1]
        if done.returncode != 0 or len(lines) != len(requests):
            last = requests[min(len(lines), len(requests) - 1)]
            sys.exit(f"{self.path} ended with {done.returncode} after {len(lines)} of {len(requests)} requests, at {last}")
        return [json.loads(line) for line in lines]
