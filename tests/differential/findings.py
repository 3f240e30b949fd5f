# SPDX-License-Identifier: Apache-2.0
"""Findings of validation as lines that can be compared."""
import re


def chance(plain):
    """What is random in the findings of an object, and what stands for it: uids, what generated names end in, and the
    order of the volumes of several claims."""
    found = [(re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "UID")]
    metadata = plain["metadata"]
    if "name" not in metadata and "generateName" in metadata:
        base = re.escape(metadata["generateName"][:58].encode("unicode_escape").decode())
        found.append((re.compile(f"(?<={base})[bcdfghjklmnpqrstvwxz2456789]{{5}}"), "SUFFIX"))
    if len(plain.get("spec", {}).get("volumeClaimTemplates") or []) > 1:
        found.append((re.compile(r"(?<=spec\.template\.spec\.volumes)\[\d+\]"), "[]"))
    return found


def line(finding, by_chance):
    """Its kind, path and words; control characters are blanks in all findings of this library."""
    text = f"{finding['type']}: {finding['field']}: {finding['detail']}"
    for random_text, word in by_chance:
        text = random_text.sub(word, text)
    return re.sub(r"[\x00-\x1f\x7f]", " ", text)


def place(finding):
    """Where it is, up to the first map."""
    path = finding.split(": ", 2)[1]
    return re.split(r"\[(?!\d+\])|(?<=resources)\.|(?<=limits)\[|\.(?=labels$|annotations|nodeSelector|matchLabels)", path)[0]
