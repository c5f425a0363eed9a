// SPDX-License-Identifier: Apache-2.0 OR MIT
// Murmur (npm murmur-client), Status's Whisper node in JavaScript, over devp2p alone: RLPx with base protocol version 4.
// What its own server does with its provider and nodes is done here, without its list of Status's servers.
//   --listen HOST:PORT   default 127.0.0.1:0

import { emit, serve, toHex } from '../lib/control.mjs'
import { createRequire } from 'node:module'
import { setImmediate } from 'node:timers/promises'
import { parseArgs } from 'node:util'

const require = createRequire(import.meta.url)
const DevP2PNode = require('murmur-client/dist/devp2p-node.js')
const Envelope = require('murmur-client/dist/envelope.js')
const Manager = require('murmur-client/dist/manager.js')
const Provider = require('murmur-client/dist/provider.js')
const rlp = require('rlp-encoding')
const { keccak256 } = require('eth-lib/lib/hash')

const { values: options } = parseArgs({ options: { listen: { type: 'string', default: '127.0.0.1:0' } } })
const [host, port] = options.listen.split(':')

const provider = new Provider()
const node = new DevP2PNode()
node.setConfig({ account: '', devp2p: { bootnodes: [], staticNodes: [] } })
node.start()
const manager = new Manager(provider, { isBridge: false, ignoreBloomFilters: false })
manager.setupNodes([node])
manager.start()

const idOf = (peer) => peer.getId().toString('hex')

node.rlpx.on('peer:added', (peer) => {
  const { clientId, capabilities, protocolVersion } = peer.getHelloMessage()
  const caps = capabilities.map(({ name, version }) => `${name}/${version}`)
  peer.getProtocols()[0].events.on('status', (fields) => {
    emit('status', { peer: idOf(peer), version: fields[0][0], pow: toHex(fields[1]), bloom: toHex(fields[2]) })
  })
  peer.getProtocols()[0].events.on('bloom_exchange', (bloom) => emit('bloom', { peer: idOf(peer), bloom: toHex(bloom) }))
  emit('session', { peer: idOf(peer), state: 'up', client: clientId, caps, base: protocolVersion })
})
node.rlpx.on('peer:removed', (peer, reason, byUs) => {
  emit('session', { peer: idOf(peer), state: 'down', reason: peer.getDisconnectPrefix(reason) ?? null, byUs })
})
node.rlpx.on('peer:error', (_, error) => emit('error', { message: String(error) }))

// Murmur names an envelope by an id of its own; the tests know it by its hash.
const hashes = new Map()
let lastSent

const { broadcast } = node
node.broadcast = (input, ...rest) => {
  if (input instanceof Envelope) lastSent = remember(input)
  broadcast.call(node, input, ...rest)
}

function remember(envelope) {
  hashes.set(envelope.id, keccak256(toHex(rlp.encode(envelope.message))))
  return hashes.get(envelope.id)
}

provider.on('data', ({ params: { subscription, result } }) => {
  emit('message', { filter: subscription, ...result, hash: hashes.get(result.hash) })
})

/** Its provider's answer. It never answers a shh_post that went well, but has then sent the envelope before it returns. */
function rpc(method, ...params) {
  return new Promise((resolve, reject) => {
    provider.sendAsync({ id: 1, method, params }, (error, answer) => error ? reject(error) : resolve(answer.result))
    if (method === 'shh_post') resolve(null)
  })
}

// It mines on the thread that reads, and finds little work: with more than this it works till powTime ends, reads nothing
// meanwhile and then hangs up on peers that seem silent.
const DEFAULTS = { ttl: 10, powTime: 1, powTarget: 0.002 }

async function newKeyPair() {
  const id = await rpc('shh_newKeyPair')
  return { id, publicKey: await rpc('shh_getPublicKey', id) }
}

async function postMany({ count, payload, ...fields }) {
  const posted = []
  for (let i = 0; i < count; i++) {
    await rpc('shh_post', { ...DEFAULTS, ...fields, payload: payload + i.toString(16).padStart(8, '0') })
    posted.push(lastSent)
    await setImmediate() // let it read
  }
  return posted
}

async function listen() {
  await new Promise((resolve, reject) => {
    node.rlpx.once('listening', resolve).once('error', reject)
    node.rlpx.listen(Number(port), host)
  })
  return `enode://${node.rlpx._id.toString('hex')}@${host}:${node.rlpx._server.address().port}`
}

await serve({ enode: await listen() }, {
  connect: ({ addr }) => rpc('admin_addPeer', addr.replace(/\?.*/, '')),
  disconnect: ({ peer }) => node.rlpx.disconnect(Buffer.from(peer, 'hex')),
  addSymKey: ({ password }) => rpc('shh_generateSymKeyFromPassword', password),
  newKeyPair,
  subscribe: (criteria) => rpc('shh_subscribe', 'messages', criteria),
  postMany
})
