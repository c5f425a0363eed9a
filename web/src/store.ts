// SPDX-License-Identifier: Apache-2.0 OR MIT
// What the page remembers between visits: names, never messages and never a key.
import { type Kind, nickTrouble } from "./payload.ts";
import { channelName, publicKey } from "./topics.ts";

export interface Saved {
    nick: string;
    /** `keyId`: of a symmetric key of the node, where there is one. */
    conversations: Array<{ kind: Kind; name: string; keyId: string }>;
}

const KEY = "sotto";
const NOTHING: Saved = { nick: "", conversations: [] };

function text(value: unknown, limit: number): string {
    return typeof value === "string" && value.length <= limit ? value : "";
}

/** Another program on this host and port may have written it: each field is checked. */
export function parseSaved(json: string | null): Saved {
    let value: unknown;
    try {
        value = JSON.parse(json ?? "null");
    } catch {
        return NOTHING;
    }
    if (typeof value !== "object" || value === null) return NOTHING;
    const { nick, conversations } = value as Record<string, unknown>;
    const saved: Saved = { nick: nickTrouble(text(nick, 64)) ? "" : text(nick, 64), conversations: [] };
    for (const one of Array.isArray(conversations) ? conversations.slice(0, 500) : []) {
        const kind = one?.kind === "contact" ? "contact" : "channel";
        const name = kind === "contact" ? publicKey(text(one?.name, 132)) : channelName(text(one?.name, 128));
        if (name) saved.conversations.push({ kind, name, keyId: text(one?.keyId, 64) });
    }
    return saved;
}

export function load(): Saved {
    try {
        return parseSaved(localStorage.getItem(KEY));
    } catch {
        return NOTHING; // storage is switched off
    }
}

export function save(saved: Saved): void {
    try {
        localStorage.setItem(KEY, JSON.stringify(saved));
    } catch {
        // It is full or switched off: the page works all the same, and forgets.
    }
}
