#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes docs/demo.svg, the moving picture of the README, of a recording of "make demo".

    asciinema rec -c 'sudo make demo' docs/demo.cast
    test/e2e/demo_svg.py docs/demo.cast >docs/demo.svg

The picture is one column of all lines, which moves up as a terminal scrolls, and a cover over the lines
that were not printed yet. At rest, without animation, it is the last screen; the animation begins with the
same screen, so a reader who does not wait sees a whole one too. Pauses are cut to PAUSE seconds.
"""
import html
import json
import sys

PAUSE, POSTER, END = 2.0, 3.0, 4.0  # seconds: longest pause; first and last screen
WIDTH, ROW, PAD = 8.43, 18, 16  # pixels: of a character; of a line; around the screen
COLOURS = {"==>": "#8fd3ff", "$ s": "#ffffff", "All": "#9be29b"}


def read(path):
    """Returns columns, rows, and the lines as (time, text) pairs."""
    with open(path, encoding="utf-8") as cast:
        head = json.loads(cast.readline())
        events = [json.loads(line) for line in cast if line.strip()]
    lines, text = [], ""
    for time, kind, data in events:
        if kind != "o":
            continue
        if "\x1b" in data:
            sys.exit(f"demo_svg.py: {path} has an escape sequence at {time} s, which this program cannot show")
        text += data
        *whole, text = text.split("\n")
        for line in whole:
            line = line.rstrip("\r")
            while True:  # a terminal continues a long line below
                lines.append((time, line[: head["width"]]))
                line = line[head["width"] :]
                if not line:
                    break
    if text.strip():
        lines.append((events[-1][0], text))
    return head["width"], head["height"], lines


def steps(lines, rows):
    """Returns (seconds, lines shown, lines scrolled away) for each moment at which the picture changes."""
    result = [(0.0, len(lines), max(0, len(lines) - rows))]
    now, before = POSTER, lines[0][0]
    for i, (time, _) in enumerate(lines):
        now += min(time - before, PAUSE)
        before = time
        if i + 1 < len(lines) and lines[i + 1][0] - time < 0.05:
            continue  # printed together with the next line
        result.append((now, i + 1, max(0, i + 1 - rows)))
    return result, now + END


def main():
    columns, rows, lines = read(sys.argv[1])
    moments, total = steps(lines, rows)
    width, height = round(columns * WIDTH + 2 * PAD), rows * ROW + 2 * PAD
    scrolled = moments[0][2] * ROW

    def keyframes(name, move):
        print(f"@keyframes {name} {{")
        for seconds, shown, away in moments:
            print(f"{seconds / total * 100:.3f}%{{transform:translateY({move(shown, away)}px)}}")
        print("}")

    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img">')
    print("<!-- SPDX-License-Identifier: GPL-2.0-or-later. Made by test/e2e/demo_svg.py of docs/demo.cast. -->")
    print("<title>make demo: a blank is inserted, burned, verified, swapped and ejected</title>")
    print("<style>")
    print("text{font:14px 'DejaVu Sans Mono',Menlo,Consolas,monospace;white-space:pre;fill:#d8d8d8}")
    keyframes("scroll", lambda shown, away: -away * ROW)
    keyframes("cover", lambda shown, away: shown * ROW)
    print(f"#column,#cover{{animation:{total:.2f}s steps(1,end) infinite}}")
    print("#column{animation-name:scroll}#cover{animation-name:cover}")
    print("@media (prefers-reduced-motion:reduce){#column,#cover{animation:none}}")
    print("</style>")
    print(f'<rect width="{width}" height="{height}" rx="6" fill="#1c1c1c"/>')
    print(f'<svg x="{PAD}" y="{PAD}" width="{width - 2 * PAD}" height="{rows * ROW}">')
    print(f'<g id="column" transform="translate(0,{-scrolled})">')
    for i, (_, line) in enumerate(lines):
        if line.strip():
            colour = next((c for start, c in COLOURS.items() if line.startswith(start)), None)
            fill = f' style="fill:{colour}"' if colour else ""
            print(f'<text x="0" y="{i * ROW + 14}" xml:space="preserve"{fill}>{html.escape(line, quote=False)}</text>')
    print(f'<rect id="cover" width="{width}" height="{(len(lines) + rows) * ROW}" fill="#1c1c1c" '
          f'transform="translate(0,{len(lines) * ROW})"/>')
    print("</g></svg></svg>")


main()
