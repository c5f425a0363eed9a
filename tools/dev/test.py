#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Runs every tier over one build and ends with one line: N passed, N failed, N skipped.

    test.py PRESET [--tier TIER]... [FILTER]

Tiers: unit (gtest, simulations too), corpus (fuzz inputs replayed), functional, interop, packaging, install. FILTER keeps
the tests whose name contains it. A skip prints its reason.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
TIERS = ["unit", "corpus", "functional", "interop", "packaging", "install"]


class Tally:
    def __init__(self) -> None:
        self.passed = self.failed = self.skipped = 0
        self.failures: list[str] = []

    def fail(self, name: str) -> None:
        self.failed += 1
        self.failures.append(name)

    def skip(self, name: str, reason: str) -> None:
        self.skipped += 1
        print(f"SKIPPED {name}: {reason}", flush=True)


def heading(text: str) -> None:
    print(f"== {text}", flush=True)


def run_unit(build: pathlib.Path, needle: str, tally: Tally) -> None:
    for binary in sorted(build.glob("sotto_*_test")):
        listed = subprocess.run([binary, "--gtest_list_tests"], capture_output=True, text=True, check=True).stdout
        names, suite = [], ""
        for line in listed.splitlines():
            if not line.startswith(" "):
                suite = line.split("#")[0].strip()
            else:
                names.append(suite + line.split("#")[0].strip())
        chosen = [n for n in names if needle.lower() in f"{binary.name}.{n}".lower()]
        if not chosen:
            continue
        started = time.monotonic()
        with tempfile.NamedTemporaryFile(suffix=".json") as report:
            only = [] if len(chosen) == len(names) else ["--gtest_filter=" + ":".join(chosen)]
            done = subprocess.run([binary, "--gtest_brief=1", f"--gtest_output=json:{report.name}", *only], check=False)
            count_gtest(binary.name, done.returncode, report.name, tally)
        print(f"{binary.name}: {len(chosen)} tests, {time.monotonic() - started:.1f} s", flush=True)


def count_gtest(binary: str, code: int, report: str, tally: Tally) -> None:
    try:
        suites = json.loads(pathlib.Path(report).read_text())["testsuites"]
    except (json.JSONDecodeError, KeyError):
        tally.fail(f"{binary} (ended with {code} before its report)")
        return
    failed = 0
    for suite in suites:
        for case in suite["testsuite"]:
            name = f"{suite['name']}.{case['name']}"
            if case.get("failures"):
                failed += 1
                tally.fail(f"{binary} {name}")
            elif case["result"] == "SKIPPED":
                tally.skip(name, case.get("skipped", [{}])[0].get("message", "no reason given"))
            else:
                tally.passed += 1
    if code != 0 and failed == 0:
        tally.fail(f"{binary} (ended with {code})")


def run_corpus(build: pathlib.Path, needle: str, tally: Tally) -> None:
    for binary in sorted(build.glob("sotto_*_fuzz")):
        targets = subprocess.run([binary], capture_output=True, text=True, check=False).stdout.split()
        if not targets:
            tally.fail(f"{binary.name} (lists no target)")
        for target in targets:
            if needle.lower() not in f"corpus {target}".lower():
                continue
            corpus = ROOT / "fuzz" / "corpus" / target
            if not corpus.is_dir():
                tally.fail(f"corpus {target} (fuzz/corpus/{target} is missing)")
                continue
            env = {**os.environ, "SOTTO_FUZZ_TARGET": target}
            # A libFuzzer build replays with -runs=0; elsewhere the binary has a replay main of its own.
            replay = [binary, "-runs=0", corpus] if is_libfuzzer(binary) else [binary, corpus]
            done = subprocess.run(replay, env=env, capture_output=True, text=True, check=False)
            if done.returncode == 0:
                tally.passed += 1
            else:
                print(done.stdout + done.stderr, flush=True)
                tally.fail(f"corpus {target}")


def is_libfuzzer(binary: pathlib.Path) -> bool:
    return "fuzz" in binary.parent.name


def run_pytest(folder: str, build: pathlib.Path, needle: str, tally: Tally) -> None:
    with tempfile.NamedTemporaryFile(suffix=".xml") as report:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", f"--junitxml={report.name}", f"tests/{folder}"]
        if needle:
            command += ["-k", needle]
        env = {**os.environ, "SOTTO_BIN": str(build / "sotto"), "SOTTO_BUILD": str(build)}
        done = subprocess.run(command, cwd=ROOT, env=env, check=False)
        if done.returncode == 5:  # nothing matches the filter
            return
        try:
            cases = list(ElementTree.parse(report.name).iter("testcase"))
        except ElementTree.ParseError:
            tally.fail(f"{folder} (pytest ended with {done.returncode})")
            return
    failed = 0
    for case in cases:
        name = f"{case.get('classname')}.{case.get('name')}"
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
            tally.fail(name)
        elif (skipped := case.find("skipped")) is not None:
            tally.skip(name, skipped.get("message", "no reason given"))
        else:
            tally.passed += 1
    if done.returncode != 0 and failed == 0:
        tally.fail(f"{folder} (pytest ended with {done.returncode})")


def run_install(build: pathlib.Path, needle: str, tally: Tally) -> None:
    script = ROOT / "tests" / "install" / "run.sh"
    if needle.lower() not in "install":
        return
    done = subprocess.run(["bash", script, build], check=False)
    if done.returncode == 0:
        tally.passed += 1
    else:
        tally.fail("install")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("preset")
    parser.add_argument("--tier", action="append", choices=TIERS)
    parser.add_argument("filter", nargs="?", default="")
    arguments = parser.parse_args()
    build = ROOT / "build" / arguments.preset
    tally = Tally()
    for tier in arguments.tier or TIERS:
        heading(tier)
        if tier == "unit":
            run_unit(build, arguments.filter, tally)
        elif tier == "corpus":
            run_corpus(build, arguments.filter, tally)
        elif tier == "install":
            run_install(build, arguments.filter, tally)
        else:
            run_pytest(tier, build, arguments.filter, tally)
    for name in tally.failures:
        print(f"FAILED {name}")
    print(f"{tally.passed} passed, {tally.failed} failed, {tally.skipped} skipped")
    return 1 if tally.failed or tally.passed == 0 else 0


sys.exit(main())
