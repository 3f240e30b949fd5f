#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws what bench_curve prints: one small chart for each shape of input, nanoseconds a byte over the size, both
logarithmic and with the same scale in all. usage: bench_curve | curve_svg.py > curve.svg"""

import math
import sys

COLUMNS, WIDTH, HEIGHT = 6, 150, 96  # of charts; of one chart
LEFT, TOP, RIGHT, BOTTOM = 26, 20, 8, 16  # inside of one
LOWEST, HIGHEST = -2, 3  # powers of ten: nanoseconds a byte
PREFIX = "parse.curve."


def read(lines):
    """{shape: [(bytes, ns)]} in the order of the lines."""
    shapes = {}
    for line in lines:
        name, value, unit = line.rstrip("\n").split("\t")
        if name.startswith(PREFIX) and unit == "ns/byte":
            shape, size = name[len(PREFIX) :].rsplit(".", 1)
            shapes.setdefault(shape, []).append((int(size), float(value)))
    return shapes


def size_text(size):
    return f"{size >> 20}M" if size >> 20 else f"{size >> 10}K"


class Chart:
    def __init__(self, sizes, x, y):
        self.first, self.last = math.log(min(sizes)), math.log(max(sizes))
        self.left, self.right = x + LEFT, x + WIDTH - RIGHT
        self.top, self.bottom = y + TOP, y + HEIGHT - BOTTOM

    def x(self, size):
        share = (math.log(size) - self.first) / ((self.last - self.first) or 1)
        return self.left + share * (self.right - self.left)

    def y(self, power):
        share = (min(max(power, LOWEST), HIGHEST) - LOWEST) / (HIGHEST - LOWEST)
        return self.bottom - share * (self.bottom - self.top)

    def draw(self, name, points):
        yield f'<text x="{self.left}" y="{self.top - 7}" class="name">{name}</text>'
        for power in range(LOWEST, HIGHEST + 1):
            y = self.y(power)
            yield f'<line x1="{self.left}" x2="{self.right}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>'
            if power % 2 == 1:
                label = f"{10 ** power:g}"
                yield f'<text x="{self.left - 3}" y="{y + 3:.1f}" class="unit" text-anchor="end">{label}</text>'
        for size, anchor in ((points[0][0], "start"), (points[-1][0], "end")):
            x, y = self.x(size), self.bottom + 10
            yield f'<text x="{x:.1f}" y="{y}" class="unit" text-anchor="{anchor}">{size_text(size)}</text>'
        path = " ".join(f"{self.x(s):.1f},{self.y(math.log10(max(v, 1e-9))):.1f}" for s, v in points)
        yield f'<polyline points="{path}" class="line"/>'


def draw(shapes):
    rows = -(-len(shapes) // COLUMNS)
    width, height = COLUMNS * WIDTH, rows * HEIGHT
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
    yield (
        "<style>svg{background:#fff;font-family:sans-serif}.name{font-size:10px;fill:#222}"
        ".unit{font-size:8px;fill:#777}.grid{stroke:#ddd;stroke-width:.5}"
        ".line{fill:none;stroke:#1566b0;stroke-width:1.6}</style>"
    )
    for i, (name, points) in enumerate(shapes.items()):
        chart = Chart([size for size, _ in points], i % COLUMNS * WIDTH, i // COLUMNS * HEIGHT)
        yield from chart.draw(name, points)
    yield "</svg>"


def main():
    shapes = read(sys.stdin)
    if not shapes:
        sys.exit("curve_svg.py: no line of bench_curve on standard input")
    print("\n".join(draw(shapes)))


if __name__ == "__main__":
    main()
