// SPDX-License-Identifier: Apache-2.0 OR MIT
// web3 1.10.4 and its shh module, as an application of a node's JSON-RPC. What web3 returns goes out as it is.
//   --url http://… | ws://… | ipc:PATH

import { emit, serve } from '../lib/control.mjs'
import { createRequire } from 'node:module'
import net from 'node:net'
import { parseArgs } from 'node:util'

const Web3 = createRequire(import.meta.url)('web3')

const { values: options } = parseArgs({ options: { url: { type: 'string' } } })
const web3 = options.url.startsWith('ipc:')
  ? new Web3(new Web3.providers.IpcProvider(options.url.slice(4), net))
  : new Web3(options.url)
const { shh } = web3
const subscriptions = new Map()

function subscribe({ criteria }) {
  return new Promise((resolve, reject) => {
    const subscription = shh.subscribe('messages', criteria)
    subscription.on('connected', (id) => {
      subscriptions.set(id, subscription)
      resolve(id)
    })
    subscription.on('data', (message) => emit('message', { filter: subscription.id, ...message }))
    subscription.on('error', reject)
  })
}

function unsubscribe({ filter }) {
  return new Promise((resolve, reject) => {
    subscriptions.get(filter).unsubscribe((error, done) => error ? reject(error) : resolve(done))
  })
}

/** Every method of web3.shh by its own name, and what web3 names otherwise. */
const METHODS = {
  clientVersion: () => web3.eth.getNodeInfo(),
  netVersion: () => shh.net.getId(),
  peerCount: () => shh.net.getPeerCount(),
  listening: () => shh.net.isListening()
}

await serve({}, {
  call: ({ method, params = [] }) => (METHODS[method] ?? shh[method])(...params),
  subscribe,
  unsubscribe
})
