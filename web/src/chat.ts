// SPDX-License-Identifier: Apache-2.0 OR MIT
// All conversations, and what connects them to the node.
import { fromHex, toHex } from "./bytes.ts";
import { firstTopics, learn } from "./contact.ts";
import { Conversation, type Line, type Mark, setMark } from "./conversation.ts";
import { DeliveryWatch } from "./delivery.ts";
import { findIdentity, type Identity } from "./identity.ts";
import { KeyRing } from "./key_ring.ts";
import { type ChatText, decode, encode, type Kind, messageId } from "./payload.ts";
import { LinkLost, type RpcSocket } from "./rpc.ts";
import { type Saved, save } from "./store.ts";
import { discoveryTopic, LEGACY_DISCOVERY_TOPIC, topicOf } from "./topics.ts";

// As Status's own API posts.
const TTL = 10; // seconds
const POW = 0.002;
const POW_TIME = 1;
const MAX_CONVERSATIONS = 200;
/** Whoever knows our key can open one: of those we have not written to there are so many, and room stays for others. */
const MAX_STRANGERS = 100;

interface Received {
    sig?: unknown;
    topic?: unknown;
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
    readonly #keys: KeyRing;
    readonly #delivery: DeliveryWatch;
    #socket: RpcSocket | null = null;
    #subscriptions = new Map<string, string>();
    #outgoing: Outgoing[] = [];
    #posting = false;

    constructor(saved: Saved, now: () => number) {
        this.#now = now;
        this.nick = saved.nick;
        this.#keys = new KeyRing(
            new Map(saved.conversations.map((one) => [this.#add(one.kind, one.name).id, one.keyId])),
        );
        this.#delivery = new DeliveryWatch((line, hash, mark, why) => this.#mark(line, hash, mark, why));
    }

    /** A connection is there: everything that the node forgets with one is set up again. */
    async attach(socket: RpcSocket): Promise<void> {
        this.#socket = socket;
        this.#keys.forgetChecks();
        this.#subscriptions.clear();
        this.identity = await findIdentity(socket);
        this.onList();
        await this.#delivery.attach(socket);
        await this.#listenForFirstContact(socket, this.identity);
        for (const conversation of this.conversations) {
            // Only whom we have written to may write on the topic that we share.
            const written = conversation.kind === "channel" || this.#keys.ids.get(conversation.id);
            if (written) await this.#listen(socket, this.identity, conversation);
        }
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
        const known = this.#find(kind, name);
        if (known) return known;
        if (this.conversations.length >= MAX_CONVERSATIONS) return null;
        const conversation = this.#add(kind, name);
        this.#save();
        this.onList();
        if (kind === "channel" && this.#socket && this.identity) {
            this.#guard(this.#listen(this.#socket, this.identity, conversation));
        }
        return conversation;
    }

    leave(conversation: Conversation): void {
        this.conversations.splice(this.conversations.indexOf(conversation), 1);
        this.#outgoing = this.#outgoing.filter((one) => one.conversation !== conversation);
        const subscription = this.#subscriptions.get(conversation.id);
        this.#subscriptions.delete(conversation.id);
        if (subscription && this.#socket) this.#guard(this.#socket.unsubscribe("shh_unsubscribe", subscription));
        this.#guard(this.#keys.remove(this.#socket, conversation.id));
        this.#save();
        this.onList();
    }

    say(conversation: Conversation, text: string): void {
        const line = conversation.say(text, this.nick, this.#now());
        this.#outgoing.push({ conversation, line });
        this.onLine(conversation, line);
        void this.#post();
    }

    #find(kind: Kind, name: string): Conversation | undefined {
        return this.conversations.find((one) => one.kind === kind && one.name === name);
    }

    #strangers(): number {
        return this.conversations.filter(({ kind, id }) => kind === "contact" && !this.#keys.ids.get(id)).length;
    }

    #add(kind: Kind, name: string): Conversation {
        const conversation = new Conversation(kind, name);
        this.conversations.push(conversation);
        return conversation;
    }

    #save(): void {
        const conversations = this.conversations.map(({ kind, name, id }) => ({
            kind,
            name,
            keyId: this.#keys.ids.get(id) ?? "",
        }));
        save({ nick: this.nick, conversations });
    }

    // ---- from the node ----

    async #listenForFirstContact(socket: RpcSocket, identity: Identity): Promise<void> {
        const topics = [discoveryTopic(identity.publicKey), LEGACY_DISCOVERY_TOPIC];
        const criteria = { privateKeyID: identity.keyId, topics };
        await socket.subscribe("shh_subscribe", ["messages", criteria], (result) => {
            this.#guard(this.#takeFirst(socket, identity, result as Received));
        });
    }

    /** To a channel, or to what a contact of ours writes on the topic that we share. Once a connection. */
    async #listen(
        socket: RpcSocket,
        identity: Identity,
        conversation: Conversation,
    ): Promise<{ topic: string; symKeyID: string }> {
        const { kind, name, id } = conversation;
        const call = (method: string) => socket.call(method, identity.keyId, name);
        const topic = kind === "channel" ? topicOf(name) : String(await call("sotto_contactTopic"));
        const symKeyID = await this.#keys.find(socket, id, () =>
            kind === "channel" ? socket.call("shh_generateSymKeyFromPassword", name) : call("sotto_contactKey"),
        );
        if (!this.#subscriptions.has(id)) {
            this.#subscriptions.set(id, "");
            const criteria = { symKeyID, topics: [topic] };
            const take = (result: unknown) => this.#takeSymmetric(conversation, result as Received);
            this.#subscriptions.set(id, await socket.subscribe("shh_subscribe", ["messages", criteria], take));
            this.#save();
        }
        return { topic, symKeyID };
    }

    async #takeFirst(socket: RpcSocket, identity: Identity, { sig, topic, payload }: Received): Promise<void> {
        if (typeof sig !== "string" || typeof topic !== "string" || typeof payload !== "string") return;
        const from = sig.toLowerCase();
        const bytes = fromHex(payload);
        const message = bytes && decode("contact", bytes);
        if (!message || from === identity.publicKey) return;
        // An offer of another topic was written to somebody else, and sealed again for us by them.
        if (message.offer && message.offer !== (await socket.call("sotto_contactTopic", identity.keyId, from))) return;
        const known = this.#find("contact", from);
        if (!known && this.#strangers() >= MAX_STRANGERS) return;
        const conversation = known ?? this.open("contact", from);
        if (!conversation) return;
        learn(from, conversation.contact, topic === LEGACY_DISCOVERY_TOPIC, message.offer !== null);
        this.#hear(conversation, message, bytes, from);
    }

    #takeSymmetric(conversation: Conversation, { sig, payload }: Received): void {
        const bytes = typeof payload === "string" ? fromHex(payload) : null;
        const message = bytes && decode(conversation.kind, bytes);
        const from = typeof sig === "string" ? sig.toLowerCase() : "";
        if (!message) return;
        if (conversation.kind === "contact") {
            if (from !== conversation.name) return;
            conversation.contact.offered = true;
        }
        this.#hear(conversation, message, bytes, from);
    }

    #hear(conversation: Conversation, message: ChatText, payload: Uint8Array, from: string): void {
        // Our own key in another window: that one follows the delivery.
        const own = from !== "" && from === this.identity?.publicKey;
        const line = conversation.hear(message, from, own, messageId(from, payload), this.#now());
        if (line) this.onLine(conversation, line);
    }

    // ---- to the node ----

    /** One after the other, in the order in which they were said. What the loss of the link interrupts is posted again:
     *  it is the same message to whoever has it already. */
    async #post(): Promise<void> {
        if (this.#posting) return;
        this.#posting = true;
        while (this.#socket && this.identity && this.#outgoing[0]) {
            const next = this.#outgoing[0];
            try {
                await this.#postOne(this.#socket, this.identity, next);
            } catch (error) {
                if (error instanceof LinkLost) break;
                this.#mark(next.line, "", "failed", error instanceof Error ? error.message : String(error));
            }
            this.#outgoing = this.#outgoing.filter((one) => one !== next);
        }
        this.#posting = false;
    }

    async #postOne(socket: RpcSocket, identity: Identity, { conversation, line }: Outgoing): Promise<void> {
        const shared = await this.#listen(socket, identity, conversation);
        const toContact = conversation.kind === "contact";
        const payload = encode(conversation.kind, { ...line, offer: toContact ? shared.topic : null });
        conversation.expect(line, identity.publicKey, messageId(identity.publicKey, payload));
        const asymmetric = toContact && !conversation.contact.offered;
        const envelopes = asymmetric
            ? firstTopics(conversation.name, conversation.contact).map((topic) => ({
                  topic,
                  pubKey: conversation.name,
              }))
            : [shared];
        const common = { sig: identity.keyId, ttl: TTL, payload: toHex(payload), powTime: POW_TIME, powTarget: POW };
        const hashes: string[] = [];
        for (const envelope of envelopes)
            hashes.push(String(await socket.call("shh_post", { ...envelope, ...common })));
        for (const hash of hashes) this.#mark(line, hash, "posted");
        for (const hash of hashes) this.#guard(this.#delivery.follow(socket, line, hash));
    }

    #mark(line: Line, hash: string, mark: Mark, why = ""): void {
        if (setMark(line, hash, mark, why)) this.onMark(line);
    }

    /** For what nobody waits for. */
    #guard(work: Promise<unknown>): void {
        work.catch((error) => {
            if (!(error instanceof LinkLost)) this.onTrouble(error instanceof Error ? error.message : String(error));
        });
    }
}
