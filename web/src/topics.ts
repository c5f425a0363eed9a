// SPDX-License-Identifier: Apache-2.0 OR MIT
// Names and topics as Status's apps make them of channels and keys.
import { keccak_256 } from "@noble/hashes/sha3.js";
import { toHex, toUtf8 } from "./bytes.ts";

const MAX_NAME = 128; // bytes
const PARTITIONS = 5000n;

/** 0x04 || X || Y in lower case, or null. Whether it is on the curve is for the node to say. */
export function publicKey(text: string): string | null {
    const key = text.trim().toLowerCase();
    return /^0x04[0-9a-f]{128}$/.test(key) ? key : null;
}

/** The bare name of "#lobby" or "lobby"; null when it is none. */
export function channelName(text: string): string | null {
    const name = text.trim().replace(/^#/, "");
    const bytes = toUtf8(name).length;
    const hasControls = /[\u0000-\u001f\u007f]/.test(name);
    return bytes > 0 && bytes <= MAX_NAME && !hasControls ? name : null;
}

/** The first 4 bytes of keccak256. */
export function topicOf(name: string): string {
    return toHex(keccak_256(toUtf8(name)).slice(0, 4));
}

/** Where first messages to `key` go: one of 5,000 topics, by the X of the key. */
export function discoveryTopic(key: string): string {
    const x = BigInt("0x" + key.slice(4, 68));
    return topicOf(`contact-discovery-${x % PARTITIONS}`);
}

/** What older apps send first messages to. */
export const LEGACY_DISCOVERY_TOPIC = topicOf("contact-discovery");

/** Few characters to tell keys apart by; the end of a name that anybody can take. */
export function shortKey(key: string): string {
    return key.slice(4, 12);
}
