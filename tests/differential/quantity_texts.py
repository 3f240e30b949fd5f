# SPDX-License-Identifier: Apache-2.0
"""Texts that are quantities, or nearly."""
import re

SUFFIXES = ["", "", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]
WRONG = ["K", "i", "ki", "mi", "e", "E+", "e1.5", "e+-1", "nn", "Kim", "%", "\u00b5", "e4294967298", "e-4294967297", "e9223372036854775808", "e18446744073709551616"]
EXPONENT = re.compile(r"[eE]([+-]?[0-9]+)\Z")
LARGEST_EXPONENT = 1000  # Kubernetes' own code takes minutes, and gigabytes, to multiply larger ones out


def text(rng):
    while True:
        made = any_text(rng)
        exponent = EXPONENT.search(made)
        # It cuts them to 32 bits.
        if not exponent or abs((int(exponent.group(1)) + 2**31) % 2**32 - 2**31) <= LARGEST_EXPONENT:
            return made


def any_text(rng):
    digits = "".join(rng.choice("0000123456789") for _ in range(rng.choice([0, 1, 1, 2, 3, 4, 6, 9, 12, 15, 16, 18, 19, 20, 25, 40])))
    if rng.random() < 0.2:
        digits = str(rng.choice([1, 2, 5, 8, 10, 16, 100, 125, 1000, 1023, 1024, 1025, 2**31, 2**53, 2**63 - 1, 2**63, 2**64, 10**18, 10**19]) +
                     rng.choice([0, 0, 1, -1]))
    made = rng.choice(["", "", "", "", "-", "+"]) + digits
    if rng.random() < 0.4:
        made += "." + "".join(rng.choice("000123456789") for _ in range(rng.choice([0, 1, 2, 3, 6, 9, 10, 12, 20])))
    chance = rng.random()
    if chance < 0.75:
        made += rng.choice(SUFFIXES)
    elif chance < 0.93:
        made += rng.choice("eE") + rng.choice(["", "", "+", "-"]) + str(rng.choice([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 18, 19, 20, 30]))
    else:
        made += rng.choice(WRONG)
    if rng.random() < 0.03:
        at = rng.randrange(len(made) + 1)
        made = made[:at] + rng.choice(" .-+eEmKi0") + made[at:]
    return made
