// SPDX-License-Identifier: Apache-2.0 OR MIT
import type { Chat } from "./chat.ts";
import type { Conversation, Line, Mark } from "./conversation.ts";
import { button, el, field } from "./dom.ts";
import { clock } from "./format.ts";
import { nickTrouble, textTrouble } from "./payload.ts";
import { channelName, publicKey, shortKey } from "./topics.ts";

/** The signs of docs/protocols/chat.md 6. */
const MARKS: Record<Mark, [sign: string, meaning: string]> = {
    queued: ["·", "waits for the node"],
    posted: ["·", "sealed; no peer has it yet"],
    sent: ["✓", "given to a peer"],
    acknowledged: ["✓✓", "a peer has confirmed it"],
    held: ["✓✓", "several peers have confirmed it"],
    expired: ["!", "expired before a peer had it"],
    failed: ["!", "failed"],
};

function markOf(line: Line): HTMLElement | null {
    if (!line.mark) return null;
    const [sign, meaning] = MARKS[line.mark];
    const text = line.why ? `${meaning}: ${line.why}` : meaning;
    return el("span", {
        class: "mark",
        "data-mark": line.mark,
        role: "img",
        "aria-label": text,
        title: text,
        text: sign,
    });
}

function lineElement(line: Line): HTMLElement {
    const name = line.nick || (line.own ? "me" : line.from ? shortKey(line.from) : "anonymous");
    const key = line.from ? shortKey(line.from) : line.own ? "" : "unsigned";
    const action = line.text.startsWith("/me ") ? line.text.slice(4) : null;
    return el(
        "li",
        { class: line.own ? "own" : "" },
        el("time", { text: clock(line.milliseconds) }),
        " ",
        el("bdi", { class: "nick", text: name }),
        " ",
        el("span", { class: "key", title: line.from || "nobody signed it", text: key }),
        " ",
        markOf(line),
        action === null
            ? el("p", { dir: "auto", text: line.text })
            : el("p", { class: "action" }, "* ", el("bdi", { text: name }), " ", el("bdi", { text: action })),
    );
}

export class ChatView {
    readonly root: HTMLElement;
    readonly #chat: Chat;
    #shown: Conversation | null = null;
    readonly #elements = new WeakMap<Line, HTMLElement>();
    readonly #list = el("ul", { class: "conversations" });
    readonly #title = el("h2");
    readonly #lines = el("ol", { class: "lines", role: "log", "aria-label": "Messages", tabindex: 0 });
    readonly #text = el("textarea", { rows: 2, "aria-label": "Message", placeholder: "Message" });
    readonly #pane: HTMLElement;
    readonly #ownKey = field("Your key: give it to people", { readonly: true, class: "own-key" });
    readonly #trouble = el("p", { class: "trouble", role: "alert" });
    onUnread = (_count: number): void => {};

    constructor(chat: Chat) {
        this.#chat = chat;
        this.#pane = this.#makePane();
        this.root = el("main", { class: "chat" }, this.#makeSide(), this.#pane);
        chat.onList = () => this.#drawList();
        chat.onLine = (conversation, line) => this.#take(conversation, line);
        chat.onMark = (line) => this.#redraw(line);
        chat.onTrouble = (text) => (this.#trouble.textContent = text);
        document.addEventListener("visibilitychange", () => this.#read());
        this.#show(chat.conversations[0] ?? null);
    }

    /** Whether somebody can see the conversations: what comes then counts as read. */
    get #visible(): boolean {
        return !this.root.hidden && document.visibilityState === "visible";
    }

    reveal(): void {
        this.#read();
        this.#lines.lastElementChild?.scrollIntoView({ block: "end" });
    }

    #makeSide(): HTMLElement {
        const name = field("Channel or person", { name: "name", placeholder: "#lobby, 0x04…", required: true });
        const join = el("form", { class: "join" }, name.box, el("button", { text: "Open" }));
        join.addEventListener("submit", (event) => {
            event.preventDefault();
            if (this.#open(name.input.value)) name.input.value = "";
        });
        const nick = field("Your name", { name: "nick", placeholder: "what others see" });
        nick.input.value = this.#chat.nick;
        nick.input.addEventListener("change", () => this.#setNick(nick.input.value.trim()));
        this.#ownKey.input.addEventListener("focus", () => this.#ownKey.input.select());
        return el("aside", {}, join, this.#trouble, this.#list, el("div", { class: "me" }, nick.box, this.#ownKey.box));
    }

    #makePane(): HTMLElement {
        const form = el("form", { class: "say" }, this.#text, el("button", { text: "Send" }));
        form.addEventListener("submit", (event) => {
            event.preventDefault();
            this.#say();
        });
        this.#text.addEventListener("keydown", (event) => {
            // isComposing: this Enter ends a word of an input method.
            if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
            event.preventDefault();
            this.#say();
        });
        const leave = button("Leave", () => this.#shown && this.#leave(this.#shown));
        return el("section", { class: "pane" }, el("header", {}, this.#title, leave), this.#lines, form);
    }

    #setNick(nick: string): void {
        const why = nickTrouble(nick);
        this.#trouble.textContent = why;
        if (!why) this.#chat.setNick(nick);
    }

    #open(text: string): boolean {
        const key = publicKey(text);
        const name = key ?? channelName(text);
        const wrongKey = !key && text.trim().startsWith("0x");
        const opened = name && !wrongKey ? this.#chat.open(key ? "contact" : "channel", name) : null;
        this.#trouble.textContent = opened
            ? ""
            : wrongKey
              ? "a person's key is 0x04 and 128 hex digits"
              : "a channel's name has 1 to 128 bytes and no control characters; there can be 200 conversations";
        if (opened) this.#show(opened);
        if (opened) this.#text.focus();
        return opened !== null;
    }

    #leave(conversation: Conversation): void {
        this.#chat.leave(conversation);
        this.#show(this.#chat.conversations[0] ?? null);
    }

    #say(): void {
        const text = this.#text.value.trim();
        if (!text || !this.#shown) return;
        const why = textTrouble(text);
        this.#trouble.textContent = why;
        if (why) return;
        this.#text.value = "";
        this.#chat.say(this.#shown, text);
    }

    #show(conversation: Conversation | null): void {
        this.#shown = conversation;
        this.#pane.hidden = conversation === null;
        this.#title.title = conversation?.name ?? "";
        this.#lines.replaceChildren(...(conversation?.lines.map((line) => this.#element(line)) ?? []));
        this.#read();
        this.reveal();
    }

    #read(): void {
        if (this.#shown && this.#visible) this.#shown.unread = 0;
        this.#drawList();
    }

    #element(line: Line): HTMLElement {
        const element = lineElement(line);
        this.#elements.set(line, element);
        return element;
    }

    #take(conversation: Conversation, line: Line): void {
        const seen = conversation === this.#shown && this.#visible;
        if (!seen && !line.own) ++conversation.unread;
        if (conversation === this.#shown) this.#append(line, conversation.lines.length);
        this.#drawList();
    }

    #append(line: Line, count: number): void {
        const { scrollTop, scrollHeight, clientHeight } = this.#lines;
        const atEnd = scrollHeight - scrollTop - clientHeight < 40;
        this.#lines.append(this.#element(line));
        while (this.#lines.childElementCount > count) this.#lines.firstElementChild?.remove();
        // Who reads further up is left alone.
        if (atEnd || line.own) this.#lines.scrollTop = this.#lines.scrollHeight;
    }

    #redraw(line: Line): void {
        const old = this.#elements.get(line);
        if (old) old.replaceWith(this.#element(line));
    }

    #drawList(): void {
        const items = this.#chat.conversations.map((conversation) => {
            const { title, unread, name } = conversation;
            const shown = conversation === this.#shown;
            const open = button("", () => this.#show(conversation), {
                title: name,
                "aria-current": shown ? "true" : null,
            });
            open.append(el("bdi", { text: title }));
            if (unread > 0)
                open.append(" ", el("span", { class: "unread", "aria-label": `${unread} unread`, text: unread }));
            return el("li", {}, open);
        });
        // The focus must not be lost with the button that has it.
        const focused = [...this.#list.querySelectorAll("button")].findIndex((one) => one === document.activeElement);
        this.#list.replaceChildren(...items);
        if (focused >= 0) this.#list.querySelectorAll("button")[focused]?.focus();
        this.#title.replaceChildren(el("bdi", { text: this.#shown?.title ?? "" }));
        const key = this.#chat.identity?.publicKey ?? "";
        if (this.#ownKey.input.value !== key) this.#ownKey.input.value = key;
        this.onUnread(this.#chat.conversations.reduce((sum, one) => sum + one.unread, 0));
    }
}
