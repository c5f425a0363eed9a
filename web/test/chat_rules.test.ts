// SPDX-License-Identifier: Apache-2.0 OR MIT
// The rules of docs/protocols/chat.md, against the vectors that the node's own tests use.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fromHex, fromUtf8, toHex, toUtf8 } from "../src/bytes.ts";
import { type Contact, firstTopics, learn } from "../src/contact.ts";
import { type ChatText, decode, encode, messageId } from "../src/payload.ts";
import { channelName, discoveryTopic, LEGACY_DISCOVERY_TOPIC, publicKey, topicOf } from "../src/topics.ts";

const vectors = JSON.parse(readFileSync(new URL("../../tests/vectors/chat/contact.json", import.meta.url), "utf8"));
const HI: ChatText = { text: "hi", nick: "", clock: 200, milliseconds: 2, offer: null };

function text(payload: Uint8Array): string {
    return fromUtf8(payload)!;
}

test("topics and message ids are those of the vectors", () => {
    assert.equal(topicOf("status"), "0xcd423760");
    assert.equal(LEGACY_DISCOVERY_TOPIC, "0xf8946aac");
    assert.ok(vectors.length >= 4);
    for (const vector of vectors) {
        assert.equal(discoveryTopic(vector.bobKey), "0x" + vector.bobDiscoveryTopic);
        assert.equal(messageId(vector.aliceKey, toUtf8(vector.payload)), "0x" + vector.messageId);
    }
});

test("a payload is what Status's apps write", () => {
    const channel = '["~#c4",["hi","text/plain","~:public-group-user-message",200,2,["^ ","~:text","hi"]]]';
    assert.equal(text(encode("channel", HI)), channel);
    assert.equal(text(encode("contact", HI)), channel.replace("public-group-user-message", "user-message"));
    const offered = { ...HI, nick: "~bob", offer: "0x90d87ad8" };
    assert.ok(
        text(encode("contact", offered)).endsWith('["^ ","~:text","hi","~:nick","~~bob","~:topic","0x90d87ad8"]]]'),
    );
    for (const kind of ["channel", "contact"] as const) {
        for (const said of ["hi", "~#c4", "^ ", "`", "~", "two\nlines", "☃", "", "<b>"]) {
            assert.deepEqual(decode(kind, encode(kind, { ...HI, text: said, nick: said })), {
                ...HI,
                text: said,
                nick: said,
            });
        }
    }
    assert.deepEqual(decode("contact", encode("contact", offered)), offered);
    assert.equal(decode("channel", encode("channel", offered))?.offer, null, "only people offer topics");
});

test("what is no message of the kind is none", () => {
    const good = text(encode("channel", HI));
    const wrong = [
        "",
        "null",
        "[]",
        "{}",
        "[[[[",
        good.slice(0, -1),
        good.replace("c4", "c5"),
        good.replace('"hi"', "7"),
        good.replace("public-group-user-message", "user-message"),
        good.replace("public-group-user-message", "constructor"),
    ];
    for (const payload of wrong) assert.equal(decode("channel", toUtf8(payload)), null, payload);
    assert.equal(decode("channel", new Uint8Array([0xff, 0xfe])), null);
    const withText = (said: string) => toUtf8(good.replace('"hi"', JSON.stringify(said)));
    assert.ok(decode("channel", withText("x".repeat(64 * 1024))));
    assert.equal(decode("channel", withText("x".repeat(64 * 1024 + 1))), null);
    const withNick = (nick: string) => toUtf8(good.replace('"hi"]', `"hi","~:nick","${nick}"]`));
    assert.equal(decode("channel", withNick("☃".repeat(21)))?.nick.length, 21, "63 bytes");
    assert.equal(decode("channel", withNick("☃".repeat(22))), null, "66 bytes");
    assert.equal(decode("channel", withText("\ud83e")), null);
    assert.equal(decode("channel", toUtf8("[".repeat(100_000))), null);
    assert.equal(decode("channel", toUtf8(good.replace("200", "1e300").replace(",2,", ",-1,")))?.clock, 0);
    assert.equal(
        decode("contact", toUtf8(text(encode("contact", { ...HI, offer: "0x90d87ad8" })).replace("ad8", "ad")))?.offer,
        null,
    );
});

test("nothing is written that others could not read", () => {
    for (const bad of [{ text: "☃".repeat(21846) }, { text: "\udd8a" }, { nick: "☃".repeat(22) }, { nick: "x\ud83e" }]) {
        assert.throws(() => encode("channel", { ...HI, ...bad }), RangeError);
    }
    for (const good of [{ text: "☃".repeat(21845) + "x" }, { nick: "☃".repeat(21) }, { text: "🦊", nick: "🦊" }]) {
        assert.ok(decode("channel", encode("channel", { ...HI, ...good })));
    }
});

test("names and keys are what the node takes", () => {
    assert.equal(channelName(" #lobby "), "lobby");
    assert.equal(channelName("##x"), "#x");
    for (const wrong of ["", "#", " ", "a\u0007b", "x".repeat(129), "☃".repeat(43)])
        assert.equal(channelName(wrong), null);
    assert.equal(channelName("x".repeat(128)), "x".repeat(128));
    const key = vectors[0].bobKey as string;
    assert.equal(publicKey(" " + key.toUpperCase().replace("0X", "0x") + "\n"), key);
    for (const wrong of [key.slice(2), key.slice(0, -1), key + "0", "0x02" + key.slice(4), "lobby"])
        assert.equal(publicKey(wrong), null);
});

test("hex is even, prefixed and nothing else", () => {
    assert.equal(toHex(new Uint8Array([0, 1, 255])), "0x0001ff");
    assert.deepEqual(fromHex("0x0001fF"), new Uint8Array([0, 1, 255]));
    assert.deepEqual(fromHex("0x"), new Uint8Array());
    for (const wrong of ["", "00", "0x0", "0xzz", "0x00 ", "0x00\n"]) assert.equal(fromHex(wrong), null);
});

test("two people find the topic that they share", () => {
    const key = vectors[0].bobKey as string;
    const own = discoveryTopic(key);
    const after = (...heard: Array<[legacy: boolean, offers: boolean]>) => {
        const known: Contact = { offered: false, answersOn: null };
        for (const [legacy, offers] of heard) learn(key, known, legacy, offers);
        return known;
    };
    assert.deepEqual(firstTopics(key, after()), [own, LEGACY_DISCOVERY_TOPIC], "nothing is known: both");
    assert.deepEqual(firstTopics(key, after([true, false])), [LEGACY_DISCOVERY_TOPIC], "a bot");
    assert.deepEqual(firstTopics(key, after([false, false])), [own]);
    assert.deepEqual(firstTopics(key, after([false, false], [true, false])), [own], "who wrote on both");
    assert.deepEqual(firstTopics(key, after([true, false], [false, false])), [own]);
    assert.equal(after([false, false]).offered, false);
    assert.equal(after([false, true], [true, false]).offered, true, "an offer stands");
});
