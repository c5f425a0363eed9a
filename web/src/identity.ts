// SPDX-License-Identifier: Apache-2.0 OR MIT
// Who we are. The private key is the node's; the page knows its id there.
import type { RpcSocket } from "./rpc.ts";

export interface Identity {
    keyId: string;
    /** 0x04 || X || Y */
    publicKey: string;
}

/** The key pair of last time where the node still has it, else a new one. */
export async function findIdentity(socket: RpcSocket, savedId: string): Promise<Identity> {
    const kept = savedId !== "" && (await socket.call("shh_hasKeyPair", savedId)) === true;
    const keyId = kept ? savedId : String(await socket.call("shh_newKeyPair"));
    return { keyId, publicKey: String(await socket.call("shh_getPublicKey", keyId)).toLowerCase() };
}
