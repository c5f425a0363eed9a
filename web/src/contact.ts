// SPDX-License-Identifier: Apache-2.0 OR MIT
// Where two people read each other: docs/protocols/chat.md 3. Pure.
import { discoveryTopic, LEGACY_DISCOVERY_TOPIC } from "./topics.ts";

export interface Contact {
    /** They listen on the topic that our two keys share. */
    offered: boolean;
    /** Where they read otherwise, as far as we know. */
    answersOn: string | null;
}

/** Where first messages to `key` go. Nothing was heard from them yet: we cannot know where they read. */
export function firstTopics(key: string, contact: Contact): string[] {
    return contact.answersOn ? [contact.answersOn] : [discoveryTopic(key), LEGACY_DISCOVERY_TOPIC];
}

/** What a message sealed for our key tells about where its sender reads. `legacy`: it came on the topic of all;
 *  `offers`: it names the topic that our two keys share. */
export function learn(key: string, contact: Contact, legacy: boolean, offers: boolean): void {
    contact.offered ||= offers;
    // Who wrote on both reads on the topic of their own.
    if (!legacy) contact.answersOn = discoveryTopic(key);
    else contact.answersOn ??= LEGACY_DISCOVERY_TOPIC;
}
