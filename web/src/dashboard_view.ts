// SPDX-License-Identifier: Apache-2.0 OR MIT
import { el, svg } from "./dom.ts";
import { bytes, clock, span } from "./format.ts";
import type { NodeWatch, Peer, Status } from "./node_watch.ts";
import { ceiling, points } from "./traffic.ts";

const WIDTH = 600;
const HEIGHT = 140;
const MAX_EVENTS = 200;
const COLUMNS = ["State", "Network", "Way", "Address", "Security", "Muxer", "Age", "Agent"];

function fact(name: string, value: string | Node): HTMLElement {
    return el("div", {}, el("dt", { text: name }), el("dd", {}, value));
}

function identity(value: string | null): HTMLElement {
    return value ? el("code", { text: value }) : el("span", { text: "off" });
}

function pool({ pool }: Status): HTMLElement {
    const text = `${pool.envelopes} envelopes, ${bytes(pool.bytes)}`;
    if (pool.maxBytes === null) return el("span", { text });
    const meter = el("meter", { min: 0, max: pool.maxBytes, value: pool.bytes, "aria-label": "how full the pool is" });
    return el("span", {}, `${text} of ${bytes(pool.maxBytes)} `, meter);
}

function row(peer: Peer): HTMLElement {
    const cells = [
        peer.network,
        peer.direction === "inbound" ? "in" : "out",
        peer.remoteAddress,
        peer.security,
        peer.muxer ?? "none",
        span(peer.ageSeconds),
        peer.agent,
    ];
    const state = el("td", {}, el("span", { class: "state", "data-state": peer.state, text: peer.state }));
    return el("tr", { title: peer.peerId }, state, ...cells.map((text) => el("td", {}, el("bdi", { text }))));
}

export class DashboardView {
    readonly root: HTMLElement;
    readonly #watch: NodeWatch;
    readonly #facts = el("dl", { class: "facts" });
    readonly #rows = el("tbody");
    readonly #count = el("span");
    readonly #top = el("span");
    readonly #in = svg("polyline", { class: "in" });
    readonly #out = svg("polyline", { class: "out" });
    readonly #events = el("ol", { class: "events", role: "log", "aria-label": "Events", tabindex: 0 });

    constructor(watch: NodeWatch) {
        this.#watch = watch;
        this.root = el("main", { class: "dashboard" }, this.#node(), this.#traffic(), this.#peers(), this.#log());
        watch.onChange = () => this.#draw();
        watch.onEvent = (text) => this.tell(text);
    }

    tell(text: string): void {
        const now = Date.now();
        this.#events.prepend(el("li", {}, el("time", { text: clock(now) }), " ", el("bdi", { text })));
        while (this.#events.childElementCount > MAX_EVENTS) this.#events.lastElementChild?.remove();
    }

    #node(): HTMLElement {
        return el("section", {}, el("h2", { text: "Node" }), this.#facts);
    }

    #traffic(): HTMLElement {
        const label = "Bytes per second in and out, over ten minutes";
        const box = {
            viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
            preserveAspectRatio: "none",
            role: "img",
            "aria-label": label,
        };
        const legend = el(
            "p",
            { class: "legend" },
            el("span", { class: "in", text: "in" }),
            el("span", { class: "out", text: "out" }),
            this.#top,
        );
        return el("section", {}, el("h2", { text: "Traffic" }), svg("svg", box, this.#out, this.#in), legend);
    }

    #peers(): HTMLElement {
        const head = el("thead", {}, el("tr", {}, ...COLUMNS.map((text) => el("th", { scope: "col", text }))));
        const scroller = { class: "scroll", tabindex: 0, role: "region", "aria-label": "Peers" };
        return el(
            "section",
            {},
            el("h2", {}, "Peers ", this.#count),
            el("div", scroller, el("table", {}, head, this.#rows)),
        );
    }

    #log(): HTMLElement {
        return el("section", {}, el("h2", { text: "Events" }), this.#events);
    }

    #draw(): void {
        const { status, peers, traffic } = this.#watch;
        this.#count.textContent = String(peers.length);
        this.#rows.replaceChildren(...peers.map(row));
        const top = ceiling(traffic.rates);
        this.#top.textContent = `full height: ${bytes(top)}/s`;
        for (const [line, of] of [
            [this.#in, "in"],
            [this.#out, "out"],
        ] as const) {
            line.setAttribute("points", points(traffic.rates, of, WIDTH, HEIGHT, top));
        }
        if (status) this.#facts.replaceChildren(...this.#describe(status));
    }

    #describe(status: Status): HTMLElement[] {
        const { counters } = status;
        return [
            fact("Version", status.version),
            fact("Up for", span(status.uptimeSeconds)),
            fact("Pool", pool(status)),
            fact("Envelopes taken", `${counters["accepted"] ?? 0}`),
            fact("Copies sent", `${counters["sent"] ?? 0}`),
            fact("Refused", `${counters["refused"] ?? 0}`),
            fact("Bytes", `${bytes(status.bytesIn)} in, ${bytes(status.bytesOut)} out`),
            fact("libp2p", identity(status.peerId)),
            fact("devp2p", identity(status.enode)),
        ];
    }
}
