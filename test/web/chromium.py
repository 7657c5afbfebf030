# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's Chromium, and what a user does in it."""

import json
import os

from selenium import webdriver
from selenium.common.exceptions import (ElementClickInterceptedException, ElementNotInteractableException,
                                        StaleElementReferenceException)
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.keys import Keys

from board import wait_for

# Counts the violations of the policy, from the page's first script on.
WATCH = """
window.violations = [];
document.addEventListener('securitypolicyviolation', e =>
    window.violations.push(e.violatedDirective + ' ' + e.blockedURI));
"""


class Browser:
    def __init__(self, language="en"):
        options = Options()
        options.binary_location = "/usr/bin/chromium"
        # Root has no sandbox. evil.test stands for a foreign name whose DNS record was changed to this address,
        # board.test for a name that the board has in its network.
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                         "--window-size=1280,1000", "--force-device-scale-factor=1", "--hide-scrollbars",
                         "--host-resolver-rules=MAP evil.test 127.0.0.1, MAP board.test 127.0.0.1"):
            options.add_argument(argument)
        options.add_experimental_option("prefs", {"intl.accept_languages": language})
        options.add_experimental_option("perfLoggingPrefs", {"enableNetwork": True, "enablePage": False})
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self.driver.set_page_load_timeout(60)
        self.cdp("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
        self.requests = []
        self.size(1280, 1000)
        self.scheme("light")

    def cdp(self, command, **arguments):
        return self.driver.execute_cdp_cmd(command, arguments)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def open(self, url):
        self.driver.get(url)

    def size(self, width, height, phone=False, zoom=1):
        """In pixels of CSS, as they are with that zoom."""
        self.width, self.height, self.phone = width, height, phone
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=zoom,
                 mobile=phone)
        self.cdp("Emulation.setTouchEmulationEnabled", enabled=phone)

    def scheme(self, name, forced=False):
        """forced: the colours are those of the system, as in the high contrast of Windows."""
        self.colours, self.forced = name, forced
        self.cdp("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": name},
            {"name": "forced-colors", "value": "active" if forced else "none"}])

    def find(self, selector):
        """The elements that are shown."""
        return self.run("""return [...document.querySelectorAll(arguments[0])]
            .filter(e => e.checkVisibility())""", selector)

    def texts(self, selector):
        """Their texts, as they are seen."""
        return self.run("""return [...document.querySelectorAll(arguments[0])]
            .filter(e => e.checkVisibility()).map(e => e.innerText)""", selector)

    def text(self, selector):
        return "\n".join(self.texts(selector))

    def wait_text(self, selector, text, seconds=None):
        try:
            wait_for("%s in %s" % (text, selector), lambda: text in self.text(selector),
                     *([seconds] if seconds else []))
        except AssertionError as e:
            raise AssertionError("%s; there is: %s" % (e, self.text(selector))) from None

    def button(self, name, within="body"):
        """The button, link or field of that name, as a screen reader says it."""
        def found():
            e = self.run("""return [...document.querySelectorAll(arguments[0] + ' :is(button, a, select, input)')]
                .find(e => e.checkVisibility() && arguments[1] ===
                    (e.ariaLabel || (e.labels?.[0] || e).textContent).trim())""", within, name)
            try:
                return e if e and e.accessible_name == name else None
            except StaleElementReferenceException:
                return None
        return wait_for("a control named " + name, found)

    def click(self, name, within="body"):
        def clicked():
            try:
                button = self.button(name, within)
                # As a user scrolls: chromedriver takes what the bar at the bottom covers for visible.
                self.run("arguments[0].scrollIntoView({block: 'center'})", button)
                button.click()
                return True
            except (ElementClickInterceptedException, ElementNotInteractableException,
                    StaleElementReferenceException):
                return False
        wait_for("a click on " + name, clicked)

    def drag(self, what, where):
        """Drags one element to another by mouse; both are to be in the window."""
        ActionChains(self.driver).drag_and_drop(what, where).perform()

    def drag_files(self, where, *paths, drop=True):
        """Drags files from outside over an element, and drops them there."""
        x, y = self.run("const r = arguments[0].getBoundingClientRect(); return [r.x + 5, r.y + 5]", where)
        data = {"items": [], "files": list(paths), "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", *(["drop"] if drop else [])):
            self.cdp("Input.dispatchDragEvent", type=kind, x=x, y=y, data=data)

    def focused(self):
        """The name of what has the focus, as a screen reader says it; None: it is not in the page any more."""
        try:
            return self.driver.switch_to.active_element.accessible_name
        except StaleElementReferenceException:
            return None

    def keys(self, *keys):
        """Keys go where the focus is, as those of a keyboard."""
        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()

    def tab_to(self, name, most=120):
        """Goes on by the tabulator until the focus is on a control of that name, if it is not there."""
        seen = []
        for _ in range(most):
            now = self.focused()
            if now == name:
                return
            seen.append(now)
            self.keys(Keys.TAB)
        raise AssertionError("the tabulator does not reach %s, but: %s" % (name, ", ".join(map(str, seen))))

    def traffic(self):
        """All requests until now: (method, URL, headers)."""
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                r = message["params"]["request"]
                self.requests.append((r["method"], r["url"], r["headers"]))
        return self.requests

    def memory(self):
        """Bytes of memory of all its processes, without files that they have mapped."""
        parents = {}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/stat" % pid) as f:
                    parents.setdefault(int(f.read().rsplit(")", 1)[1].split()[1]), []).append(int(pid))
            except OSError:
                pass  # it has ended
        todo, total = [self.driver.service.process.pid], 0
        while todo:
            pid = todo.pop()
            todo += parents.get(pid, [])
            try:
                with open("/proc/%d/smaps_rollup" % pid) as f:
                    total += sum(int(line.split()[1]) * 1024 for line in f if line.startswith(("Pss_Anon:", "Pss_Shmem:")))
            except OSError:
                pass
        return total

    def end(self):
        self.driver.quit()
