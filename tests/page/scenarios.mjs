// SPDX-License-Identifier: Apache-2.0 OR MIT
// What people do with the page. Each scenario is run by tests/functional/test_page_browser.py with nodes of its making.
import assert from "node:assert/strict";
import { connected, fits, line, marked, openConversation, ownKey, say, signIn } from "./browser.mjs";

const HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script> \u202egnp.exe';
const HARMLESS = HOSTILE.replace("\u202e", "\ufffd"); // it would read "exe.png"

async function inChannel(alice, bob) {
    for (const page of [alice, bob]) await openConversation(page, "#lobby");
    await say(alice, "hello from devp2p");
    await line(bob, "hello from devp2p");
    await say(bob, "hello from libp2p");
    await line(alice, "hello from libp2p");
    await marked(alice, "hello from devp2p", "acknowledged", "held");
    await marked(bob, "hello from libp2p", "acknowledged", "held");
}

async function stayText(alice, bob) {
    await say(alice, HOSTILE);
    const hostile = await line(bob, HARMLESS);
    assert.equal(await hostile.locator("img, script").count(), 0);
    await bob.locator("textarea").fill("two");
    await bob.keyboard.press("Shift+Enter");
    await bob.keyboard.type("lines");
    await bob.keyboard.press("Enter");
    await line(alice, "two\nlines");
}

/** The bounds are of bytes: what is over them stays where it was written. */
async function whole(alice, bob) {
    const longest = "\u6f22".repeat(21_845) + "x";
    await say(alice, longest + "y");
    await alice.getByRole("alert").filter({ hasText: "65536 bytes" }).waitFor();
    assert.equal(await alice.locator("textarea").inputValue(), longest + "y");
    await say(alice, longest);
    await line(bob, longest);
    assert.equal(await alice.locator("textarea").inputValue(), "");
    await alice.locator("input[name=nick]").fill("\u6f22".repeat(22));
    await alice.keyboard.press("Enter");
    await alice.getByRole("alert").filter({ hasText: "64 bytes" }).waitFor();
    await alice.locator("input[name=nick]").fill("");
    await alice.keyboard.press("Enter");
}

async function oneToOne(alice, bob, shots) {
    const [aliceKey, bobKey] = [await ownKey(alice), await ownKey(bob)];
    assert.notEqual(aliceKey, bobKey);
    await alice.locator("input[name=nick]").fill("alice");
    await openConversation(alice, bobKey);
    await say(alice, "for your eyes only");
    // A stranger's words open a conversation, and do not take the place of the one that is read.
    const unread = bob.locator(".conversations li", { hasText: `@alice/${aliceKey.slice(4, 12)}` });
    await unread.locator(".unread", { hasText: "1" }).waitFor();
    assert.equal(await bob.title(), "(1) Sotto");
    await shots(bob, "unread");
    await unread.locator("button").click();
    await line(bob, "for your eyes only");
    assert.equal(await bob.title(), "Sotto");
    await say(bob, "back to you");
    await line(alice, "back to you");
    await say(alice, "and on the topic we share");
    await line(bob, "and on the topic we share");
    await marked(alice, "for your eyes only", "acknowledged", "held");
    await marked(alice, "and on the topic we share", "acknowledged", "held");
    assert.equal(await alice.locator(".lines li").count(), 3);
    assert.equal(await bob.locator(".lines li").count(), 3);
}

async function dashboard(page, network, muxer) {
    await page.getByRole("button", { name: "Node" }).click();
    const row = page.locator("tbody tr").first();
    await row.waitFor();
    const cells = await row.locator("td").allTextContents();
    assert.equal(cells[0], "ok");
    assert.equal(cells[1], network);
    assert.equal(cells[5], muxer);
    await page.waitForFunction(
        () => document.querySelector("polyline.in").getAttribute("points").split(" ").length > 2,
    );
    await fits(page);
}

/** Two pages on two nodes, each on one network. */
export async function twoNetworks(browser, { alice: aliceLink, bob: bobLink }, python) {
    const shots = (page, name) => browser.shot(page, name);
    const alice = await browser.open({ colorScheme: "light" });
    const bob = await browser.open({ colorScheme: "dark" });
    await signIn(alice, aliceLink);
    await signIn(bob, bobLink);
    for (const page of [alice, bob]) assert.equal(new URL(page.url()).hash, "", "the word stayed in the address");
    await inChannel(alice, bob);
    await stayText(alice, bob);
    await whole(alice, bob);
    await shots(alice, "channel-light");
    await oneToOne(alice, bob, shots);
    await shots(bob, "contact-dark");
    await dashboard(alice, "rlpx", "none");
    await dashboard(bob, "libp2p", "/yamux/1.0.0");
    await python("visit");
    await alice.locator(".events li", { hasText: "speaks Whisper (inbound)" }).waitFor();
    await bob.locator(".events li", { hasText: "speaks Whisper (inbound)" }).waitFor();
    for (const page of [alice, bob]) await page.locator("tbody tr").nth(1).waitFor();
    await shots(alice, "node-light");
    await shots(bob, "node-dark");
}

/** A plain-http name that is not localhost: no crypto.subtle, and the cookie is all that lets the page in. */
export async function lan(browser, { link }) {
    const page = await browser.open();
    await signIn(page, link);
    assert.equal(new URL(page.url()).hostname, "node.example");
    assert.equal(await page.evaluate(() => isSecureContext), false);
    const cookies = await page.context().cookies();
    assert.equal(cookies.length, 1);
    assert.ok(cookies[0].httpOnly && cookies[0].sameSite === "Strict" && cookies[0].path === "/");
    assert.equal(await page.evaluate(() => document.cookie), "");
    await openConversation(page, "#lobby");
    await say(page, "from the LAN");
    await marked(page, "from the LAN", "posted");
    await page.getByRole("button", { name: "Node" }).click();
    await page.locator(".facts dd").first().waitFor();
    await browser.shot(page, "lan");
}

/** A window of 360 px, and hands on the keyboard only. */
export async function narrow(browser, { link }) {
    const page = await browser.open({ viewport: { width: 360, height: 640 }, hasTouch: true });
    await signIn(page, link);
    const tabTo = async (selector) => {
        for (let i = 0; i < 40; ++i) {
            if (await page.evaluate((wanted) => document.activeElement.matches(wanted), selector)) return;
            await page.keyboard.press("Tab");
        }
        assert.fail(`Tab does not reach ${selector}`);
    };
    await tabTo("input[name=name]");
    await page.keyboard.type("a-channel-with-a-name-that-is-rather-long-for-such-a-small-window-and-has-no-break");
    await page.keyboard.press("Enter");
    // The focus is where one writes.
    await page.keyboard.type(`${"unbroken".repeat(40)}`);
    await page.keyboard.press("Enter");
    await line(page, "unbroken".repeat(40));
    await fits(page);
    await browser.shot(page, "narrow-chat");
    await tabTo("nav button:nth-child(2)");
    await page.keyboard.press("Enter");
    await page.locator(".facts dd").first().waitFor();
    await fits(page);
    await browser.shot(page, "narrow-node");
}

/** Without a link there is nothing; a used one is told; a fresh one may be pasted; a reload needs none. */
export async function sessions(browser, { used, fresh }) {
    const page = await browser.open();
    await signIn(page, used);
    await openConversation(page, "#kept");
    await page.reload();
    await connected(page);
    await page.locator(".conversations", { hasText: "#kept" }).waitFor();
    const key = await ownKey(page);

    const other = await browser.open();
    other.expectRefusals(3); // the word, and twice the question whether there is a session
    await other.goto(used);
    await other.getByRole("alert").filter({ hasText: "used" }).waitFor();
    await browser.shot(other, "sign-in");
    await other.locator("input[name=link]").fill("nonsense");
    await other.keyboard.press("Enter");
    await other.getByRole("alert").filter({ hasText: "64 hex digits" }).waitFor();
    await other.locator("input[name=link]").fill(fresh);
    await other.keyboard.press("Enter");
    await connected(other);
    assert.equal(await ownKey(other), key, "who one is, the node says, in every browser");
}

/** The node ends and comes back: the page says so, and asks for a link, since sessions end with the process. What was
 *  said is still there, and what was said meanwhile is posted. */
export async function restart(browser, { link }, python) {
    const page = await browser.open();
    await signIn(page, link);
    const key = await ownKey(page);
    await openConversation(page, "#kept");
    await say(page, "before");
    await marked(page, "before", "posted");
    page.expectRefusals(1000);
    await python("end");
    await page.locator(".link:not([data-link=open])").waitFor();
    await say(page, "meanwhile");
    await marked(page, "meanwhile", "queued");
    await browser.shot(page, "no-connection");
    const fresh = await python("begin");
    await page.getByRole("alert").filter({ hasText: "ended this session" }).waitFor();
    await page.locator("input[name=link]").fill(fresh);
    await page.keyboard.press("Enter");
    await connected(page);
    await line(page, "before");
    await marked(page, "meanwhile", "posted");
    await say(page, "after");
    await marked(page, "after", "posted");
    assert.equal(await page.locator(".lines li").count(), 3);
    assert.equal(await ownKey(page), key, "contacts still know who writes");
}
