// SPDX-License-Identifier: Apache-2.0 OR MIT
// What the node says about itself, every two seconds, and what changed since.
import { LinkLost, type RpcSocket } from "./rpc.ts";
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

/** What sotto_subscribe tells of peers. */
export interface PeerEvent {
    event: string;
    transport: string;
    inbound: boolean;
    address: string;
    reason: string | null;
}

export function describe({ event, transport, inbound, address, reason }: PeerEvent): string {
    const peer = `${transport} peer ${address}`;
    if (event === "connected") return `${peer} is there (${inbound ? "inbound" : "outbound"})`;
    return `${peer} is gone${reason ? `: ${reason}` : ""}`;
}

/** One line for each peer whose state changed from one look to the next. */
export function turns(before: readonly Peer[], after: readonly Peer[]): string[] {
    const key = (peer: Peer) => `${peer.network} peer ${peer.remoteAddress}`;
    const old = new Map(before.map((peer) => [key(peer), peer.state]));
    return after
        .filter((peer) => (old.get(key(peer)) ?? peer.state) !== peer.state)
        .map((peer) => `${key(peer)} is ${peer.state}, was ${old.get(key(peer))}`);
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
        await socket.subscribe("sotto_subscribe", ["peers", {}], (event) => {
            this.onEvent(describe(event as PeerEvent));
            look();
        });
    }

    detach(): void {
        clearInterval(this.#timer);
        this.peers = [];
        this.onChange();
    }

    async #look(socket: RpcSocket): Promise<void> {
        const [status, peers] = await Promise.all([socket.call("sotto_status"), socket.call("sotto_peers")]);
        this.status = status as Status;
        for (const line of turns(this.peers, peers as Peer[])) this.onEvent(line);
        this.peers = peers as Peer[];
        this.traffic.add(this.#now(), { in: this.status.bytesIn, out: this.status.bytesOut });
        this.onChange();
    }

    #tell(error: unknown): void {
        if (!(error instanceof LinkLost)) this.onEvent(`the node did not tell about itself: ${String(error)}`);
    }
}
