// SPDX-License-Identifier: Apache-2.0 OR MIT
// RpcSocket over a WebSocket that the test plays.
import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { LinkLost, RpcError, RpcSocket } from "../src/rpc.ts";

class FakeSocket {
    static readonly OPEN = 1;
    static last: FakeSocket;
    readyState = 0;
    sent: Array<{ id: number; method: string; params: unknown[] }> = [];
    onopen = (): void => {};
    onmessage = (_event: { data: unknown }): void => {};
    onclose = (): void => {};
    constructor() {
        FakeSocket.last = this;
    }
    send(text: string): void {
        this.sent.push(JSON.parse(text));
    }
    close(): void {
        this.readyState = 3;
        this.onclose();
    }
    open(): void {
        this.readyState = 1;
        this.onopen();
    }
    say(message: object): void {
        this.onmessage({ data: JSON.stringify({ jsonrpc: "2.0", ...message }) });
    }
}

let rpc: RpcSocket;
let wire: FakeSocket;

beforeEach(() => {
    mock.timers.enable({ apis: ["setTimeout"] });
    Object.assign(globalThis, { WebSocket: FakeSocket });
    rpc = new RpcSocket("ws://node/");
    wire = FakeSocket.last;
    wire.open();
});

afterEach(() => {
    rpc.close();
    mock.timers.reset();
});

function notify(subscription: string, result: unknown): void {
    wire.say({ method: "shh_subscription", params: { subscription, result } });
}

test("answers find their calls in any order", async () => {
    const [first, second] = [rpc.call("a_b", 1), rpc.call("c_d")];
    assert.deepEqual(
        wire.sent.map(({ method, params }) => [method, params]),
        [
            ["a_b", [1]],
            ["c_d", []],
        ],
    );
    wire.say({ id: wire.sent[1]!.id, result: 2 });
    wire.say({ id: wire.sent[0]!.id, result: null });
    wire.say({ id: 999, result: "nobody asked" });
    assert.deepEqual(await Promise.all([first, second]), [null, 2]);
});

test("an error is the node's, with its code", async () => {
    const call = rpc.call("a_b");
    wire.say({ id: wire.sent[0]!.id, error: { code: -32601, message: "no" } });
    const error = await call.catch((caught) => caught);
    assert.ok(error instanceof RpcError);
    assert.deepEqual([error.code, error.message], [-32601, "no"]);
});

test("what is told before the subscription is known is not lost, nor told to another", async () => {
    const heard: unknown[] = [];
    const subscribed = rpc.subscribe("shh_subscribe", ["messages", {}], (result) => heard.push(result));
    notify("0x01", "early");
    notify("0x02", "somebody else's");
    wire.say({ id: wire.sent[0]!.id, result: "0x01" });
    assert.equal(await subscribed, "0x01");
    notify("0x01", "late");
    assert.deepEqual(heard, ["early", "late"]);
    const unsubscribed = rpc.unsubscribe("shh_unsubscribe", "0x01");
    notify("0x01", "after");
    wire.say({ id: wire.sent[1]!.id, result: true });
    await unsubscribed;
    assert.deepEqual(heard, ["early", "late"]);
});

test("early notifications are bounded", async () => {
    const heard: unknown[] = [];
    for (let i = 0; i < 5000; ++i) notify("0x01", i);
    const subscribed = rpc.subscribe("shh_subscribe", [], (result) => heard.push(result));
    wire.say({ id: wire.sent[0]!.id, result: "0x01" });
    await subscribed;
    assert.equal(heard.length, 1000);
});

test("with the link end all calls, and later ones", async () => {
    let closed = 0;
    rpc.onClose = () => ++closed;
    const call = rpc.call("a_b");
    wire.close();
    await assert.rejects(call, LinkLost);
    await assert.rejects(rpc.call("a_b"), LinkLost);
    assert.equal(closed, 1);
});

test("a call that is never answered means that the link is dead", async () => {
    const answered = rpc.call("a_b");
    wire.say({ id: wire.sent[0]!.id, result: 1 });
    await answered;
    const call = rpc.call("a_b");
    mock.timers.tick(59_999);
    assert.equal(wire.readyState, 1);
    mock.timers.tick(1);
    await assert.rejects(call, LinkLost);
});
