// SPDX-License-Identifier: Apache-2.0 OR MIT
// Elements from text. There is no way in here for HTML: what a message says stays text.

type Child = Node | string | null;

/** Attributes by name; "text" is the content. False and null leave one out. */
export type Attributes = Record<string, string | number | boolean | null>;

function fill(element: Element, attributes: Attributes, children: readonly Child[]): void {
    for (const [name, value] of Object.entries(attributes)) {
        if (value === false || value === null) continue;
        if (name === "text") element.textContent = String(value);
        else element.setAttribute(name, value === true ? "" : String(value));
    }
    element.append(...children.filter((child) => child !== null));
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
