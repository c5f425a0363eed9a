// SPDX-License-Identifier: Apache-2.0 OR MIT
// Which symmetric key of the node belongs to which conversation. A node holds 10,000: a reload must not make new ones.
import type { RpcSocket } from "./rpc.ts";

export class KeyRing {
    readonly ids: Map<string, string>;
    /** By this connection. */
    readonly #checked = new Set<string>();

    constructor(ids: Map<string, string>) {
        this.ids = ids;
    }

    /** Another connection may be to a node that has started anew. */
    forgetChecks(): void {
        this.#checked.clear();
    }

    async find(socket: RpcSocket, conversation: string, make: () => Promise<unknown>): Promise<string> {
        const known = this.ids.get(conversation);
        const good = known && (this.#checked.has(known) || (await socket.call("shh_hasSymKey", known)) === true);
        const id = good ? known : String(await make());
        this.ids.set(conversation, id);
        this.#checked.add(id);
        return id;
    }

    async remove(socket: RpcSocket | null, conversation: string): Promise<void> {
        const id = this.ids.get(conversation);
        this.ids.delete(conversation);
        if (id && socket) await socket.call("shh_deleteSymKey", id);
    }
}
