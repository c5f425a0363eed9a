#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Our own lints. Each message names the rule of docs/developer-notes.md that it stands for.

    tools/lint/lint.py            all but headers
    tools/lint/lint.py headers [I/N]   compiles every header (or slice I of N) alone, and times it
"""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SRC = ROOT / "src"

# Rule "layers": what a module may include besides itself.
LEVEL_0_1 = {"base", "codec", "crypto", "net"}
ALLOWED = {
    "base": set(),
    "codec": {"base"},
    "crypto": {"base", "codec"},
    "net": {"base", "codec", "crypto"},
    "store": {"base"},
    **{module: LEVEL_0_1 for module in ("sim", "transport", "libp2p", "devp2p", "discovery", "nat", "whisper", "mail", "chat")},
    "node": LEVEL_0_1 | {"store", "libp2p", "devp2p", "whisper", "transport"},
    "rpc": LEVEL_0_1 | {"node", "whisper"},
    "messenger": LEVEL_0_1 | {"chat", "whisper", "node", "rpc"},
}
# codec and crypto are pure: of base they see only these.
PURE = {"codec", "crypto"}
PURE_BASE = {"base/bytes.hpp", "base/result.hpp", "base/assert.hpp"}

BANNED = [
    (r"steady_clock::now|system_clock::now|\btime\s*\(\s*(NULL|nullptr|0)\s*\)", {"base/loop.cpp", "base/log.cpp"},
     "clocks", "time comes from Env"),
    (r"\b(std::rand|rand\(\)|random_device|mt19937)", set(), "randomness", "randomness comes from Env"),
    (r"\bdetached\b", set(), "owners", "every task has an owner: spawn it in a TaskGroup"),
    (r"\bco_spawn\b", {"base/task_group.cpp", "base/loop.cpp", "sim/world.cpp"}, "owners", "spawn in a TaskGroup"),
    (r"std::deque\b", set(), "idle memory", "an empty std::deque holds 720 bytes"),
    (r"shared_from_this", set(), "owners", "operations hold shared state, never this"),
    (r"awaitable_operators|\|\|\s*timer", set(), "deadlines", "arm a timer that resets the resource"),
    (r"\bsystem\s*\(|\bpopen\s*\(", set(), "no shell", "never start a shell"),
    (r"this_thread::sleep|\busleep\(|\bnanosleep\(|::sleep\(", set(), "no real sleeps", "sleep_for(clock, …)"),
    (r"reset_cancellation_state", set(), "cancellation", "it outlives the frame; with_group does it right"),
    (r"\bassert\s*\(", set(), "assertions", "SOTTO_ASSERT stays on in release"),
    (r"<boost/asio\.hpp>", set(), "light headers", "include the parts that are used"),
]
MAX_FILE_LINES = 600
MAX_FUNCTION_LINES = 80
HEADER_SECONDS = 3.0  # of CPU; the common ones take about 1
HEAVY_IN_HEADERS = re.compile(
    r'#include <(boost/(?!asio/any_io_executor\.hpp|asio/awaitable\.hpp|asio/this_coro\.hpp|json/fwd\.hpp)|openssl/|secp256k1|sodium|sqlite3|toml|spdlog|CLI/)')

problems: list[str] = []


def say(path: pathlib.Path, line: int, rule: str, text: str) -> None:
    problems.append(f"{path.relative_to(ROOT)}:{line}: {text} [developer-notes: {rule}]")


def sources() -> list[pathlib.Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.cpp", "*.hpp", "*.py", "*.sh", "*.go", "*.mjs", "*.ts", "dev"],
        cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    return [ROOT / name for name in listed if (ROOT / name).exists() and not name.startswith("tests/vectors/")]


def is_test(path: pathlib.Path) -> bool:
    return bool(re.search(r"(_test|_fuzz|_bench)\.cpp$|(_suite|_testing)\.hpp$", path.name))


def check_layers(path: pathlib.Path, lines: list[str]) -> None:
    module = path.relative_to(SRC).parts[0]
    for number, line in enumerate(lines, 1):
        match = re.match(r'#include "(([a-z0-9_]+)/[^"]+)"', line)
        if not match:
            continue
        target = match.group(2)
        if target == module or (target == "sim" and is_test(path)):
            continue
        if target not in ALLOWED.get(module, set()):
            say(path, number, "layers", f"{module} must not include {match.group(1)}")
        elif module in PURE and target == "base" and match.group(1) not in PURE_BASE and not is_test(path):
            say(path, number, "layers", f"{module} is pure: of base it may use only {', '.join(sorted(PURE_BASE))}")


def check_sizes(path: pathlib.Path, lines: list[str]) -> None:
    if len(lines) > MAX_FILE_LINES:
        say(path, len(lines), "small files", f"{len(lines)} lines, {MAX_FILE_LINES} are allowed")
    start = None
    for number, line in enumerate(lines, 1):
        # A definition at namespace or class level, as clang-format lays it out; bodies of namespaces do not count.
        if re.match(r"^(    )?[\w:<>~&*,\[\]= ]+\(.*\{$|^(    )?\S.*\) (const |noexcept |override )*\{$", line) and not re.match(
                r"^\s*(namespace|class|struct|enum|extern|if|for|while|switch|return)\b", line):
            start = (number, len(line) - len(line.lstrip()))
        elif start and line == " " * start[1] + "}":
            if number - start[0] > MAX_FUNCTION_LINES:
                say(path, start[0], "small functions", f"a function of {number - start[0]} lines, {MAX_FUNCTION_LINES} are allowed")
            start = None


def check_banned(path: pathlib.Path, lines: list[str]) -> None:
    name = str(path.relative_to(SRC)) if path.is_relative_to(SRC) else str(path.relative_to(ROOT))
    for number, line in enumerate(lines, 1):
        code = re.sub(r'"(\\.|[^"\\])*"', '""', line.split("//")[0])
        for pattern, exempt, rule, text in BANNED:
            if name not in exempt and re.search(pattern, code):
                say(path, number, rule, f"{text}: {code.strip()[:80]}")


def check_header_weight(path: pathlib.Path, lines: list[str]) -> None:
    for number, line in enumerate(lines, 1):
        if HEAVY_IN_HEADERS.match(line):
            say(path, number, "light headers", f"a header must not include {line.strip()[9:]}")


def check_spdx(path: pathlib.Path, lines: list[str]) -> None:
    if not any("SPDX-License-Identifier: Apache-2.0 OR MIT" in line for line in lines[:3]):
        say(path, 1, "licence", "no SPDX line")


def compile_header(header: pathlib.Path) -> tuple[pathlib.Path, float, str]:
    """Its CPU time, which a busy machine does not change much, and the compiler's words."""
    command = ["clang++-19", "-std=c++23", "-fsyntax-only", "-Wno-pragma-once-outside-header", "-I", str(SRC), "-x", "c++", str(header)]
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        return header, usage.ru_utime + usage.ru_stime, errors.read()


def check_headers(part: str) -> None:
    index, count = (int(number) for number in part.split("/"))
    headers = sorted(p for p in SRC.rglob("*.hpp") if not is_test(p))[index % count::count]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for header, seconds, errors in pool.map(compile_header, headers):
            if errors:
                say(header, 1, "light headers", f"does not compile alone: {errors.strip().splitlines()[0]}")
            elif seconds > HEADER_SECONDS:
                say(header, 1, "light headers", f"takes {seconds:.1f} s to compile alone, {HEADER_SECONDS} are allowed")


def main() -> int:
    if sys.argv[1:2] == ["headers"]:
        check_headers(sys.argv[2] if len(sys.argv) > 2 else "0/1")
    else:
        for path in sources():
            lines = path.read_text().splitlines()
            check_spdx(path, lines)
            if path.suffix not in (".cpp", ".hpp"):
                continue
            check_sizes(path, lines)
            if path.is_relative_to(SRC):
                check_layers(path, lines)
                check_banned(path, lines)
                if path.suffix == ".hpp" and not is_test(path):
                    check_header_weight(path, lines)
    print("\n".join(sorted(problems)) or "lint: clean")
    return 1 if problems else 0


sys.exit(main())
