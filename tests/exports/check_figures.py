#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What SQLite, protoc and json.load() read of a run's exports tells the same as its views do.

check_figures.py FOLDER, in which tools/check-exports has put the exports.
"""
import collections
import csv
import json
import re
import subprocess
import sys

folder = sys.argv[1]


def check(condition, message):
    if not condition:
        sys.exit(f"check_figures: {message}")


def path(ending):
    return f"{folder}/service.{ending}"


def text(ending):
    with open(path(ending), encoding="utf-8") as file:
        return file.read()


def duration(ns):
    """As people read it: four digits and a unit."""
    if ns < 1000:
        return f"{ns} ns"
    value = ns / 1000
    for unit in "us", "ms", "s":
        if value < 999.95 or unit == "s":
            break
        value /= 1000
    digits = 3 if value < 9.9995 else 2 if value < 99.995 else 1 if value < 999.95 else 0
    return f"{value:.{digits}f} {unit}"


def sqlite(*commands):
    made = subprocess.run(["sqlite3", "-bail", ":memory:", f".import --csv {path('csv')} timeline",
                           """CREATE TABLE spans AS SELECT kind, name, status,
                              CAST(task_id AS INTEGER) AS task_id,
                              CAST(start_ns AS INTEGER) AS start_ns,
                              CAST(end_ns AS INTEGER) AS end_ns FROM timeline""",
                           *commands], check=True, stdout=subprocess.PIPE, text=True)
    return [line.split("|") for line in made.stdout.splitlines()]


def check_summary():
    """SQL over the timeline gives the rows of summary."""
    printed = {}
    for line in text("summary").splitlines()[1:]:
        if re.match(r"(loop|tasks|jobs) |tasks:", line):
            break
        cells = re.findall(r"\S+(?: (?:ns|us|ms|s)\b)?", line)
        printed[cells[-1]] = cells
    rows = sqlite(".read tests/exports/figures.sql")
    check(len(rows) == len(printed) > 10, f"{len(rows)} coroutines, and summary has {len(printed)}")
    for name, calls, failed, cancelled, *times in rows:
        wall, running, ready, awaiting = (int(float(time)) for time in times)
        check(wall == running + ready + awaiting, f"{name}: its states are not its wall time")
        expected = [calls, failed, cancelled, "0", *map(duration, (wall, running, ready, awaiting))]
        check(printed[name][:8] == expected, f"{name}: {expected}, and summary has {printed[name]}")
    return len(rows)


def check_states():
    """Of each task the states add up to its wall time; of all, to what flame has."""
    wrong = sqlite("""SELECT t.task_id FROM spans t WHERE t.kind = 'task' AND
                      t.end_ns - t.start_ns <> (SELECT SUM(i.end_ns - i.start_ns) FROM spans i
                      WHERE i.task_id = t.task_id AND i.kind IN ('step', 'ready', 'await'))""")
    check(not wrong, f"the states of tasks {wrong} are not their wall time")
    [sums] = sqlite("""SELECT SUM((kind = 'task') * (end_ns - start_ns)),
                       SUM((kind = 'step') * (end_ns - start_ns)),
                       SUM((kind = 'ready') * (end_ns - start_ns)),
                       SUM((kind = 'await') * (end_ns - start_ns))
                       FROM spans WHERE task_id > 0""")
    wall, running, ready, awaiting = map(int, sums)
    stacks = collections.Counter()
    for line in text("folded").splitlines():
        stack, weight = line.rsplit(" ", 1)
        top = stack.split(";")[-1]
        stacks["ready" if top == "[ready]" else "awaiting" if top[0] == "[" else "running"] += int(weight)
    check(stacks == {"running": running, "ready": ready, "awaiting": awaiting},
          f"the stacks have {dict(stacks)}, the timeline {sums}")
    profiles = {profile["name"]: profile for profile in json.loads(text("speedscope.json"))["profiles"]}
    for name, ns in ("wall", wall), ("running", running), ("ready", ready), ("awaiting", awaiting):
        check(sum(profiles[name]["weights"]) == profiles[name]["endValue"] == ns,
              f"speedscope's profile of {name} is not {ns} ns")
    return wall


def kinds():
    with open(path("csv"), encoding="utf-8", newline="") as file:
        return collections.Counter(row["kind"] for row in csv.DictReader(file))


def check_perfetto():
    """Slices of each kind, which lie within each other on every track; flows have both ends."""
    with open(path("perfetto-trace"), "rb") as file:
        decoded = subprocess.run(["protoc", "--decode=Trace", "-Itests/exports", "perfetto.proto"],
                                 stdin=file, check=True, stdout=subprocess.PIPE, text=True).stdout
    check(not re.search(r"^\s*\d+[:{ ]", decoded, re.M), "Perfetto's file has fields that the .proto has not")
    slices, open_slices = collections.Counter(), collections.Counter()
    depths, begun, ended = {}, set(), set()
    for packet in decoded.split("\npacket {"):
        get = lambda name: re.findall(rf"\b{name}: \"?([^\"\n]*)", packet)
        if "track_descriptor" in packet:
            check(set(get("parent_uuid")) <= set(depths), "a track comes before that which it is below")
            depths[get("uuid")[0]] = 1 + max((depths[parent] for parent in get("parent_uuid")), default=0)
        if "track_event" not in packet:
            continue
        [kind], [track] = get("type"), get("track_uuid")
        check(track in depths, f"there is no track {track}")
        begun.update(re.findall(r"\bflow_ids: (\d+)", packet))
        ended.update(get("terminating_flow_ids"))
        if kind == "TYPE_SLICE_BEGIN":
            slices[get("categories")[0]] += 1
            open_slices[track] += 1
        elif kind == "TYPE_SLICE_END":
            open_slices[track] -= 1
            check(open_slices[track] >= 0, f"track {track} ends what has not begun")
    check(max(depths.values()) < 100, f"Perfetto drops tracks as deep as {max(depths.values())}")
    check(not +open_slices, f"slices have no end: {+open_slices}")
    check(ended <= begun and ended, f"flows end that have not begun: {ended - begun}")
    check(slices == kinds(), f"Perfetto's file has {dict(slices)}, the timeline {dict(kinds())}")
    return sum(slices.values()), len(depths), len(ended)


def check_chrome():
    events = json.loads(text("json"))
    events = events["traceEvents"] if isinstance(events, dict) else events
    slices = collections.Counter(event["cat"] for event in events if event["ph"] == "X")
    phases = collections.Counter(event["ph"] for event in events)
    for kind in "step", "callback", "job":
        check(slices[kind] == kinds()[kind], f"{slices[kind]} slices of kind {kind}")
    rest = sum(kinds()[kind] for kind in ("task", "coroutine", "ready", "await"))
    check(phases["b"] == phases["e"] == rest, f"{phases['b']} begin, {phases['e']} end, not {rest}")
    return len(events)


print(f"  sqlite3   {check_summary()} coroutines as in summary; {duration(check_states())} of tasks "
      "as in the stacks")
print("  protoc    %d slices on %d tracks, %d flows" % check_perfetto())
print(f"  json      {check_chrome()} events of Chrome's format")
