#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Names that are not meant well come out of every export as they went in, made harmless.

check_strings.py FOLDER, in which tools/check-exports has put the exports.
"""
import codecs
import csv
import io
import json
import re
import subprocess
import sys
import xml.etree.ElementTree

folder = sys.argv[1]


def check(condition, message):
    if not condition:
        sys.exit(f"check_strings: {message}")


def text(ending):
    with open(f"{folder}/hostile.{ending}", encoding="utf-8", newline="") as file:
        return file.read()


names = set(text("texts").split("\n")) - {""}


def unescaped(name):
    """As it was, as far as Unicode has it: JSON has escapes of its own."""
    def character(escape):
        code = escape[1]
        if code[0] in "xu":
            point = int(code[1:], 16)
            return "\ufffd" if code[0] == "x" and point > 0x7f else chr(point)
        return {"n": "\n", "r": "\r", "t": "\t"}[code]
    return re.sub(r"\\(x..|u....|[nrt])", character, name)


def check_names(what, found, change=lambda name: name):
    found = set(found)
    missing = {name for name in names if name not in found and change(name) not in found}
    check(len(names) > 25 and not missing, f"{what} has no {sorted(missing)}")


def rows(ending):
    """All as wide as the head; written by Python they are the same once more."""
    made = list(csv.reader(io.StringIO(text(ending), newline=""), strict=True))
    check({len(row) for row in made} == {len(made[0])}, f"{ending}: not all rows have all columns")
    again = io.StringIO(newline="")
    csv.writer(again).writerows(made)
    check(list(csv.reader(io.StringIO(again.getvalue(), newline=""))) == made, f"{ending} does not come back")
    return made


def guarded(name):
    return "'" + name if name[0] in "=+-@" else name


def check_csv():
    raw, safe = rows("raw.csv"), rows("csv")
    name = raw[0].index("name")
    check_names("raw.csv", (row[name] for row in raw))
    check({guarded(name) for name in names} <= {row[name] for row in safe}, "csv: not all names are guarded")
    for ending in "csv", "tree.csv", "events.csv":
        for row in rows(ending):
            formulas = [cell for cell in row if re.match(r"[=+\-@\t\r]", cell) and not re.fullmatch(r"-\d+", cell)]
            check(not formulas, f"{ending}: a spreadsheet would run {formulas}")
    return len(raw) + len(safe)


def check_json():
    events = json.loads(text("json"))
    events = events["traceEvents"] if isinstance(events, dict) else events
    check_names("json", (event["name"] for event in events), unescaped)
    frames = json.loads(text("speedscope.json"))["shared"]["frames"]
    check_names("speedscope.json", (frame["name"] for frame in frames), unescaped)
    return len(events) + len(frames)


def check_svg():
    root = xml.etree.ElementTree.fromstring(text("svg"))
    titles = {title.text.split("\n")[0] for title in root.iter("{http://www.w3.org/2000/svg}title")}
    scripts = len(list(root.iter("{http://www.w3.org/2000/svg}script")))
    check(scripts == 1, f"svg: {scripts} scripts")
    missing = names - titles
    check(not missing, f"svg has no {sorted(missing)}")
    return len(titles)


def check_folded():
    """As flamegraph.pl reads it: a second number would make it a comparison of two profiles."""
    lines = text("folded").splitlines()
    for line in lines:
        stack = re.fullmatch(r"(.*)\s+?(\d+(?:\.\d*)?)", line)
        check(stack and not re.fullmatch(r"(.*)\s+?(\d+(?:\.\d*)?)", stack[1]), f"folded: {line}")
    frames = {frame for line in lines for frame in line.rsplit(" ", 1)[0].split(";")}
    expected = {re.sub(r" (\d+(\.\d*)?)$", r"_\1", name.replace(";", ":")) for name in names}
    missing = expected - frames
    check(not missing, f"folded has no {sorted(missing)}")
    return len(lines)


def check_perfetto():
    with open(f"{folder}/hostile.perfetto-trace", "rb") as file:
        decoded = subprocess.run(["protoc", "--decode=Trace", "-Itests/exports", "perfetto.proto"],
                                 stdin=file, check=True, stdout=subprocess.PIPE, text=True).stdout
    strings = re.findall(r'^ *name: "(.*)"$', decoded, re.M)
    check_names("perfetto-trace", (codecs.escape_decode(string)[0].decode() for string in strings))
    return len(strings)


print(f"  csv       {check_csv()} rows of hostile names, and none for a spreadsheet to run")
print(f"  json      {check_json()} events and frames of them")
print(f"  xml       {check_svg()} frames of them")
print(f"  folded    {check_folded()} stacks of them")
print(f"  protoc    {check_perfetto()} strings of them")
