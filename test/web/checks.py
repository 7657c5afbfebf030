# SPDX-License-Identifier: GPL-2.0-or-later
"""What WCAG 2.2 AA asks of the page, as far as a program can tell: names, roles, headings, contrast,
targets, focus, reflow. They are checks of our own; with AXE=FILE (axe.min.js of axe-core) that is
run as well."""

import os
import re

from selenium.webdriver.common.keys import Keys

# Text against what is behind it, 1.4.3; returns what is too faint.
CONTRAST = """
const out = [];
const parse = c => { const m = c.match(/[\\d.]+/g).map(Number); return m.length < 4 ? [...m, 1] : m; };
const over = (a, b) => a.slice(0, 3).map((v, i) => v * a[3] + b[i] * (1 - a[3]));
const light = c => { const [r, g, b] = c.map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
const behind = e => { if (!e) return [255, 255, 255];
    const c = parse(getComputedStyle(e).backgroundColor);
    return c[3] === 1 ? c.slice(0, 3) : over(c, behind(e.parentElement)); };
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
let n = 0;
while (walk.nextNode()) {
    const e = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !e.checkVisibility() || e.closest('.unseen, template, option')) continue;
    const style = getComputedStyle(e), size = parseFloat(style.fontSize);
    const large = size >= 24 || size >= 18.66 && style.fontWeight >= 700;
    const ground = behind(e), text = over(parse(style.color), ground);
    const [a, b] = [light(text), light(ground)].sort((x, y) => y - x);
    n++;
    if ((a + 0.05) / (b + 0.05) < (large ? 3 : 4.5))
        out.push(walk.currentNode.data.trim().slice(0, 40) + ' ' + ((a + 0.05) / (b + 0.05)).toFixed(2));
}
return n < 5 ? ['only ' + n + ' texts'] : out;
"""

# Sizes of what is pressed, 2.5.8; links within a sentence are exempt.
TARGETS = """
return [...document.querySelectorAll('button, input, select, nav a, a.button')]
    .filter(e => e.checkVisibility() && !e.closest('.unseen') && !e.classList.contains('unseen'))
    .map(e => [e.getBoundingClientRect(), e])
    .filter(([r]) => r.width < 24 || r.height < 24)
    .map(([r, e]) => (e.ariaLabel || e.textContent || e.id) + ' ' + r.width + ' x ' + r.height);
"""

STRUCTURE = """
const out = [], shown = s => [...document.querySelectorAll(s)].filter(e => e.checkVisibility());
const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) out.push('two of id ' + id);
for (const name of ['aria-labelledby', 'aria-describedby', 'for'])
    for (const e of document.querySelectorAll('[' + name + ']'))
        for (const id of e.getAttribute(name).split(' '))
            if (!document.getElementById(id)) out.push(name + ' of nothing: ' + id);
if (shown('main').length !== 1) out.push(shown('main').length + ' main');
if (shown('h1').length !== 1) out.push(shown('h1').length + ' h1');
let last = 1;
for (const h of shown('h1, h2, h3, h4')) {
    const level = Number(h.tagName[1]);
    if (!h.closest('dialog') && level > last + 1) out.push('heading skips to ' + h.textContent);
    if (!h.textContent.trim()) out.push('empty heading');
    if (!h.closest('dialog')) last = level;
}
for (const s of shown('main section')) if (!s.hasAttribute('aria-labelledby')) out.push('section ' + s.id);
for (const n of shown('nav')) if (!n.ariaLabel) out.push('nav without a name');
for (const e of document.querySelectorAll('[tabindex]'))
    if (e.tabIndex > 0) out.push('tabindex ' + e.tabIndex);
if (!document.documentElement.lang) out.push('no language');
if (/user-scalable=no|maximum-scale/.test(document.querySelector('meta[name=viewport]').content))
    out.push('no zoom');
return out;
"""

NEED_NAMES = {"button", "link", "textbox", "searchbox", "combobox", "progressbar", "dialog", "listbox",
              "navigation", "region", "checkbox", "heading"}


def names(browser):
    """Each control and region has a name in Chromium's own accessibility tree, 4.1.2."""
    out = []
    for node in browser.cdp("Accessibility.getFullAXTree")["nodes"]:
        role = node.get("role", {}).get("value")
        if node.get("ignored") or role not in NEED_NAMES:
            continue
        if not str(node.get("name", {}).get("value", "")).strip():
            out.append(role + " without a name")
    return out


def reflow(browser):
    """No scrolling to the side, 1.4.10."""
    width, inner = browser.run("return [document.documentElement.scrollWidth, innerWidth]")
    return [] if width <= inner else ["%d wide in %d" % (width, inner)]


def focus(browser, most=200):
    """The tabulator goes through all controls in the order of the page, and the focus shows."""
    out, before = [], []
    total = browser.run("""
        window.scrollTo(0, 0);
        document.querySelector('.skip').focus();
        return [...document.querySelectorAll('button, a[href], input, select')]
            .filter(e => e.checkVisibility() && e.tabIndex >= 0 && !e.disabled).length;""")
    for _ in range(most):
        browser.keys(Keys.TAB)
        now = browser.run("""
            const e = document.activeElement, all = [...document.querySelectorAll('*')];
            if (e === document.body) return null;
            const s = getComputedStyle(e), r = e.getBoundingClientRect(), bar = document.getElementById('bar');
            const low = bar.checkVisibility() && !bar.contains(e) ? bar.getBoundingClientRect().top : innerHeight;
            return {at: all.indexOf(e), name: e.ariaLabel || e.textContent || e.id,
                ring: s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2,
                hidden: r.top >= low || r.bottom <= 0};""")
        if not now or now["at"] in before:
            break
        if before and now["at"] < before[-1]:
            out.append("the focus goes back to " + now["name"])
        if not now["ring"]:
            out.append("no focus to see: " + now["name"])
        if now["hidden"]:
            out.append("the focus is covered: " + now["name"])
        before.append(now["at"])
    # The first one had the focus before the first key.
    if len(before) < total - 1:
        out.append("%d of %d controls" % (len(before), total))
    return out


AXE_DONE = []  # (state, what of axe's rules it passes, what not) for each time that axe was run


def run_axe(browser, state):
    result = browser.driver.execute_async_script("""
        axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})
            .then(arguments[0]);""")
    AXE_DONE.append((state, len(result["passes"]), [v["id"] for v in result["violations"]]))
    return ["axe %s: %s" % (v["id"], "; ".join(n["html"][:120] for n in v["nodes"]))
            for v in result["violations"]]


def axe(browser, state):
    """axe-core, if there is one: as the page is now, and as it is in both schemes, wide and narrow."""
    path = os.environ.get("AXE")
    if not path:
        return []
    with open(path, encoding="utf-8") as f:
        browser.run(f.read() + "; window.axe = axe;")
    was = browser.width, browser.height, browser.phone
    scheme, out = browser.colours, []
    if browser.forced or was[0] not in (320, 1280):
        return run_axe(browser, state)
    for width in (360, 1280):
        for one in ("dark", "light"):
            browser.size(width, was[1])
            browser.scheme(one)
            out += run_axe(browser, "%s, %d px, %s" % (state, width, one))
    browser.size(*was)
    browser.scheme(scheme)
    return out


def axe_table():
    """Lines, a state each: how many times axe was run in it, the fewest rules that it passed, what it found."""
    table = {}
    for state, passed, found in AXE_DONE:
        table.setdefault(re.sub(", (360|1280) px, (dark|light)$", "", state), []).append((passed, found))
    return ["axe: %s: %d runs, at least %d rules passed, violations: %s" % (
        state, len(runs), min(p for p, f in runs), ", ".join(sorted({v for p, f in runs for v in f})) or 0)
        for state, runs in table.items()]


def all_of(browser, state, few=False):
    """Everything but the walk of the focus. Fails with a list. few: there may be hardly any text."""
    out = [*browser.run(CONTRAST), *browser.run(TARGETS), *browser.run(STRUCTURE), *names(browser),
           *reflow(browser), *axe(browser, state)]
    if few:
        out = [o for o in out if not o.startswith("only ")]
    if out:
        raise AssertionError("%s: %s" % (state, "; ".join(out)))
