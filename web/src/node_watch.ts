// SPDX-License-Identifier: Apache-2.0 OR MIT
// What the node says about itself, every two seconds, and what changed since.
import { isMissing, LinkLost, type RpcSocket } from "./rpc.ts";
import { Traffic } from "./traffic.ts";

export interface Status {
    version: string;
    uptimeSeconds: number;
    enode: string | null;
    peerId: string;
    pool: { bytes: number; envelopes: number; maxBytes: number | null };
    counters: Record<string, number>;
    bytesIn: number;
    bytesOut: number;
}

export interface Peer {
    peerId: string;
    network: string;
    direction: string;
    security: string;
    muxer: string | null;
    agent: string;
    remoteAddress: string;
    ageSeconds: number;
    state: string;
}

const PERIOD = 2000; // milliseconds

/** One line a change, from one look at the peers to the next. */
export function changes(before: readonly Peer[], after: readonly Peer[]): string[] {
    const name = (peer: Peer) => `${peer.network} peer ${peer.remoteAddress}`;
    const key = (peer: Peer) => `${peer.network} ${peer.peerId} ${peer.remoteAddress}`;
    const old = new Map(before.map((peer) => [key(peer), peer]));
    const lines: string[] = [];
    for (const peer of after) {
        const known = old.get(key(peer));
        old.delete(key(peer));
        if (!known) lines.push(`${name(peer)} is there (${peer.direction}, ${peer.state})`);
        else if (known.state !== peer.state) lines.push(`${name(peer)} is ${peer.state}, was ${known.state}`);
    }
    for (const peer of old.values()) lines.push(`${name(peer)} is gone`);
    return lines;
}

export class NodeWatch {
    readonly traffic = new Traffic();
    status: Status | null = null;
    peers: Peer[] = [];
    onChange = (): void => {};
    onEvent = (_text: string): void => {};
    readonly #now: () => number;
    #timer: ReturnType<typeof setInterval> | undefined;

    constructor(now: () => number) {
        this.#now = now;
    }

    async attach(socket: RpcSocket): Promise<void> {
        const look = () => void this.#look(socket).catch((error) => this.#tell(error));
        this.#timer = setInterval(look, PERIOD);
        look();
        try {
            // Told of a change, do not wait for the next look.
            await socket.subscribe("sotto_subscribe", ["peers", {}], look);
        } catch (error) {
            if (!isMissing(error)) throw error;
        }
    }

    detach(): void {
        clearInterval(this.#timer);
        this.peers = [];
        this.onChange();
    }

    async #look(socket: RpcSocket): Promise<void> {
        const [status, peers] = await Promise.all([socket.call("sotto_status"), socket.call("sotto_peers")]);
        this.status = status as Status;
        for (const line of changes(this.peers, peers as Peer[])) this.onEvent(line);
        this.peers = peers as Peer[];
        this.traffic.add(this.#now(), { in: this.status.bytesIn, out: this.status.bytesOut });
        this.onChange();
    }

    #tell(error: unknown): void {
        if (!(error instanceof LinkLost)) this.onEvent(`the node did not tell about itself: ${String(error)}`);
    }
}
