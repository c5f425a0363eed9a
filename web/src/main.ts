// SPDX-License-Identifier: Apache-2.0 OR MIT
import { Chat } from "./chat.ts";
import { ChatView } from "./chat_view.ts";
import { Connector } from "./connector.ts";
import { DashboardView } from "./dashboard_view.ts";
import { button, el, field } from "./dom.ts";
import { NodeWatch } from "./node_watch.ts";
import { type Link, LinkLost, type RpcSocket } from "./rpc.ts";
import { hasSession, signIn, wordOf } from "./session.ts";
import { load } from "./store.ts";

const KEEP_SESSION = 3600_000; // milliseconds
const LINKS: Record<Link, string> = { closed: "no connection", connecting: "connecting", open: "connected" };

const app = document.getElementById("app") as HTMLElement;

/** Until there is a session: the link is asked for. */
function showSignIn(trouble: string): void {
    const word = field("Link", { name: "link", placeholder: "http://…/#…", required: true });
    const why = el("p", { class: "trouble", role: "alert", text: trouble });
    const form = el("form", { class: "sign-in" }, el("h1", { text: "Sotto" }));
    form.append(
        el(
            "p",
            {},
            "This page needs a link that is good once: run ",
            el("code", { text: "sotto page" }),
            " and open what it prints, or paste it here.",
        ),
    );
    form.append(word.box, why, el("button", { text: "Sign in" }));
    form.addEventListener("submit", async (event) => {
        event.preventDefault();
        const found = wordOf(word.input.value);
        const refused = found ? await signIn(found) : "a link ends in # and 64 hex digits";
        if (refused === null) showNode();
        else why.textContent = refused;
    });
    app.replaceChildren(form);
    word.input.focus();
}

/** What was said and what waits to be posted outlive a session: there is one of these. */
interface Shown {
    elements: HTMLElement[];
    connector: Connector;
}
let shown: Shown | null = null;

function showNode(): void {
    shown ??= makeNode();
    app.replaceChildren(...shown.elements);
    void shown.connector.start();
}

function makeNode(): Shown {
    const chat = new Chat(load(), Date.now);
    const watch = new NodeWatch(() => performance.now());
    const chatView = new ChatView(chat);
    const dashboard = new DashboardView(watch);
    const link = el("span", { class: "link", role: "status" });
    const tabs = [
        { name: "Chat", view: chatView.root },
        { name: "Node", view: dashboard.root },
    ].map(({ name, view }) => ({ view, tab: button(name, () => open(view)) }));
    const open = (chosen: HTMLElement) => {
        for (const { view, tab } of tabs) {
            view.hidden = view !== chosen;
            tab.setAttribute("aria-pressed", String(view === chosen));
        }
        chatView.reveal();
    };
    chatView.onUnread = (count) => (document.title = count > 0 ? `(${count}) Sotto` : "Sotto");
    const title = el("h1", { text: "Sotto" });
    const views = el("nav", { "aria-label": "Views" }, ...tabs.map(({ tab }) => tab));
    open(chatView.root);
    return {
        elements: [el("header", { class: "top" }, title, views, link), chatView.root, dashboard.root],
        connector: makeConnector(chat, watch, dashboard, link),
    };
}

function makeConnector(chat: Chat, watch: NodeWatch, dashboard: DashboardView, link: HTMLElement): Connector {
    const connector = new Connector(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/`);
    const attach = async (socket: RpcSocket) => {
        try {
            await Promise.all([watch.attach(socket), chat.attach(socket)]);
        } catch (error) {
            if (!(error instanceof LinkLost)) dashboard.tell(error instanceof Error ? error.message : String(error));
            socket.close();
        }
    };
    connector.onLink = (state) => {
        if (link.dataset["link"] === "open") {
            dashboard.tell("the connection to the node is lost");
            chat.detach();
            watch.detach();
        }
        link.dataset["link"] = state;
        link.textContent = LINKS[state];
    };
    connector.onOpen = (socket) => void attach(socket);
    connector.onSignedOut = () => showSignIn("the node has ended this session");
    setInterval(() => void hasSession(), KEEP_SESSION);
    return connector;
}

async function main(): Promise<void> {
    const word = wordOf(location.hash);
    // Used or not, the word must not stay in the address bar and the history.
    if (location.hash) history.replaceState(null, "", location.pathname);
    const refused = word ? await signIn(word) : null;
    // A link that is opened again, in the browser that has used it, is not an error.
    if (await hasSession()) showNode();
    else showSignIn(refused ?? "");
}

addEventListener("hashchange", () => void main());
void main();
