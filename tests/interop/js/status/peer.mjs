// SPDX-License-Identifier: Apache-2.0 OR MIT
// status-js-api 1.2.9, with which bots of the Status app were written, as an application of a node's JSON-RPC.
//   --url http://… | ws://… | the path of its IPC socket

import { emit, serve } from '../lib/control.mjs'
import { createRequire } from 'node:module'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'

const StatusJS = createRequire(import.meta.url)('status-js-api')

const { values: options } = parseArgs({ options: { url: { type: 'string' } } })
const status = new StatusJS()
await status.connect(options.url)

async function join({ channel }) {
  await status.joinChat(channel)
  status.onMessage(channel, (error, message) => {
    if (error) return emit('error', { channel, message: error?.message ?? String(error) })
    const { payload, data, username } = message
    emit('message', { channel, payload: JSON.parse(payload), username, hash: data.hash, sig: data.sig })
  })
  const joined = status.channels[status.cleanChannelName(channel)]
  while (!joined.filterId && !joined.subscription?.id) await setTimeout(10) // it tells nobody when it has subscribed
}

// What is written to its own key; it listens where everybody did before 2019.
async function listen() {
  status.onMessage((error, message) => {
    if (error) return emit('error', { message: error?.message ?? String(error) })
    const { payload, data, username } = message
    emit('private', { payload: JSON.parse(payload), username, topic: data.topic, hash: data.hash, sig: data.sig })
  })
  const listening = () => status.userMessagesSubscription
  while (!listening()?.filterId && !listening()?.id) await setTimeout(10)
}

// To a channel, or to a person by key.
const send = ({ channel, text }) => new Promise((resolve, reject) => {
  status.sendMessage(channel, text, (error, sent) => error ? reject(error) : resolve(sent))
})

await serve({}, { join, listen, send, publicKey: () => status.getPublicKey() })
