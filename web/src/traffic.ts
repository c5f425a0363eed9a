// SPDX-License-Identifier: Apache-2.0 OR MIT
// Rates over time from counters that only grow. Pure.

export interface Counted {
    in: number;
    out: number;
}

export interface Rate extends Counted {
    /** Milliseconds of a clock that does not jump: the end of the span. */
    time: number;
}

const SPAN = 10 * 60_000; // milliseconds
const SHORTEST = 1000; // over less, one packet looks like a flood

export class Traffic {
    readonly rates: Rate[] = [];
    #last: (Counted & { time: number }) | null = null;

    /** Counters that shrink are those of another process: nothing is known about the time between. */
    add(time: number, counted: Counted): void {
        const last = this.#last;
        if (last && time - last.time < SHORTEST) return;
        this.#last = { ...counted, time };
        if (!last || counted.in < last.in || counted.out < last.out) return;
        const seconds = (time - last.time) / 1000;
        this.rates.push({ time, in: (counted.in - last.in) / seconds, out: (counted.out - last.out) / seconds });
        while (this.rates[0] && this.rates[0].time < time - SPAN) this.rates.shift();
    }
}

/** Points "x,y x,y …" of a line in a box of this size; the newest is at the right edge. */
export function points(rates: readonly Rate[], of: keyof Counted, width: number, height: number, top: number): string {
    const newest = rates.at(-1)?.time ?? 0;
    return rates
        .map((rate) => {
            const x = width - ((newest - rate.time) / SPAN) * width;
            const y = height - (rate[of] / top) * height;
            return `${x.toFixed(1)},${y.toFixed(1)}`;
        })
        .join(" ");
}

/** The next power of two above the highest rate, at least 1 KiB: an axis that does not jump about. */
export function ceiling(rates: readonly Rate[]): number {
    const highest = Math.max(1024, ...rates.map((rate) => Math.max(rate.in, rate.out)));
    return 2 ** Math.ceil(Math.log2(highest));
}
