// SPDX-License-Identifier: Apache-2.0 OR MIT
// Who we are: whom the node's data directory says, as `sotto chat` is. The private key stays there; the page knows its id.
import type { RpcSocket } from "./rpc.ts";

export interface Identity {
    keyId: string;
    /** 0x04 || X || Y */
    publicKey: string;
}

export async function findIdentity(socket: RpcSocket): Promise<Identity> {
    const keyId = String(await socket.call("sotto_chatIdentity"));
    return { keyId, publicKey: String(await socket.call("shh_getPublicKey", keyId)).toLowerCase() };
}
