// SPDX-License-Identifier: Apache-2.0 OR MIT
// What a chat message is inside an envelope: transit+json, as Status's apps write it.
import { keccak_256 } from "@noble/hashes/sha3.js";
import { fromHex, fromUtf8, toHex, toUtf8 } from "./bytes.ts";

export type Kind = "channel" | "contact";

export interface ChatText {
    text: string;
    /** Chosen by the sender, empty when absent. */
    nick: string;
    /** Orders messages: 100 × milliseconds, or one above the last seen. */
    clock: number;
    /** Since 1970, the sender's word. */
    milliseconds: number;
    /** Of a contact: the topic at which the sender listens for us. */
    offer: string | null;
}

const TYPES: Record<Kind, string> = { channel: "~:public-group-user-message", contact: "~:user-message" };
const MAX_TEXT = 64 * 1024; // bytes
const MAX_NICK = 64;

/** A transit string that begins with ~, ^ or a backquote has another ~ in front. */
function escape(text: string): string {
    return /^[~^`]/.test(text) ? "~" + text : text;
}

function unescape(text: string): string {
    return /^~[~^`]/.test(text) ? text.slice(1) : text;
}

function trouble(what: string, text: string, max: number): string {
    if (toUtf8(text).length > max) return `${what} has at most ${max} bytes`;
    return /\p{Surrogate}/u.test(text) ? `${what} has no half characters` : "";
}

/** Why others would not read this text; empty where they would. */
export function textTrouble(text: string): string {
    return trouble("a message", text, MAX_TEXT);
}

/** The same of a name, which may be empty. */
export function nickTrouble(nick: string): string {
    return trouble("a name", nick, MAX_NICK);
}

/** Throws where others would not read the message. */
export function encode(kind: Kind, message: ChatText): Uint8Array {
    const why = textTrouble(message.text) || nickTrouble(message.nick);
    if (why) throw new RangeError(why);
    const text = escape(message.text);
    const map = ["^ ", "~:text", text];
    if (message.nick) map.push("~:nick", escape(message.nick));
    if (message.offer) map.push("~:topic", message.offer);
    return toUtf8(
        JSON.stringify(["~#c4", [text, "text/plain", TYPES[kind], message.clock, message.milliseconds, map]]),
    );
}

function parse(text: string | null): unknown {
    try {
        return text === null ? null : JSON.parse(text);
    } catch {
        return null;
    }
}

/** A transit map is an array: "^ ", key, value, key, value… */
function mapValue(map: unknown, key: string): string {
    if (!Array.isArray(map) || map[0] !== "^ ") return "";
    for (let i = 1; i + 1 < map.length; i += 2) {
        if (map[i] === key) return typeof map[i + 1] === "string" ? unescape(map[i + 1]) : "";
    }
    return "";
}

function whole(value: unknown): number {
    return Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : 0;
}

/** Null for anything else than a text message of this kind. */
export function decode(kind: Kind, payload: Uint8Array): ChatText | null {
    const outer = parse(fromUtf8(payload));
    if (!Array.isArray(outer) || outer[0] !== "~#c4" || !Array.isArray(outer[1])) return null;
    const [text, , type, clock, milliseconds, map] = outer[1] as unknown[];
    if (typeof text !== "string" || type !== TYPES[kind]) return null;
    const topic = mapValue(map, "~:topic").toLowerCase();
    const message = {
        text: unescape(text),
        nick: mapValue(map, "~:nick"),
        clock: whole(clock),
        milliseconds: whole(milliseconds),
        offer: kind === "contact" && /^0x[0-9a-f]{8}$/.test(topic) ? topic : null,
    };
    return textTrouble(message.text) || nickTrouble(message.nick) ? null : message;
}

/** Names a message whatever envelopes carry it: keccak256 of the signer's public key, if any, and the payload. */
export function messageId(signer: string, payload: Uint8Array): string {
    const hash = keccak_256.create();
    return toHex(
        hash
            .update(fromHex(signer) ?? new Uint8Array())
            .update(payload)
            .digest(),
    );
}
