// SPDX-License-Identifier: Apache-2.0 OR MIT
// web3 0.20.7, the API that Status and its time wrote against, as an application of a node's JSON-RPC. What web3 returns
// goes out as it is.
//   --url http://… | ipc:PATH

import { emit, serve } from '../lib/control.mjs'
import { createRequire } from 'node:module'
import net from 'node:net'
import { parseArgs } from 'node:util'

const Web3 = createRequire(import.meta.url)('web3')
const { HttpProvider, IpcProvider } = Web3.providers

const { values: options } = parseArgs({ options: { url: { type: 'string' } } })
const ipc = options.url.startsWith('ipc:')
const web3 = new Web3(ipc ? new IpcProvider(options.url.slice(4), net) : new HttpProvider(options.url))
const { shh } = web3
const filters = new Map()

const promised = (start) => new Promise((resolve, reject) => {
  start((error, result) => error ? reject(error) : resolve(result))
})

/** Its own polling: every half second, all filters in one batch. */
function watch({ criteria }) {
  return new Promise((resolve, reject) => {
    const filter = shh.newMessageFilter(criteria, (error, message) => {
      if (error) emit('error', { message: String(error) })
      else emit('message', { filter: filter.filterId, ...message })
    }, reject)
    const started = setInterval(() => {
      if (!filter.filterId) return
      clearInterval(started)
      filters.set(filter.filterId, filter)
      resolve(filter.filterId)
    }, 10)
  })
}

/** Every method of web3.shh by its own name, and what web3 names otherwise. */
const METHODS = {
  shhVersion: (done) => web3.version.getWhisper(done),
  clientVersion: (done) => web3.version.getNode(done),
  netVersion: (done) => web3.version.getNetwork(done),
  peerCount: (done) => web3.net.getPeerCount(done),
  listening: (done) => web3.net.getListening(done)
}

await serve({}, {
  call: ({ method, params = [] }) => promised((done) => (METHODS[method] ?? shh[method])(...params, done)),
  watch,
  unwatch: ({ filter }) => promised((done) => filters.get(filter).stopWatching(done)),
  /** Many calls in one batch, answered in their order. */
  batch: ({ calls }) => new Promise((resolve, reject) => {
    const batch = web3.createBatch()
    const results = []
    for (const { method, params = [] } of calls) {
      batch.add(shh[method].request(...params, (error, result) => {
        results.push(error ? { error: String(error.message ?? error) } : { result })
        if (results.length === calls.length) resolve(results)
      }))
    }
    batch.execute()
  })
})
