"""Counts the test cases of one run of tools/test and prints the failed ones and `N passed, M failed`.

Reads, in the folder given: PART.status for each part that ran; PART.bep.json (Bazel's build events, which name
the test.xml of every target); PART.junit.xml (pytest); fuzz.verdicts (a line `passed NAME` or `failed NAME` each).
Exit status 1 when anything failed, did not build, or ended without a result.
"""

import json
import pathlib
import re
import sys
import urllib.parse
import xml.etree.ElementTree


class Tally:
    """Passed, skipped and failed cases of a part."""

    def __init__(self):
        self.passed = 0
        self.skipped = 0
        self.failed = []

    def add_xml(self, path, where):
        """Counts the cases of a JUnit file (GoogleTest, Bazel or pytest); returns how many of them failed."""
        before = len(self.failed)
        # pytest writes a case again when its clean-up failed: a name counts once, and once failed stays failed.
        verdicts = {}
        for case in parse(path).iter("testcase"):
            name = ".".join(filter(None, (case.get("classname"), case.get("name"))))
            verdicts[name] = worst(verdicts.get(name), verdict_of(case))
        for name, verdict in verdicts.items():
            if verdict == "failed":
                self.failed.append(f"{where} {name}")
            elif verdict == "skipped":
                self.skipped += 1
            else:
                self.passed += 1
        return len(self.failed) - before


def parse(path):
    """GoogleTest writes the parameters of tests as they are: bytes that no XML may hold become `?`."""
    text = pathlib.Path(path).read_bytes().decode(errors="replace")
    text = re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|&#x?[0-9a-fA-F]+;", "?", text)
    return xml.etree.ElementTree.fromstring(text)


def verdict_of(case):
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    if case.find("skipped") is not None or case.get("status") == "notrun" or case.get("result") == "skipped":
        return "skipped"
    return "passed"


def worst(one, other):
    order = [None, "passed", "skipped", "failed"]
    return max(one, other, key=order.index)


def add_build_events(tally, path):
    """Adds the result of every test target, and one failure for every target that did not build."""
    events = [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
    for event in events:
        identity = event["id"]
        if "testResult" in identity and "testResult" in event:
            add_test_result(tally, identity["testResult"]["label"], event["testResult"])
        elif "targetCompleted" in identity and not event.get("completed", {}).get("success", False):
            tally.failed.append(f"{identity['targetCompleted']['label']} did not build")


def add_test_result(tally, label, result):
    failed = 0
    for output in result.get("testActionOutput", []):
        if output["name"] == "test.xml":
            failed += tally.add_xml(urllib.parse.unquote(urllib.parse.urlparse(output["uri"]).path), label)
    if result.get("status") not in ("PASSED", "FLAKY") and failed == 0:
        tally.failed.append(f"{label} {result.get('status')}")


def count_part(folder, part):
    tally = Tally()
    events = folder / f"{part}.bep.json"
    junit = folder / f"{part}.junit.xml"
    verdicts = folder / f"{part}.verdicts"
    if events.exists():
        add_build_events(tally, events)
    if junit.exists():
        tally.add_xml(junit, part)
    for line in verdicts.read_text().splitlines() if verdicts.exists() else []:
        verdict, name = line.split()
        if verdict == "passed":
            tally.passed += 1
        else:
            tally.failed.append(f"{part} {name}")
    status = int((folder / f"{part}.status").read_text())
    if status != 0 and not tally.failed:
        tally.failed.append(f"{part} ended with status {status}")
    if tally.passed + len(tally.failed) == 0:
        tally.failed.append(f"{part} ran no test")
    return tally


def main():
    folder = pathlib.Path(sys.argv[1])
    parts = {file.stem: count_part(folder, file.stem) for file in sorted(folder.glob("*.status"))}
    for tally in parts.values():
        for name in tally.failed:
            print(f"FAILED {name}")
    for part, tally in parts.items():
        skipped = f", {tally.skipped} skipped" if tally.skipped else ""
        print(f"{part}: {tally.passed} passed, {len(tally.failed)} failed{skipped}")
    passed = sum(tally.passed for tally in parts.values())
    failed = sum(len(tally.failed) for tally in parts.values())
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed or not parts else 0


if __name__ == "__main__":
    sys.exit(main())
