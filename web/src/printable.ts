// SPDX-License-Identifier: Apache-2.0 OR MIT
// The source is ASCII: what these characters do to a reader of a page they do to a reader of a source.

const LINE_END = /\r\n?/g;
/** Controls but line feed and tab, halves of surrogate pairs, line separators, and what turns the direction of text. */
const UNPRINTABLE = /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|\p{Surrogate}/gu;

/** What a stranger wrote, as it may be shown: U+FFFD in the place of what would pretend to be something else. */
export function printable(text: string): string {
    return text.replace(LINE_END, "\n").replace(UNPRINTABLE, "\ufffd");
}
