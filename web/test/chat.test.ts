// SPDX-License-Identifier: Apache-2.0 OR MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { toHex } from "../src/bytes.ts";
import { Chat } from "../src/chat.ts";
import { encode } from "../src/payload.ts";
import type { RpcSocket } from "../src/rpc.ts";
import { LEGACY_DISCOVERY_TOPIC } from "../src/topics.ts";

/** A node that knows every method, and the handlers of its subscriptions in their order. */
class FakeNode {
    readonly handlers: Array<(result: unknown) => void> = [];
    async call(method: string): Promise<unknown> {
        return method === "shh_getPublicKey" ? "0x04" + "ab".repeat(64) : "11".repeat(32);
    }
    async subscribe(_method: string, _params: unknown[], handler: (result: unknown) => void): Promise<string> {
        return `0x${this.handlers.push(handler)}`;
    }
}

test("what nobody could read fails, and the rest is posted", async () => {
    const chat = new Chat({ nick: "", conversations: [] }, () => 1000);
    await chat.attach(new FakeNode() as unknown as RpcSocket);
    const lobby = chat.open("channel", "lobby")!;
    const longest = "\u6f22".repeat(21845) + "x";
    for (const text of [longest + "y", "half \ud83e", longest]) chat.say(lobby, text);
    await new Promise((resolve) => setTimeout(resolve, 0));
    assert.deepEqual(
        lobby.lines.map(({ mark, why }) => [mark, why]),
        [
            ["failed", "a message has at most 65536 bytes"],
            ["failed", "a message has no half characters"],
            ["posted", ""],
        ],
    );
});

test("strangers leave room for others", async () => {
    const node = new FakeNode();
    const chat = new Chat({ nick: "", conversations: [] }, () => 1000);
    await chat.attach(node as unknown as RpcSocket);
    const firstContact = node.handlers.at(-1)!;
    const message = { text: "buy", nick: "", clock: 1, milliseconds: 1, offer: null };
    const payload = toHex(encode("contact", message));
    for (let i = 0; i < 150; ++i) {
        const sig = "0x04" + i.toString(16).padStart(128, "0");
        firstContact({ sig, topic: LEGACY_DISCOVERY_TOPIC, payload });
    }
    await new Promise((resolve) => setTimeout(resolve, 0));
    assert.equal(chat.conversations.length, 100);
    assert.ok(chat.open("channel", "lobby"));
    const known = "0x04" + "0".repeat(128);
    const again = toHex(encode("contact", { ...message, text: "again" }));
    firstContact({ sig: known, topic: LEGACY_DISCOVERY_TOPIC, payload: again });
    await new Promise((resolve) => setTimeout(resolve, 0));
    assert.deepEqual(chat.open("contact", known)?.lines.map(({ text }) => text), ["buy", "again"]);
});
