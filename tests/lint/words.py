# SPDX-License-Identifier: Apache-2.0
"""Functions and formats that the library does not use: what depends on the locale, reads a clock or the
environment, draws random numbers, logs, or keeps a state of its own."""

import re
import sys

import source

LOCALE = """strtod strtof strtold strtol strtoul strtoll strtoull atof atoi atol atoll sscanf scanf fscanf setlocale
    localeconv strcoll strxfrm toupper tolower isalpha isalnum isdigit isspace isupper islower isxdigit ispunct isprint
    strerror strerror_r""".split()
WORLD = """time clock clock_gettime gettimeofday nanosleep getenv secure_getenv rand srand random srandom getrandom
    strtok printf fprintf puts perror abort exit signal sigaction pthread_create fork system gethostbyname
    getaddrinfo""".split()
LIBRARY = """base wire pod offer call demand cluster match task status driver control io""".split()
NUMBERS = "src/wire/number.c"

# A conversion of a floating-point number, its length modifier included.
FLOAT = re.compile(r"%[-+ #0]*(?:\d+|\*)?(?:\.(?:\d+|\*))?L?[aAeEfFgG]")


def calls(text, words):
    """(line number, function) of each call to one of the functions."""
    for match in re.finditer(r"(?<![\w.>])(" + "|".join(words) + r")\s*\(", source.without_strings(text)):
        yield text.count("\n", 0, match.start()) + 1, match.group(1)


def main():
    problems = []
    for path in source.files("src", ".c", ".h"):
        where, text = source.name(path), path.read_text()
        library = path.relative_to(source.ROOT / "src").parts[0] in LIBRARY
        if where != NUMBERS:
            for line, literal in source.strings(text):
                if FLOAT.search(literal.replace("%%", "")):
                    problems.append(f"{where}:{line}: prints a floating-point number: {NUMBERS} does that")
        if not library:
            continue
        for line, word in calls(text, WORLD + (LOCALE if where != NUMBERS else [])):
            problems.append(f"{where}:{line}: calls {word}")
    return source.report(problems)


if __name__ == "__main__":
    sys.exit(main())
