// SPDX-License-Identifier: Apache-2.0 OR MIT
// The link's word for a cookie that scripts cannot read.

const PATH = "/page/session";

/** The word of a link, or of what somebody pasted: 64 hex digits behind the last #. */
export function wordOf(text: string): string | null {
    return /(?:^|#)([0-9a-f]{64})$/.exec(text.trim())?.[1] ?? null;
}

/** Null when done, else what to tell. */
export async function signIn(word: string): Promise<string | null> {
    try {
        const response = await fetch(PATH, {
            method: "POST",
            headers: { "Content-Type": "application/json" },
            body: JSON.stringify({ word }),
        });
        return response.ok ? null : (await response.text()).trim() || `the node said ${response.status}`;
    } catch {
        return "the node cannot be reached";
    }
}

/** Whether the node knows this browser; null when it cannot be reached. */
export async function hasSession(): Promise<boolean | null> {
    try {
        const response = await fetch(PATH, { cache: "no-store" });
        return response.status === 401 ? false : response.ok ? true : null;
    } catch {
        return null;
    }
}
