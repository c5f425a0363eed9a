// SPDX-License-Identifier: Apache-2.0 OR MIT
// Elements from text. There is no way in here for HTML: what a message says stays text.
import { printable } from "./printable.ts";

type Child = Node | string | null;

/** Attributes by name; "text" is the content. False and null leave one out. */
export type Attributes = Record<string, string | number | boolean | null>;

function fill(element: Element, attributes: Attributes, children: readonly Child[]): void {
    for (const [name, value] of Object.entries(attributes)) {
        if (value === false || value === null) continue;
        const text = value === true ? "" : printable(String(value));
        if (name === "text") element.textContent = text;
        else element.setAttribute(name, text);
    }
    for (const child of children) {
        if (child !== null) element.append(typeof child === "string" ? printable(child) : child);
    }
}

export function el<K extends keyof HTMLElementTagNameMap>(
    tag: K,
    attributes: Attributes = {},
    ...children: Child[]
): HTMLElementTagNameMap[K] {
    const element = document.createElement(tag);
    fill(element, attributes, children);
    return element;
}

export function svg<K extends keyof SVGElementTagNameMap>(
    tag: K,
    attributes: Attributes = {},
    ...children: Child[]
): SVGElementTagNameMap[K] {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    fill(element, attributes, children);
    return element;
}

export function button(text: string, press: () => void, attributes: Attributes = {}): HTMLButtonElement {
    const element = el("button", { type: "button", text, ...attributes });
    element.addEventListener("click", press);
    return element;
}

/** A field with its label; the label is read, and seen where `seen`. */
export function field(label: string, attributes: Attributes): { box: HTMLElement; input: HTMLInputElement } {
    const input = el("input", { autocomplete: "off", spellcheck: "false", ...attributes });
    return { box: el("label", {}, el("span", { text: label }), input), input };
}
