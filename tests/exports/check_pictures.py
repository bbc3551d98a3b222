#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A browser draws the pictures, runs what is in them, and speedscope shows its profile.

check_pictures.py FOLDER SPEEDSCOPE: the exports that tools/check-exports has made, and the page of
speedscope. What was drawn is left in FOLDER as *.png.
"""
import base64
import json
import os
import re
import struct
import subprocess
import sys
import zlib

folder, speedscope = map(os.path.abspath, sys.argv[1:])
SECONDS = 60


def check(condition, message):
    if not condition:
        sys.exit(f"check_pictures: {message}")


def chromium(url, *options):
    browser = subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
         "--disable-extensions", "--no-first-run", "--force-device-scale-factor=1",
         f"--user-data-dir={folder}/chromium", "--virtual-time-budget=5000", *options, url],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=SECONDS)
    check(not browser.returncode, f"chromium: {browser.stderr.decode(errors='replace')[-2000:]}")
    return browser.stdout.decode()


def pixels(path):
    """The lines of a PNG as Chromium writes it: eight bits a channel, not interlaced."""
    with open(path, "rb") as file:
        data = file.read()
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", data[16:29])
    check((depth, interlaced) == (8, 0) and colour in (2, 6), f"{path}: another kind of PNG")
    size, at, packed = {2: 3, 6: 4}[colour], 8, b""
    while at < len(data):
        length, = struct.unpack(">I", data[at:at + 4])
        if data[at + 4:at + 8] == b"IDAT":
            packed += data[at + 8:at + 8 + length]
        at += length + 12
    raw, stride = zlib.decompress(packed), width * size
    above = bytes(stride)
    for y in range(height):
        kind, line = raw[y * (stride + 1)], bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for x in range(stride if kind else 0):
            left = line[x - size] if x >= size else 0
            corner = above[x - size] if x >= size else 0
            paeth = left + above[x] - corner
            nearest = min((left, above[x], corner), key=lambda value: abs(paeth - value))
            line[x] = line[x] + (0, left, above[x], (left + above[x]) // 2, nearest)[kind] & 0xff
        above = bytes(line)
        yield [above[x:x + 3] for x in range(0, stride, size)]


def draw(name, url, *options):
    """A screenshot that shows something: many colours, and not one of them nearly everywhere."""
    path, counts = f"{folder}/{name}.png", {}
    chromium(url, f"--screenshot={path}", "--window-size=1000,300", *options)
    for line in pixels(path):
        for pixel in line:
            counts[pixel] = counts.get(pixel, 0) + 1
    share = max(counts.values()) / sum(counts.values())
    check(len(counts) > 50 and share < 0.95, f"{path}: {len(counts)} colours, {share:.0%} of one")
    print(f"  {name + '.png':26} {len(counts)} colours, {share:.0%} of one")


def check_svg():
    url = f"file://{folder}/service.svg"
    draw("flame", url)
    draw("flame-dark", url, "--blink-settings=preferredColorScheme=0")
    draw("flame-hostile", f"file://{folder}/hostile.svg")
    dom = chromium(f"file://{folder}/hostile.svg", "--dump-dom")
    check("parsererror" not in dom and "rror on line" not in dom, "hostile.svg: the browser has found an error")


def check_script():
    """Somebody types into the search field, then clicks on a frame."""
    with open(f"{folder}/service.svg", encoding="utf-8") as file:
        picture = file.read()
    script = """<script>
        const input = document.querySelector("input");
        input.value = "fetch";
        input.dispatchEvent(new Event("input", { bubbles: true }));
        const frame = Array.from(document.querySelectorAll(".frame"))
            .find(frame => frame.getAttribute("aria-label").startsWith("lookup"));
        frame.dispatchEvent(new MouseEvent("click", { bubbles: true }));
        frame.setAttribute("id", "clicked");
        </script></svg>"""
    with open(f"{folder}/scripted.svg", "w", encoding="utf-8") as file:
        file.write(re.sub(r"</svg>\s*$", lambda end: script, picture))
    url = f"file://{folder}/scripted.svg"
    dom = chromium(url, "--dump-dom")
    clicked = re.search(r'<svg[^>]*id="clicked"[^>]*>', dom)
    root = re.search(r'<svg[^>]*class="frame[^>]*data-depth="0"[^>]*>', dom)
    check(clicked and root, "the picture's frames are not in the page")
    width = lambda frame: float(re.search(r'\bwidth="([0-9.]+)"', frame[0])[1])
    check(abs(width(clicked) - width(root)) < 1, f"the frame that was clicked is not as wide as all: {clicked[0]}")
    matches = re.search(r">(\d+) match(?:es)?, ([0-9.]+) %<", dom)
    check(matches and int(matches[1]) >= 1, "the search has found nothing")
    draw("flame-searched", url)
    print(f"  clicked on lookup, searched for fetch: {matches[0][1:-1]}")


def check_speedscope(name):
    """As its command does: the page loads a script that has the profile."""
    with open(f"{folder}/{name}.speedscope.json", "rb") as file:
        profile = file.read()
    path = f"{folder}/{name}.speedscope.js"
    with open(path, "w", encoding="utf-8") as file:
        file.write("speedscope.loadFileFromBase64(%s, %s)" %
                   (json.dumps(f"{name}.speedscope.json"), json.dumps(base64.b64encode(profile).decode())))
    url = f"file://{speedscope}#localProfilePath={path}"
    dom = chromium(url, "--dump-dom", "--enable-logging=stderr")
    profiles = json.loads(profile)["profiles"]
    title = profiles[0]["name"]
    check("Something went wrong" not in dom and "Unrecognized format" not in dom, "speedscope does not take it")
    check(re.search(rf"{re.escape(title)}", re.sub("<script.*?</script>", "", dom, flags=re.S)),
          f"speedscope does not show the profile {title}: {dom[-1500:]}")
    draw(f"speedscope-{name}", url)


check_svg()
check_script()
check_speedscope("service")
check_speedscope("hostile")
