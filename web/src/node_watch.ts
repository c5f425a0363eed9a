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

/** What sotto_subscribe tells of peers: that a session began or ended, or how a connection is doing. */
export interface PeerEvent {
    event: string;
    transport: string;
    address: string;
    inbound?: boolean;
    state?: string;
    reason: string | null;
}

export function describe({ event, transport, address, inbound, state, reason }: PeerEvent): string {
    const why = reason ? `: ${reason}` : "";
    const what =
        event === "state"
            ? `is ${state}`
            : event === "connected"
              ? `speaks Whisper (${inbound ? "inbound" : "outbound"})`
              : "speaks Whisper no more";
    return `${transport} peer ${address} ${what}${why}`;
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
        this.peers = peers as Peer[];
        this.traffic.add(this.#now(), { in: this.status.bytesIn, out: this.status.bytesOut });
        this.onChange();
    }

    #tell(error: unknown): void {
        if (!(error instanceof LinkLost)) this.onEvent(`the node did not tell about itself: ${String(error)}`);
    }
}
