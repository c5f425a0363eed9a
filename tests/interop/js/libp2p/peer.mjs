// SPDX-License-Identifier: Apache-2.0 OR MIT
// js-libp2p over TCP, Noise and yamux.
//   --key-type ed25519|secp256k1|rsa   the identity, made afresh
//   --listen MULTIADDR                 default /ip4/127.0.0.1/tcp/0
//   --raw PROTOCOL                     incoming streams of this protocol are the test's (repeatable)

import { emit, serve } from '../lib/control.mjs'
import { parseArgs } from 'node:util'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { peerIdFromString } from '@libp2p/peer-id'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { RawStreams, echo, perf, serveEcho, servePerf } from './streams.mjs'

const ECHO = '/echo/1.0.0'
const PERF = '/perf/1.0.0'
const KEY_TYPES = { ed25519: ['Ed25519'], secp256k1: ['secp256k1'], rsa: ['RSA', 2048] }

const { values: options } = parseArgs({
  options: {
    'key-type': { type: 'string', default: 'ed25519' },
    listen: { type: 'string', default: '/ip4/127.0.0.1/tcp/0' },
    raw: { type: 'string', multiple: true, default: [] }
  }
})

const node = await createLibp2p({
  privateKey: await generateKeyPair(...KEY_TYPES[options['key-type']]),
  addresses: { listen: [options.listen] },
  transports: [tcp()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()],
  services: { identify: identify(), ping: ping() },
  // By default a host may open 5 connections a second: all peers of a test are one host.
  connectionManager: { inboundConnectionThreshold: 1000, maxIncomingPendingConnections: 1000 }
})

const raw = new RawStreams()
const identified = new Map() // connection id -> promise and its resolver

function identification(connectionId) {
  if (!identified.has(connectionId)) identified.set(connectionId, Promise.withResolvers())
  return identified.get(connectionId)
}

node.addEventListener('peer:identify', ({ detail }) => identification(detail.connection.id).resolve(detail))
for (const [name, state] of [['connection:open', 'up'], ['connection:close', 'down']]) {
  node.addEventListener(name, ({ detail: c }) => {
    if (state === 'down') identified.delete(c.id)
    emit('connection', { peer: c.remotePeer.toString(), state, inbound: c.direction === 'inbound' })
  })
}
await node.handle(ECHO, serveEcho)
await node.handle(PERF, servePerf)
for (const protocol of options.raw) await node.handle(protocol, (stream, connection) => { raw.add(stream, connection) })

const target = (peer) => peer.startsWith('/') ? multiaddr(peer) : peerIdFromString(peer)
const openStream = (peer, protocol) => node.dialProtocol(target(peer), protocol, { signal: AbortSignal.timeout(15_000) })

async function describe(peer) {
  const connection = await node.dial(target(peer))
  const found = await identification(connection.id).promise
  return {
    agent: found.agentVersion,
    protocolVersion: found.protocolVersion,
    protocols: found.protocols,
    listenAddrs: found.listenAddrs.map(String),
    observedAddr: found.observedAddr?.toString() ?? null,
    signedPeerRecord: found.signedPeerRecord !== undefined,
    keyType: connection.remotePeer.type,
    security: connection.encryption,
    muxer: connection.multiplexer,
    remoteAddr: connection.remoteAddr.toString(),
    connections: node.getConnections(connection.remotePeer).length
  }
}

async function pingMany(peer, count) {
  const times = []
  for (let i = 0; i < count; i++) {
    const begin = performance.now() // what ping itself returns is in whole milliseconds
    await node.services.ping.ping(target(peer))
    times.push(performance.now() - begin)
  }
  return times
}

await serve({
  multiaddrs: node.getMultiaddrs().map(String),
  peerId: node.peerId.toString()
}, {
  connect: async ({ addr }) => (await node.dial(multiaddr(addr))).remotePeer.toString(),
  disconnect: ({ peer }) => node.hangUp(peerIdFromString(peer)),
  identify: ({ peer }) => describe(peer),
  ping: ({ peer, count = 1 }) => pingMany(peer, count),
  echo: async ({ peer, bytes }) => echo(await openStream(peer, ECHO), bytes),
  perf: async ({ peer, up, down }) => perf(await openStream(peer, PERF), up, down),
  open: async ({ peer, protocol }) => {
    const stream = await openStream(peer, protocol)
    return raw.add(stream, node.getConnections().find((c) => c.streams.includes(stream)))
  },
  write: ({ stream, bytes }) => raw.write(stream, bytes),
  close: ({ stream }) => raw.close(stream),
  reset: ({ stream }) => raw.reset(stream)
}, () => node.stop())
