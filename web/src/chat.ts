// SPDX-License-Identifier: Apache-2.0 OR MIT
// All conversations, and what connects them to the node.
import { fromHex, toHex } from "./bytes.ts";
import { advance, Conversation, type Line, type Mark } from "./conversation.ts";
import { DeliveryWatch } from "./delivery.ts";
import { findIdentity, type Identity } from "./identity.ts";
import { decode, encode, type Kind, messageId } from "./payload.ts";
import { LinkLost, type RpcSocket } from "./rpc.ts";
import { type Saved, save } from "./store.ts";
import { discoveryTopic, LEGACY_DISCOVERY_TOPIC, topicOf } from "./topics.ts";

// As Status's own API posts.
const TTL = 10; // seconds
const POW = 0.002;
const POW_TIME = 1;
/** Strangers who know our key can open conversations, so their number is bounded. */
const MAX_CONVERSATIONS = 200;

interface Received {
    sig?: unknown;
    payload?: unknown;
}

interface Outgoing {
    conversation: Conversation;
    line: Line;
}

export class Chat {
    readonly conversations: Conversation[] = [];
    nick: string;
    identity: Identity | null = null;
    onList = (): void => {};
    onLine = (_conversation: Conversation, _line: Line): void => {};
    onMark = (_line: Line): void => {};
    onTrouble = (_text: string): void => {};

    readonly #now: () => number;
    #keyId: string;
    #socket: RpcSocket | null = null;
    #symKeys = new Map<string, string>();
    #subscriptions = new Map<string, string>();
    #outgoing: Outgoing[] = [];
    #posting = false;
    readonly #delivery: DeliveryWatch;

    constructor(saved: Saved, now: () => number) {
        this.#now = now;
        this.nick = saved.nick;
        this.#keyId = saved.keyId;
        this.#delivery = new DeliveryWatch((line, mark, why) => this.#mark(line, mark, why));
        for (const { kind, name } of saved.conversations) this.#open(kind, name);
    }

    /** A connection is there: everything that the node forgets with one is set up again. */
    async attach(socket: RpcSocket): Promise<void> {
        this.#socket = socket;
        this.#symKeys.clear();
        this.#subscriptions.clear();
        this.identity = await findIdentity(socket, this.#keyId);
        this.#keyId = this.identity.keyId;
        this.#save();
        this.onList();
        await this.#delivery.attach(socket);
        await this.#listenForContacts(socket, this.identity);
        for (const conversation of this.conversations) await this.#enter(socket, conversation);
        void this.#post();
    }

    detach(): void {
        this.#socket = null;
    }

    setNick(nick: string): void {
        this.nick = nick;
        this.#save();
    }

    /** Null: there are too many. */
    open(kind: Kind, name: string): Conversation | null {
        const known = this.conversations.find((one) => one.kind === kind && one.name === name);
        if (known) return known;
        if (this.conversations.length >= MAX_CONVERSATIONS) return null;
        const conversation = this.#open(kind, name);
        this.#save();
        this.onList();
        if (this.#socket && this.identity) void this.#guard(this.#enter(this.#socket, conversation));
        return conversation;
    }

    leave(conversation: Conversation): void {
        this.conversations.splice(this.conversations.indexOf(conversation), 1);
        this.#outgoing = this.#outgoing.filter((one) => one.conversation !== conversation);
        this.#save();
        this.onList();
        const subscription = this.#subscriptions.get(conversation.id);
        this.#subscriptions.delete(conversation.id);
        if (subscription && this.#socket) void this.#guard(this.#socket.unsubscribe("shh_unsubscribe", subscription));
    }

    say(conversation: Conversation, text: string): void {
        const line = conversation.say(text, this.nick, this.#now());
        this.#outgoing.push({ conversation, line });
        this.onLine(conversation, line);
        void this.#post();
    }

    #open(kind: Kind, name: string): Conversation {
        const conversation = new Conversation(kind, name);
        this.conversations.push(conversation);
        return conversation;
    }

    #save(): void {
        const conversations = this.conversations.map(({ kind, name }) => ({ kind, name }));
        save({ keyId: this.#keyId, nick: this.nick, conversations });
    }

    async #enter(socket: RpcSocket, conversation: Conversation): Promise<void> {
        if (conversation.kind === "contact") return; // heard by #listenForContacts
        const symKeyID = await this.#symKey(socket, conversation.name);
        const topics = [topicOf(conversation.name)];
        const take = (result: unknown) => this.#take(conversation, result as Received);
        const id = await socket.subscribe("shh_subscribe", ["messages", { symKeyID, topics }], take);
        this.#subscriptions.set(conversation.id, id);
    }

    async #symKey(socket: RpcSocket, channel: string): Promise<string> {
        const known = this.#symKeys.get(channel);
        if (known) return known;
        const id = String(await socket.call("shh_generateSymKeyFromPassword", channel));
        this.#symKeys.set(channel, id);
        return id;
    }

    async #listenForContacts(socket: RpcSocket, identity: Identity): Promise<void> {
        const topics = [discoveryTopic(identity.publicKey), LEGACY_DISCOVERY_TOPIC];
        const criteria = { privateKeyID: identity.keyId, topics };
        await socket.subscribe("shh_subscribe", ["messages", criteria], (result) => {
            const sender = (result as Received)?.sig;
            if (typeof sender !== "string") return; // a contact is a key
            const conversation = this.open("contact", sender.toLowerCase());
            if (conversation) this.#take(conversation, result as Received);
        });
    }

    #take(conversation: Conversation, received: Received): void {
        const payload = typeof received.payload === "string" ? fromHex(received.payload) : null;
        const message = payload && decode(conversation.kind, payload);
        if (!message) return;
        const from = typeof received.sig === "string" ? received.sig.toLowerCase() : "";
        // Our own key in another window: that one follows the delivery.
        const own = from !== "" && from === this.identity?.publicKey;
        const line = conversation.hear(message, from, own, messageId(from, payload), this.#now());
        if (line) this.onLine(conversation, line);
    }

    /** One after the other, in the order in which they were said. What the loss of the link interrupts is posted again:
     *  it is the same message to whoever has it already. */
    async #post(): Promise<void> {
        if (this.#posting) return;
        this.#posting = true;
        while (this.#socket && this.identity && this.#outgoing[0]) {
            const socket = this.#socket;
            const { conversation, line } = this.#outgoing[0];
            try {
                const payload = encode(conversation.kind, line);
                conversation.expect(line, this.identity.publicKey, messageId(this.identity.publicKey, payload));
                const envelope = { ...(await this.#envelope(socket, conversation)), payload: toHex(payload) };
                line.hash = String(await socket.call("shh_post", envelope));
                this.#mark(line, "posted");
                void this.#guard(this.#delivery.follow(socket, line));
            } catch (error) {
                if (error instanceof LinkLost) break;
                this.#mark(line, "failed", error instanceof Error ? error.message : String(error));
            }
            this.#outgoing = this.#outgoing.filter((one) => one.line !== line);
        }
        this.#posting = false;
    }

    async #envelope(socket: RpcSocket, { kind, name }: Conversation): Promise<object> {
        const to =
            kind === "channel"
                ? { symKeyID: await this.#symKey(socket, name), topic: topicOf(name) }
                : { pubKey: name, topic: discoveryTopic(name) };
        return { ...to, sig: this.#keyId, ttl: TTL, powTime: POW_TIME, powTarget: POW };
    }

    #mark(line: Line, mark: Mark, why = ""): void {
        if (advance(line, mark, why)) this.onMark(line);
    }

    async #guard(work: Promise<void>): Promise<void> {
        try {
            await work;
        } catch (error) {
            if (!(error instanceof LinkLost)) this.onTrouble(error instanceof Error ? error.message : String(error));
        }
    }
}
