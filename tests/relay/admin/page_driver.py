# SPDX-License-Identifier: Apache-2.0
"""Drives the relay's page in a headless Chromium, by WebDriver (W3C) with nothing but the standard library.

$RELAY is the page's address, $TOKEN an owner's token; an account "ann" is connected. Exit code 77: no Chromium here.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

PORT_LINE = "was started successfully on port "
WAIT_S = 60
CALL_S = 150  # a browser that starts on a machine with other things to do


class Browser:
    session = None

    def __init__(self, driver):
        self.process = subprocess.Popen([driver, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        port = None
        for line in self.process.stdout:
            if PORT_LINE in line:
                port = int(line.split(PORT_LINE)[1].strip().rstrip("."))
                break
        assert port, "chromedriver did not start"
        self.base = f"http://127.0.0.1:{port}"

    def open(self, chromium, profile):
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", f"--user-data-dir={profile}"]
        options = {"goog:chromeOptions": {"binary": chromium, "args": arguments}, "goog:loggingPrefs": {"browser": "ALL"}}
        self.session = self.call("POST", "/session", {"capabilities": {"alwaysMatch": options}})["sessionId"]

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=CALL_S) as answer:
            return json.loads(answer.read())["value"]

    def at(self, method, path, body=None):
        return self.call(method, f"/session/{self.session}{path}", body)

    def run(self, script, *arguments):
        return self.at("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def element(self, selector):
        found = self.at("POST", "/element", {"using": "css selector", "value": selector})
        return next(iter(found.values()))

    def click(self, selector):
        self.at("POST", f"/element/{self.element(selector)}/click", {})

    def write(self, selector, text):
        self.at("POST", f"/element/{self.element(selector)}/value", {"text": text})

    def until(self, script, what):
        """The condition is looked at again until it holds: the page answers in its own time."""
        deadline = time.monotonic() + WAIT_S
        while not self.run("return " + script):
            if time.monotonic() > deadline:
                trouble = self.run("return document.getElementById('trouble').textContent")
                raise AssertionError(f"{what}: not within {WAIT_S} s; the page says: {trouble!r}; {self.log()}")
            time.sleep(0.05)
        print("ok  ", what)

    def log(self):
        return [entry["message"] for entry in self.at("POST", "/se/log", {"type": "browser"})]

    def close(self):
        try:
            if self.session:
                self.at("DELETE", "")
        finally:
            self.process.terminate()
            self.process.wait()


def text_of(identifier):
    return f"document.getElementById('{identifier}').textContent"


def visit(browser, url, token):
    browser.at("POST", "/url", {"url": url + "/"})
    browser.until("document.title === 'godwit-relay'", "the page comes")
    browser.write("#token", "gwa_wrong")
    browser.click("#enter button")
    browser.until("!document.getElementById('trouble').hidden", "a wrong token is refused, in words")
    browser.run("document.getElementById('token').value = ''")
    browser.write("#token", token)
    browser.click("#enter button")
    browser.until(text_of("caller") + ".includes('root, owner')", "the right one opens the page")
    browser.until(text_of("numbers") + ".includes('Connected now1')", "live state: one is connected")
    browser.until("document.getElementById('counters').rows.length > 30", "counters")
    assert browser.run("return document.getElementById('token').value") == "", "the token stays in the field"

    browser.click("[data-tab=availability]")
    for period in ("day", "week", "month", "quarter"):
        browser.click(f"[data-period={period}]")
        browser.until(f"document.querySelector('[data-period={period}]').hasAttribute('aria-current') && " + text_of("ratio") + " !== ''", f"availability of a {period}")

    browser.click("[data-tab=notices]")
    browser.write("#title", "<b>Moving</b> on Sunday")
    browser.click("#say button")
    browser.until(text_of("notice-rows") + ".includes('<b>Moving</b> on Sunday')", "a notice is said, and shown as text")
    assert browser.run("return document.querySelectorAll('#notice-rows b').length") == 0, "a title became markup"

    browser.click("[data-tab=accounts]")
    browser.until(text_of("account-rows") + ".includes('ann')", "accounts")
    browser.click("#account-rows button")
    browser.at("POST", "/alert/text", {"text": "spam"})
    browser.at("POST", "/alert/accept", {})
    browser.until(text_of("account-rows") + ".includes('disabled: spam')", "an account is disabled")

    browser.run("ask('POST', '/v1/reports', {subject: 'ann', reason: 'spam', text: '<i>three</i> times today'})")
    browser.click("[data-tab=state]")
    browser.until(text_of("numbers") + ".includes('Open reports1')", "a report waits")
    browser.click("[data-tab=reports]")
    browser.until(text_of("report-rows") + ".includes('<i>three</i> times today')", "reports, as text")
    browser.click("#report-rows button")
    browser.until("!document.getElementById('report').hidden", "one of them in full")
    browser.click("#report-rows button:last-child")
    browser.at("POST", "/alert/text", {"text": "warned"})
    browser.at("POST", "/alert/accept", {})
    browser.until("document.getElementById('report-rows').rows.length === 0", "closed, it waits no more")

    browser.click("[data-tab=apps]")
    browser.write("#app-name", "acme")
    browser.click("#add-app button")
    browser.until(text_of("app-rows") + ".includes('acme') && document.querySelector('#app-rows code').textContent.length === 24", "an application and its key")
    browser.run("ask('PUT', '/v1/directory/members/zoe?app=acme', {full_name: 'Zoë Roe'})")
    browser.click("[data-tab=directory]")
    browser.until("document.getElementById('directory-app').options.length === 2", "the directory of each application")
    browser.run("const s = document.getElementById('directory-app'); s.value = 'acme'; s.dispatchEvent(new Event('change'))")
    browser.until(text_of("member-rows") + ".includes('Zoë Roe')", "who is in it")

    browser.click("[data-tab=audit]")
    browser.until(text_of("audit-rows") + ".includes('accounts.disable')", "the audit log has it")
    assert "notices.write" in browser.run("return " + text_of("audit-rows"))

    refused = browser.run(
        "const s = document.createElement('script'); s.textContent = 'window.broken = 1'; document.body.append(s); return window.broken === undefined"
    )
    assert refused, "an inline script ran in spite of the policy"
    print("ok   an inline script does not run")
    wrong = [line for line in browser.log() if "401" not in line and "Content Security Policy" not in line and "favicon" not in line]
    assert not wrong, f"the browser complains: {wrong}"


def main():
    driver = shutil.which("chromedriver")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not driver or not chromium:
        print("there is no Chromium with its driver here (chromium, chromium-driver)")
        return 77
    with tempfile.TemporaryDirectory(prefix="page-", ignore_cleanup_errors=True) as profile:
        browser = Browser(driver)
        try:
            browser.open(chromium, profile)
            visit(browser, os.environ["RELAY"], os.environ["TOKEN"])
        finally:
            browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
