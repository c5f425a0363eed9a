// SPDX-License-Identifier: Apache-2.0 OR MIT
// JSON-RPC over one WebSocket to the node that served the page.

export type Link = "closed" | "connecting" | "open";
export type Notification = (result: unknown) => void;

/** The node answered a call with an error. */
export class RpcError extends Error {
    readonly code: number;
    constructor(code: number, message: string) {
        super(message);
        this.code = code;
    }
}

/** The connection was not there, or went before the answer came. */
export class LinkLost extends Error {}

interface Pending {
    resolve(result: unknown): void;
    reject(error: Error): void;
    timer: ReturnType<typeof setTimeout>;
}

const CALL_LIMIT = 60_000; // milliseconds
const MAX_EARLY = 1000; // notifications

export class RpcSocket {
    readonly #socket: WebSocket;
    readonly #pending = new Map<number, Pending>();
    readonly #subscriptions = new Map<string, Notification>();
    /** A node tells what it has before it answers the subscribing call. */
    #early: Array<{ id: string; result: unknown }> = [];
    #nextId = 1;
    #ended = false;
    onOpen = (): void => {};
    onClose = (): void => {};

    constructor(url: string) {
        this.#socket = new WebSocket(url);
        this.#socket.onopen = () => this.onOpen();
        this.#socket.onmessage = (event) => this.#take(event.data);
        this.#socket.onclose = () => this.#end();
    }

    close(): void {
        this.#socket.close();
        this.#end();
    }

    call(method: string, ...params: unknown[]): Promise<unknown> {
        if (this.#ended || this.#socket.readyState !== WebSocket.OPEN) return Promise.reject(new LinkLost());
        const id = this.#nextId++;
        return new Promise((resolve, reject) => {
            // An answer that late means that the link is dead, whatever the browser thinks of it.
            const timer = setTimeout(() => this.close(), CALL_LIMIT);
            this.#pending.set(id, { resolve, reject, timer });
            this.#socket.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
        });
    }

    /** `method` is shh_subscribe or sotto_subscribe. Ends with the socket. */
    async subscribe(method: string, params: unknown[], handler: Notification): Promise<string> {
        const id = String(await this.call(method, ...params));
        this.#subscriptions.set(id, handler);
        const early = this.#early;
        this.#early = early.filter((notification) => notification.id !== id);
        for (const notification of early) if (notification.id === id) handler(notification.result);
        return id;
    }

    async unsubscribe(method: string, id: string): Promise<void> {
        this.#subscriptions.delete(id);
        await this.call(method, id);
    }

    #take(data: unknown): void {
        if (typeof data !== "string") return;
        const message = JSON.parse(data);
        if (message.id === undefined) {
            this.#notify(String(message.params?.subscription), message.params?.result);
            return;
        }
        const pending = this.#pending.get(message.id);
        if (!pending) return;
        this.#pending.delete(message.id);
        clearTimeout(pending.timer);
        if (message.error) pending.reject(new RpcError(message.error.code, String(message.error.message)));
        else pending.resolve(message.result);
    }

    #notify(id: string, result: unknown): void {
        const handler = this.#subscriptions.get(id);
        if (handler) handler(result);
        else if (this.#early.length < MAX_EARLY) this.#early.push({ id, result });
    }

    #end(): void {
        if (this.#ended) return;
        this.#ended = true;
        for (const pending of this.#pending.values()) {
            clearTimeout(pending.timer);
            pending.reject(new LinkLost());
        }
        this.#pending.clear();
        this.onClose();
    }
}
