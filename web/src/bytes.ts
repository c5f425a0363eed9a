// SPDX-License-Identifier: Apache-2.0 OR MIT

/** "0x" and lower-case hex, as JSON-RPC wants it. */
export function toHex(bytes: Uint8Array): string {
    let text = "0x";
    for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
    return text;
}

/** Null for anything that is not an even number of hex digits behind "0x". */
export function fromHex(text: string): Uint8Array | null {
    if (!/^0x(?:[0-9a-f]{2})*$/i.test(text)) return null;
    const bytes = new Uint8Array((text.length - 2) / 2);
    for (let i = 0; i < bytes.length; ++i) bytes[i] = Number.parseInt(text.slice(2 + 2 * i, 4 + 2 * i), 16);
    return bytes;
}

export function toUtf8(text: string): Uint8Array {
    return new TextEncoder().encode(text);
}

/** Null where the bytes are not UTF-8. */
export function fromUtf8(bytes: Uint8Array): string | null {
    try {
        return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
        return null;
    }
}
