// SPDX-License-Identifier: Apache-2.0 OR MIT
// Headless Chromium, and a watch over what a page must never do.
import assert from "node:assert/strict";
import { join } from "node:path";
import { chromium } from "playwright-core";

export const LIMIT = 20_000; // milliseconds for anything to appear

export class Browser {
    #browser;
    #folder;
    #complaints = [];

    /** `folder` takes the screenshots. */
    static async start(folder) {
        const self = new Browser();
        self.#folder = folder;
        self.#browser = await chromium.launch({
            executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
            // Root cannot have the sandbox. The name stands for a node elsewhere in the LAN.
            args: [
                "--disable-dev-shm-usage", // containers have little of it
                "--host-resolver-rules=MAP node.example 127.0.0.1",
                ...(process.getuid() === 0 ? ["--no-sandbox"] : []),
            ],
        });
        return self;
    }

    /** A window of its own browser profile, watched: cookies and storage are shared with no other. */
    async open(options = {}) {
        const context = await this.#browser.newContext({ viewport: { width: 1100, height: 760 }, ...options });
        const page = await context.newPage();
        page.setDefaultTimeout(LIMIT);
        this.#watch(page);
        return page;
    }

    #watch(page) {
        const complain = (text) => this.#complaints.push(`${page.url()}: ${text}`);
        const sameHost = (url) => new URL(url).host === new URL(page.url()).host;
        let expected = 0;
        page.expectRefusals = (count) => (expected = count);
        page.on("console", (message) => {
            if (!["error", "warning"].includes(message.type())) return;
            // Chromium reports each answer of 4xx, and each lost WebSocket, as an error of the page.
            if (expected > 0 && /Failed to load resource|WebSocket/.test(message.text())) --expected;
            else complain(`console: ${message.text()}`);
        });
        page.on("pageerror", (error) => complain(`exception: ${error.message}`));
        page.on("dialog", (dialog) => complain(`dialog: ${dialog.message()}`));
        page.on("request", (request) => {
            const url = request.url();
            if (!url.startsWith("data:") && !request.isNavigationRequest() && !sameHost(url))
                complain(`foreign request: ${url}`);
        });
        page.on("websocket", (socket) => sameHost(socket.url()) || complain(`foreign WebSocket: ${socket.url()}`));
    }

    async shot(page, name) {
        await page.screenshot({ path: join(this.#folder, `${name}.png`) });
    }

    /** After a failure: what all windows show, and what they said. */
    async explain(name) {
        for (const text of this.#complaints) console.error(text);
        const pages = this.#browser.contexts().flatMap((context) => context.pages());
        for (const [i, page] of pages.entries()) await this.shot(page, `failed-${name}-${i}`).catch(() => {});
    }

    async stop() {
        await this.#browser.close();
        assert.deepEqual(this.#complaints, []);
    }
}

export async function signIn(page, link) {
    await page.goto(link);
    await connected(page);
}

export async function connected(page) {
    await page.locator(".link[data-link=open]").waitFor();
    // The own key is there once the node has been asked for it.
    await page.waitForFunction(() => document.querySelector(".own-key").value.startsWith("0x04"));
}

export function ownKey(page) {
    return page.locator(".own-key").inputValue();
}

export async function openConversation(page, name) {
    await page.locator("input[name=name]").fill(name);
    await page.keyboard.press("Enter");
}

export async function say(page, text) {
    await page.locator("textarea").fill(text);
    await page.keyboard.press("Enter");
}

/** Waits for the line that has exactly this text, in the conversation that is shown. */
export async function line(page, text) {
    const found = page.locator(".lines li").filter({ has: page.locator("p", { hasText: text }) });
    await found.waitFor();
    assert.equal(await found.count(), 1, `"${text}" is shown more than once`);
    assert.equal(await found.locator("p").textContent(), text);
    return found;
}

export async function marked(page, text, ...marks) {
    const found = await line(page, text);
    const any = marks.map((mark) => `.mark[data-mark=${mark}]`).join(", ");
    await found.locator(any).waitFor();
}

/** Nothing sticks out to the right. */
export async function fits(page) {
    const { scrollWidth, innerWidth } = await page.evaluate(() => ({
        scrollWidth: document.documentElement.scrollWidth,
        innerWidth,
    }));
    assert.ok(scrollWidth <= innerWidth, `the page is ${scrollWidth} px wide, the window ${innerWidth}`);
}
