# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Libraries that stand between our binary and the C library (LD_PRELOAD), to make the system misbehave."""

import shutil
import subprocess
from pathlib import Path

import pytest

# libfaketime 0.9.10 would do, but it turns the moment of a timer that is due into one before the epoch: that never comes.
SKEWED_CLOCK = r"""
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long leap(void) {
    struct stat file;
    const int before = errno;
    const long seconds = stat(getenv("LEAP"), &file) == 0 ? (long)file.st_size : 0;
    errno = before;
    return seconds;
}
int clock_gettime(clockid_t clock, struct timespec* at) {
    const int result = (int)syscall(SYS_clock_gettime, clock, at);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) at->tv_sec += atol(getenv("SKEW"));
    if (result == 0 && clock == CLOCK_MONOTONIC) at->tv_sec += leap();
    return result;
}
int gettimeofday(struct timeval* at, void* zone) {
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return 0;
}
time_t time(time_t* at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}
"""


def compiled(source: str, folder: Path) -> Path:
    """A library of this C source; skips the test where there is no compiler."""
    compiler = next(filter(None, map(shutil.which, ("clang-19", "cc"))), None)
    if not compiler:
        pytest.skip("no C compiler")
    code, library = folder / "preload.c", folder / "preload.so"
    code.write_text(source)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, code, "-ldl"], check=True)
    return library


def skewed_clock(seconds: int, folder: Path, leap: Path | None = None) -> dict[str, str]:
    """The environment of a process whose wall clock is so many seconds ahead; its timers run as ever, but that as many
    seconds are over at once as bytes are added to the file `leap`."""
    return {"LD_PRELOAD": str(compiled(SKEWED_CLOCK, folder)), "SKEW": str(seconds), "LEAP": str(leap or "")}
