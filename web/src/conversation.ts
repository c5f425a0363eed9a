// SPDX-License-Identifier: Apache-2.0 OR MIT
// One channel or contact: what was said there. Pure.
import type { ChatText, Kind } from "./payload.ts";
import { shortKey } from "./topics.ts";

/** How far a message of ours has come. */
export type Mark = "queued" | "posted" | "sent" | "acknowledged" | "held" | "expired" | "failed";

export interface Line {
    /** Names the message whatever envelopes carry it; empty until one of ours is posted. */
    id: string;
    /** The sender's public key; empty where the message is not signed, or not yet. */
    from: string;
    readonly own: boolean;
    readonly nick: string;
    readonly text: string;
    readonly clock: number;
    readonly milliseconds: number;
    /** Of our own messages. */
    mark: Mark | null;
    why: string;
    hash: string;
}

const MAX_LINES = 500;
const TICKS = 100; // of the clock in a millisecond
/** A clock further ahead is not followed: any stranger could push it beyond what numbers hold. Status's bots begin 31
 *  days ahead. */
const MAX_LEAD = 62 * 24 * 3600 * 1000;
const RANKS: readonly Mark[] = ["queued", "posted", "sent", "acknowledged", "held"];

export class Conversation {
    readonly kind: Kind;
    readonly name: string;
    readonly lines: Line[] = [];
    unread = 0;
    #clock = 0;
    #nick = "";
    #known = new Set<string>();

    constructor(kind: Kind, name: string) {
        this.kind = kind;
        this.name = name;
    }

    get id(): string {
        return `${this.kind} ${this.name}`;
    }

    get title(): string {
        if (this.kind === "channel") return "#" + this.name;
        return this.#nick ? `${this.#nick} · ${shortKey(this.name)}` : shortKey(this.name);
    }

    /** A message of ours, to be posted. */
    say(text: string, nick: string, now: number): Line {
        this.#clock = Math.max(this.#clock + 1, now * TICKS);
        const said = { text, nick, clock: this.#clock, milliseconds: now };
        return this.#push({ ...said, id: "", from: "", own: true, mark: "queued", why: "", hash: "" });
    }

    /** The node will tell us our own message as well: it is not a new one. */
    expect(line: Line, from: string, id: string): void {
        line.from = from;
        line.id = id;
        this.#known.add(id);
    }

    /** Null when this message is here already: sealed again, or told a second time after a reconnect. */
    hear(message: ChatText, from: string, own: boolean, id: string, now: number): Line | null {
        if (this.#known.has(id)) return null;
        this.#known.add(id);
        if (message.clock <= (now + MAX_LEAD) * TICKS) this.#clock = Math.max(this.#clock, message.clock);
        if (!own && this.kind === "contact" && message.nick) this.#nick = message.nick;
        return this.#push({ ...message, id, from, own, mark: null, why: "", hash: "" });
    }

    #push(line: Line): Line {
        this.lines.push(line);
        if (this.lines.length > MAX_LINES) this.#known.delete(this.lines.shift()!.id);
        return line;
    }
}

/** Marks only move forward; false: it stays. A failure after an acknowledgement is no longer one. */
export function advance(line: Line, mark: Mark, why = ""): boolean {
    const now = RANKS.indexOf(line.mark ?? "queued");
    const ended = line.mark === "failed" || line.mark === "expired";
    const behind = RANKS.includes(mark) ? RANKS.indexOf(mark) <= now : now >= RANKS.indexOf("acknowledged");
    if (ended || behind) return false;
    line.mark = mark;
    line.why = why;
    return true;
}
