// SPDX-License-Identifier: Apache-2.0 OR MIT
// One channel or contact: what was said there. Pure.
import type { Contact } from "./contact.ts";
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
    /** Of our own messages, over all their envelopes. */
    mark: Mark | null;
    why: string;
    /** By hash. */
    readonly envelopes: Map<string, Mark>;
}

const MAX_LINES = 500;
const TICKS = 100; // of the clock in a millisecond
/** A clock further ahead is not followed: any stranger could push it beyond what numbers hold. Status's bots begin 31
 *  days ahead. */
const MAX_LEAD = 62 * 24 * 3600 * 1000;
/** The worst first. */
const ORDER: readonly Mark[] = ["failed", "expired", "queued", "posted", "sent", "acknowledged", "held"];

export class Conversation {
    readonly kind: Kind;
    readonly name: string;
    readonly lines: Line[] = [];
    readonly contact: Contact = { offered: false, answersOn: null };
    unread = 0;
    #clock = 0;
    #nick = "";
    #known = new Set<string>();

    constructor(kind: Kind, name: string) {
        this.kind = kind;
        this.name = name;
    }

    get id(): string {
        return this.kind === "channel" ? "#" + this.name : this.name;
    }

    /** A nick alone could be anybody's. */
    get title(): string {
        if (this.kind === "channel") return "#" + this.name;
        return this.#nick ? `@${this.#nick}/${shortKey(this.name)}` : `@${shortKey(this.name)}`;
    }

    /** A message of ours, to be posted. */
    say(text: string, nick: string, now: number): Line {
        this.#clock = Math.max(this.#clock + 1, now * TICKS);
        const said = { text, nick, clock: this.#clock, milliseconds: now };
        return this.#push({ ...said, id: "", from: "", own: true, mark: "queued", why: "", envelopes: new Map() });
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
        const { text, nick, clock } = message;
        // The sender's own time is the sender's word; when it came is ours.
        const heard = { text, nick, clock, milliseconds: now };
        return this.#push({ ...heard, id, from, own, mark: null, why: "", envelopes: new Map() });
    }

    #push(line: Line): Line {
        this.lines.push(line);
        if (this.lines.length > MAX_LINES) this.#known.delete(this.lines.shift()!.id);
        return line;
    }
}

/** What the node says of one envelope of a message, which is as far as the one that is behind. False: no change. */
export function setMark(line: Line, hash: string, mark: Mark, why = ""): boolean {
    const { mark: oldMark, why: oldWhy } = line;
    // A peer that confirms nothing has it all the same.
    if (mark === "expired" && line.envelopes.get(hash) === "sent") line.why = why;
    else line.envelopes.set(hash, mark);
    const marks = [...line.envelopes.values()];
    line.mark = ORDER.find((one) => marks.includes(one)) ?? mark;
    if (line.mark === mark) line.why = why;
    return line.mark !== oldMark || line.why !== oldWhy;
}
