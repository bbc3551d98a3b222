#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What SQLite, protoc and json.load() read of a run's exports tells the same as its views do.

check_figures.py FOLDER RUN: of that run, in the folder in which tools/check-exports has put the exports.
"""
import collections
import csv
import json
import re
import subprocess
import sys

folder, run = sys.argv[1:]


def check(condition, message):
    if not condition:
        sys.exit(f"check_figures: {run}: {message}")


def path(ending):
    return f"{folder}/{run}.{ending}"


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
                              CAST(IIF(status LIKE '%open', (SELECT end_ns FROM timeline
                              WHERE kind = 'trace'), end_ns) AS INTEGER) AS end_ns FROM timeline""",
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
    figures = sqlite(".read tests/exports/figures.sql")
    check(len(figures) == len(printed) > 1, f"{len(figures)} coroutines, and summary has {len(printed)}")
    for name, *counts in figures:
        times = [int(float(time)) for time in counts[4:]]
        check(times[0] == sum(times[1:]), f"{name}: its states are not its wall time")
        expected = [*counts[:4], *map(duration, times)]
        check(printed[name][:8] == expected, f"{name}: {expected}, and summary has {printed[name]}")
    return f"{len(figures)} coroutines, {sum(int(row[4]) for row in figures)} of their calls open"


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


def rows():
    """Kind, begin and end of what has lasted."""
    with open(path("csv"), encoding="utf-8", newline="") as file:
        made = list(csv.DictReader(file))
    end = made[-1]["end_ns"]
    return collections.Counter((row["kind"], int(row["start_ns"]), int(row["end_ns"] or end))
                               for row in made if row["kind"] not in ("lost", "trace"))


def kinds():
    counts = collections.Counter()
    for (kind, _, _), count in rows().items():
        counts[kind] += count
    return counts


def check_perfetto():
    """Slices as a viewer makes them are the rows; flows have both ends, tracks no depth."""
    with open(path("perfetto-trace"), "rb") as file:
        decoded = subprocess.run(["protoc", "--decode=Trace", "-Itests/exports", "perfetto.proto"],
                                 stdin=file, check=True, stdout=subprocess.PIPE, text=True).stdout
    check(not re.search(r"^\s*\d+[:{ ]", decoded, re.M), "Perfetto's file has fields that the .proto has not")
    events, slices = collections.defaultdict(list), collections.Counter()
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
        events[track].append((int(get("timestamp")[0]), kind, *get("categories")))
    for track, happened in events.items():
        opened = []
        for time, kind, *category in sorted(happened, key=lambda event: event[0]):
            if kind == "TYPE_SLICE_BEGIN":
                opened.append((category[0], time))
            elif kind == "TYPE_SLICE_END":
                check(opened, f"track {track} ends what has not begun")
                slices[(*opened.pop(), time)] += 1
        check(not opened, f"slices have no end: {opened}")
    check(max(depths.values()) < 100, f"Perfetto drops tracks as deep as {max(depths.values())}")
    check(ended <= begun and ended, f"flows end that have not begun: {ended - begun}")
    check(slices == rows(), f"only Perfetto's file has {slices - rows()}, only the timeline {rows() - slices}")
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


print(f"  sqlite3   {check_summary()} as in summary; {duration(check_states())} of tasks "
      "as in the stacks")
print("  protoc    %d slices on %d tracks, %d flows" % check_perfetto())
print(f"  json      {check_chrome()} events of Chrome's format")
