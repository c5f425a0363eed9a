// SPDX-License-Identifier: Apache-2.0 OR MIT
// Keeps one RpcSocket open for as long as the session is worth something.
import { pauseAfter } from "./backoff.ts";
import { type Link, RpcSocket } from "./rpc.ts";
import { hasSession } from "./session.ts";

const STEADY = 10_000; // open for so long: the next loss is a new one

export class Connector {
    readonly #url: string;
    #busy = false;
    #failures = 0;
    #timer: ReturnType<typeof setTimeout> | undefined;
    onLink = (_link: Link): void => {};
    onOpen = (_socket: RpcSocket): void => {};
    onSignedOut = (): void => {};

    constructor(url: string) {
        this.#url = url;
        addEventListener("online", () => this.#hurry());
        document.addEventListener("visibilitychange", () => this.#hurry());
    }

    /** Does nothing while there is a connection, or a try to have one. */
    async start(): Promise<void> {
        if (this.#busy) return;
        this.#busy = true;
        clearTimeout(this.#timer);
        this.#timer = undefined;
        this.onLink("connecting");
        const session = await hasSession();
        if (session) return this.#open();
        this.#busy = false;
        if (session === null) return this.#retry();
        this.onLink("closed");
        this.onSignedOut();
    }

    #open(): void {
        const socket = new RpcSocket(this.#url);
        let steady: ReturnType<typeof setTimeout>;
        socket.onOpen = () => {
            steady = setTimeout(() => (this.#failures = 0), STEADY);
            this.onLink("open");
            this.onOpen(socket);
        };
        socket.onClose = () => {
            clearTimeout(steady);
            this.#busy = false;
            this.#retry();
        };
    }

    #retry(): void {
        this.onLink("closed");
        this.#timer = setTimeout(() => void this.start(), pauseAfter(this.#failures++, Math.random));
    }

    /** Somebody looks, or the network is back: do not let them wait. */
    #hurry(): void {
        if (document.visibilityState === "visible" && this.#timer !== undefined) void this.start();
    }
}
