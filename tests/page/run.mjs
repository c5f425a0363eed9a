// SPDX-License-Identifier: Apache-2.0 OR MIT
// run.mjs SCENARIO FOLDER ARGUMENTS: one scenario; exit 0 when all that it asks for is so. A line on stdout is a request
// to whoever started this, the next line of stdin its answer.
import { createInterface } from "node:readline/promises";
import { Browser } from "./browser.mjs";
import * as scenarios from "./scenarios.mjs";

const [name, folder, text] = process.argv.slice(2);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const ask = async (request) => {
    console.log(request);
    return (await lines.next()).value;
};

const browser = await Browser.start(folder);
let code = 0;
try {
    await scenarios[name](browser, JSON.parse(text), ask);
    await browser.stop();
} catch (error) {
    console.error(error);
    await browser.explain(name);
    code = 1;
}
process.exit(code);
