// SPDX-License-Identifier: Apache-2.0 OR MIT
// Quantities for people. Pure.

export function bytes(count: number): string {
    const units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let unit = 0;
    while (count >= 1024 && unit < units.length - 1) {
        count /= 1024;
        ++unit;
    }
    return `${unit === 0 || count >= 100 ? Math.round(count) : count.toFixed(1)} ${units[unit]}`;
}

export function span(seconds: number): string {
    const parts: Array<[number, string]> = [
        [86_400, "d"],
        [3600, "h"],
        [60, "min"],
        [1, "s"],
    ];
    const first = parts.findIndex(([size]) => seconds >= size);
    if (first < 0) return "0 s";
    const [size, unit] = parts[first]!;
    const next = parts[first + 1];
    const rest = next ? Math.floor((seconds % size) / next[0]) : 0;
    const whole = `${Math.floor(seconds / size)} ${unit}`;
    return next && rest > 0 ? `${whole} ${rest} ${next[1]}` : whole;
}

export function clock(milliseconds: number): string {
    const date = new Date(milliseconds);
    const two = (value: number) => String(value).padStart(2, "0");
    return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
