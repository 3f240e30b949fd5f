#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws what bench_curve and bench_match print: one small chart for each shape of input, or sort of pods: what a byte
or a pod costs over the size, both logarithmic and with the same scale in all.
usage: bench_curve | curve_svg.py > curve.svg"""

import math
import re
import sys

COLUMNS, WIDTH, HEIGHT = 6, 150, 96  # of charts; of one chart
LEFT, TOP, RIGHT, BOTTOM = 30, 20, 8, 16  # inside of one


class Kind:
    """What lines are drawn, and between which powers of ten."""

    def __init__(self, pattern, unit, lowest, highest, base):
        self.pattern, self.unit = re.compile(pattern), unit
        self.lowest, self.highest = lowest, highest
        self.base = base  # of the sizes' units

    def size_text(self, size):
        for power, unit in ((2, "M"), (1, "K" if self.base == 1024 else "k")):
            if size >= self.base**power:
                return f"{size // self.base ** power}{unit}"
        return str(size)


KINDS = [
    Kind(r"parse\.curve\.(.+)\.(\d+)$", "ns/byte", -2, 3, 1024),
    Kind(r"match\.(\w+)\.agents_(\d+)\.ns_per_pod$", "ns", 2, 7, 1000),
]


def read(lines):
    """The kind of the lines, and {shape: [(size, ns)]} in their order."""
    kind, shapes = None, {}
    for line in lines:
        name, value, unit = line.rstrip("\n").split("\t")
        for each in KINDS:
            found = each.pattern.match(name)
            if found and unit == each.unit and kind in (None, each):
                kind = each
                shapes.setdefault(found[1], []).append((int(found[2]), float(value)))
    return kind, shapes


class Chart:
    def __init__(self, kind, sizes, x, y):
        self.kind = kind
        self.first, self.last = math.log(min(sizes)), math.log(max(sizes))
        self.left, self.right = x + LEFT, x + WIDTH - RIGHT
        self.top, self.bottom = y + TOP, y + HEIGHT - BOTTOM

    def x(self, size):
        share = (math.log(size) - self.first) / ((self.last - self.first) or 1)
        return self.left + share * (self.right - self.left)

    def y(self, power):
        lowest, highest = self.kind.lowest, self.kind.highest
        share = (min(max(power, lowest), highest) - lowest) / (highest - lowest)
        return self.bottom - share * (self.bottom - self.top)

    def draw(self, name, points):
        yield f'<text x="{self.left}" y="{self.top - 7}" class="name">{name}</text>'
        for power in range(self.kind.lowest, self.kind.highest + 1):
            y = self.y(power)
            yield f'<line x1="{self.left}" x2="{self.right}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>'
            if power % 2 == 1:
                label = f"{10 ** power:g}" if power < 4 else f"1e{power}"
                yield f'<text x="{self.left - 3}" y="{y + 3:.1f}" class="unit" text-anchor="end">{label}</text>'
        for size, anchor in ((points[0][0], "start"), (points[-1][0], "end")):
            x, y = self.x(size), self.bottom + 10
            yield f'<text x="{x:.1f}" y="{y}" class="unit" text-anchor="{anchor}">{self.kind.size_text(size)}</text>'
        path = " ".join(f"{self.x(s):.1f},{self.y(math.log10(max(v, 1e-9))):.1f}" for s, v in points)
        yield f'<polyline points="{path}" class="line"/>'


def draw(kind, shapes):
    rows = -(-len(shapes) // COLUMNS)
    width, height = COLUMNS * WIDTH, rows * HEIGHT
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
    yield (
        "<style>svg{background:#fff;font-family:sans-serif}.name{font-size:10px;fill:#222}"
        ".unit{font-size:8px;fill:#777}.grid{stroke:#ddd;stroke-width:.5}"
        ".line{fill:none;stroke:#1566b0;stroke-width:1.6}</style>"
    )
    for i, (name, points) in enumerate(shapes.items()):
        chart = Chart(kind, [size for size, _ in points], i % COLUMNS * WIDTH, i // COLUMNS * HEIGHT)
        yield from chart.draw(name, sorted(points))
    yield "</svg>"


def main():
    kind, shapes = read(sys.stdin)
    if not shapes:
        sys.exit("curve_svg.py: no line of bench_curve or bench_match on standard input")
    print("\n".join(draw(kind, shapes)))


if __name__ == "__main__":
    main()
