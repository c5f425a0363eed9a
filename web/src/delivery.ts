// SPDX-License-Identifier: Apache-2.0 OR MIT
// Follows what becomes of posted messages: the node tells.
import type { Line, Mark } from "./conversation.ts";
import { RpcError, type RpcSocket } from "./rpc.ts";

/** The node's words for its states. */
const MARKS: Readonly<Record<string, Mark>> = {
    queued: "queued",
    sealed: "posted",
    sent: "sent",
    acknowledged: "acknowledged",
    held: "held",
    expired: "expired",
    failed: "failed",
};
const MAX_FOLLOWED = 500;

interface State {
    hash?: unknown;
    state?: unknown;
    reason?: unknown;
}

export class DeliveryWatch {
    readonly #tell: (line: Line, hash: string, mark: Mark, why: string) => void;
    /** By hash; of the oldest we no longer hear. */
    readonly #lines = new Map<string, Line>();

    constructor(tell: (line: Line, hash: string, mark: Mark, why: string) => void) {
        this.#tell = tell;
    }

    async attach(socket: RpcSocket): Promise<void> {
        await socket.subscribe("sotto_subscribe", ["states", {}], (state) => this.#take(state as State));
        for (const hash of this.#lines.keys()) await this.#ask(socket, hash);
    }

    async follow(socket: RpcSocket, line: Line, hash: string): Promise<void> {
        this.#lines.set(hash, line);
        const oldest = this.#lines.keys().next();
        if (this.#lines.size > MAX_FOLLOWED && !oldest.done) this.#lines.delete(oldest.value);
        await this.#ask(socket, hash);
    }

    /** What happened before we knew the hash, or while there was no connection. */
    async #ask(socket: RpcSocket, hash: string): Promise<void> {
        try {
            this.#take((await socket.call("sotto_messageState", hash)) as State);
        } catch (error) {
            // So many were posted since that the node has forgotten this one: its last mark stays.
            if (!(error instanceof RpcError)) throw error;
        }
    }

    #take(state: State): void {
        const hash = String(state.hash);
        const line = this.#lines.get(hash);
        const mark = MARKS[String(state.state)];
        if (line && mark) this.#tell(line, hash, mark, typeof state.reason === "string" ? state.reason : "");
    }
}
