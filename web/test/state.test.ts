// SPDX-License-Identifier: Apache-2.0 OR MIT
// Conversations, marks, what is saved, rates and words: all that is pure.
import assert from "node:assert/strict";
import { test } from "node:test";
import { pauseAfter } from "../src/backoff.ts";
import { Conversation, type Line, type Mark, setMark } from "../src/conversation.ts";
import { bytes, span } from "../src/format.ts";
import { describe } from "../src/node_watch.ts";
import { printable } from "../src/printable.ts";
import { wordOf } from "../src/session.ts";
import { parseSaved } from "../src/store.ts";
import { ceiling, points, Traffic } from "../src/traffic.ts";

const KEY = "0x04" + "ab".repeat(64);
const NOW = 1_564_358_400_000;

function heard(
    text: string,
    clock = 1,
): { text: string; nick: string; clock: number; milliseconds: number; offer: null } {
    return { text, nick: "bob", clock, milliseconds: 0, offer: null };
}

test("a message is shown once, whatever envelopes carry it", () => {
    const lobby = new Conversation("channel", "lobby");
    assert.ok(lobby.hear(heard("hi"), KEY, false, "0x01", NOW));
    assert.equal(lobby.hear(heard("hi"), KEY, false, "0x01", NOW), null);
    const own = lobby.say("mine", "me", NOW);
    lobby.expect(own, KEY, "0x02");
    assert.equal(lobby.hear(heard("mine"), KEY, true, "0x02", NOW), null, "the echo of our own");
    assert.equal(lobby.lines.length, 2);
});

test("a conversation does not grow without bound, and remembers no more than it shows", () => {
    const lobby = new Conversation("channel", "lobby");
    for (let i = 0; i < 600; ++i) lobby.hear(heard(String(i)), KEY, false, `0x${i}`, NOW);
    assert.equal(lobby.lines.length, 500);
    assert.equal(lobby.lines[0]?.text, "100");
    assert.equal(lobby.hear(heard("599"), KEY, false, "0x599", NOW), null);
    assert.ok(lobby.hear(heard("0"), KEY, false, "0x0", NOW));
});

test("our clock is above all that was seen, but follows no absurd one", () => {
    const lobby = new Conversation("channel", "lobby");
    assert.equal(lobby.say("a", "", NOW).clock, NOW * 100);
    assert.equal(lobby.say("b", "", NOW).clock, NOW * 100 + 1);
    const month = (NOW + 31 * 24 * 3600 * 1000) * 100;
    lobby.hear(heard("bot", month), KEY, false, "0x01", NOW);
    assert.equal(lobby.say("c", "", NOW).clock, month + 1);
    lobby.hear(heard("evil", Number.MAX_SAFE_INTEGER), KEY, false, "0x02", NOW);
    assert.equal(lobby.say("d", "", NOW).clock, month + 2);
});

test("a person's name is never without the key", () => {
    const person = new Conversation("contact", KEY);
    assert.equal(person.title, "@abababab");
    person.hear(heard("hi"), KEY, false, "0x01", NOW);
    assert.equal(person.title, "@bob/abababab");
    assert.equal(new Conversation("channel", "lobby").title, "#lobby");
});

function marks(...steps: Array<[hash: string, mark: Mark, why?: string]>): string {
    const line: Line = new Conversation("channel", "x").say("hi", "", NOW);
    for (const [hash, mark, why] of steps) setMark(line, hash, mark, why);
    return line.why ? `${line.mark}: ${line.why}` : String(line.mark);
}

test("a mark is the node's last word", () => {
    assert.equal(marks(), "queued");
    assert.equal(marks(["a", "posted"], ["a", "acknowledged"], ["a", "held"]), "held");
    assert.equal(marks(["a", "held"], ["a", "acknowledged"]), "acknowledged", "a holder has become suspect");
    assert.equal(marks(["a", "posted"], ["a", "expired", "no peer"]), "expired: no peer");
    assert.equal(
        marks(["a", "sent"], ["a", "expired", "no confirmation"]),
        "sent: no confirmation",
        "a peer has it all the same",
    );
    assert.equal(marks(["", "failed", "too large"]), "failed: too large", "not even sealed");
});

test("a message in two envelopes is as far as the one that is behind", () => {
    assert.equal(marks(["a", "posted"], ["b", "posted"], ["a", "acknowledged"]), "posted");
    assert.equal(marks(["a", "posted"], ["b", "posted"], ["a", "acknowledged"], ["b", "sent"]), "sent");
    assert.equal(marks(["a", "posted"], ["b", "posted"], ["a", "held"], ["b", "acknowledged"]), "acknowledged");
    assert.equal(
        marks(["a", "posted"], ["b", "posted"], ["a", "acknowledged"], ["b", "failed", "refused"]),
        "failed: refused",
    );
});

test("what was saved is not trusted", () => {
    const nothing = { nick: "", conversations: [] };
    for (const text of [null, "", "{", "7", "null", "[]", '{"nick":{},"conversations":{}}']) {
        assert.deepEqual(parseSaved(text), nothing);
    }
    const good = {
        nick: "bob",
        conversations: [
            { kind: "channel", name: "lobby", keyId: "cd" },
            { kind: "contact", name: KEY, keyId: "" },
        ],
    };
    assert.deepEqual(parseSaved(JSON.stringify(good)), good);
    const bad = {
        conversations: [null, 7, {}, { kind: "contact", name: "lobby" }, { kind: "channel", name: "a\u0000" }],
    };
    assert.deepEqual(parseSaved(JSON.stringify(bad)), nothing);
    const many = { conversations: Array.from({ length: 1000 }, (_, i) => ({ kind: "channel", name: `c${i}` })) };
    assert.equal(parseSaved(JSON.stringify(many)).conversations.length, 500);
    for (const nick of ["x".repeat(65), "\u6f22".repeat(22)]) assert.equal(parseSaved(JSON.stringify({ nick })).nick, "");
});

test("rates come from counters, and another process starts anew", () => {
    const traffic = new Traffic();
    traffic.add(1000, { in: 100, out: 0 });
    assert.deepEqual(traffic.rates, []);
    traffic.add(1001, { in: 9999, out: 0 });
    traffic.add(3000, { in: 300, out: 50 });
    traffic.add(3999, { in: 9999, out: 50 });
    traffic.add(5000, { in: 10, out: 10 });
    traffic.add(7000, { in: 30, out: 10 });
    assert.deepEqual(traffic.rates, [
        { time: 3000, in: 100, out: 25 },
        { time: 7000, in: 10, out: 0 },
    ]);
    for (let i = 1; i < 1000; ++i) traffic.add(7000 + i * 2000, { in: 30 + i, out: 10 });
    assert.equal(traffic.rates.length, 301);
});

test("the chart's axis and line", () => {
    assert.equal(ceiling([]), 1024);
    for (const [rate, top] of [
        [1024, 1024],
        [1025, 2048],
        [50_000, 65_536],
    ] as const) {
        assert.equal(ceiling([{ time: 0, in: rate, out: 0 }]), top);
    }
    const rates = [
        { time: 0, in: 0, out: 0 },
        { time: 300_000, in: 5, out: 0 },
    ];
    assert.equal(points(rates, "in", 600, 100, 10), "300.0,100.0 600.0,50.0");
    assert.equal(points([], "in", 600, 100, 10), "");
});

test("quantities for people", () => {
    for (const [count, text] of [
        [0, "0 B"],
        [1023, "1023 B"],
        [1024, "1.0 KiB"],
        [150 * 1024, "150 KiB"],
        [2 ** 28, "256 MiB"],
    ] as const) {
        assert.equal(bytes(count), text);
    }
    for (const [seconds, text] of [
        [0, "0 s"],
        [59, "59 s"],
        [60, "1 min"],
        [61, "1 min 1 s"],
        [3600, "1 h"],
        [90_061, "1 d 1 h"],
    ] as const) {
        assert.equal(span(seconds), text);
    }
});

test("what happens to peers is told in words", () => {
    const told = { transport: "libp2p", address: "/ip4/192.0.2.1", reason: null };
    assert.equal(
        describe({ ...told, event: "connected", inbound: true }),
        "libp2p peer /ip4/192.0.2.1 speaks Whisper (inbound)",
    );
    assert.equal(
        describe({ ...told, event: "disconnected", inbound: true, reason: "timed out" }),
        "libp2p peer /ip4/192.0.2.1 speaks Whisper no more: timed out",
    );
    assert.equal(describe({ ...told, event: "state", state: "suspect" }), "libp2p peer /ip4/192.0.2.1 is suspect");
    const dead = { ...told, event: "state", state: "dead", reason: "closed" };
    assert.equal(describe(dead), "libp2p peer /ip4/192.0.2.1 is dead: closed");
});

test("a link's word is found in what people paste", () => {
    const word = "0123456789abcdef".repeat(4);
    for (const text of [word, `#${word}`, ` http://localhost:8545/#${word}\n`]) assert.equal(wordOf(text), word);
    for (const text of ["", "#", word.slice(1), `x${word}`, word.toUpperCase(), `#${word}0`])
        assert.equal(wordOf(text), null);
});

test("pauses double, scatter and end", () => {
    assert.equal(
        pauseAfter(0, () => 1),
        500,
    );
    assert.equal(
        pauseAfter(3, () => 1),
        4000,
    );
    assert.equal(
        pauseAfter(3, () => 0),
        2000,
    );
    assert.equal(
        pauseAfter(1000, () => 1),
        30_000,
    );
});

test("what would pretend to be something else is not shown", () => {
    for (const text of ["", "hi", "two\nlines\tand a tab", "\u2603 \u{1f600}\u200d\u{1f4bb} \u05e9\u05dc\u05d5\u05dd"])
        assert.equal(printable(text), text);
    assert.equal(printable("a\r\nb\rc"), "a\nb\nc");
    for (const bad of ["\0", "\x1b", "\x7f", "\x9b", "\u061c", "\u200f", "\u2028", "\u202e", "\u2067", "\ud800", "\udc00"]) {
        assert.equal(printable(`a${bad}b`), "a\ufffdb", escape(bad));
    }
});
