// SPDX-License-Identifier: Apache-2.0 OR MIT

const FIRST_PAUSE = 500; // milliseconds
const LONGEST_PAUSE = 30_000;

/** Doubles up to the longest, and scatters: all pages of a node that restarts must not come at once. */
export function pauseAfter(failures: number, random: () => number): number {
    const whole = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(failures, 16));
    return whole * (0.5 + random() / 2);
}
