// SPDX-License-Identifier: Apache-2.0 OR MIT
// Bundles src/ into one HTML file without any other: `node build.mjs [OUT]`. The same sources and lockfile give the
// same bytes; tests/functional/test_page_build.py holds web/dist/index.html to that.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const out = process.argv[2] ?? here("dist/index.html");

const result = await build({
    absWorkingDir: here("."),
    entryPoints: ["src/main.ts", "src/style.css"],
    outdir: "out",
    write: false,
    bundle: true,
    minify: true,
    charset: "utf8",
    format: "iife",
    target: ["es2022", "chrome100", "firefox100", "safari15.4"],
    legalComments: "none",
    logLevel: "warning",
});
const text = (suffix) => result.outputFiles.find((file) => file.path.endsWith(suffix)).text.trim();
const script = text(".js");
const style = text(".css");
// Inside these elements nothing is escaped: the end of one must not occur.
for (const part of [script, style]) {
    if (/<\/(script|style)|<!--/i.test(part)) throw new Error("the bundle would end its own element");
}
// Their licences want to be told with the copies.
const { dependencies } = JSON.parse(await readFile(here("package.json"), "utf8"));
let notices = "";
for (const name of Object.keys(dependencies)) {
    notices += `${name}: ${await readFile(here(`node_modules/${name}/LICENSE`), "utf8")}`;
}
if (notices.includes("--")) throw new Error("a licence would end its comment");
const template = (await readFile(here("src/index.html"), "utf8")).replace(/>\s+</g, "><").trim();
const html = template
    .replace("<!--notices-->", () => `<!--\n${notices}-->`)
    .replace("/*style*/", () => style)
    .replace("/*script*/", () => script);
await mkdir(dirname(out), { recursive: true });
await writeFile(out, html + "\n");
