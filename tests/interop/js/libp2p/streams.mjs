// SPDX-License-Identifier: Apache-2.0 OR MIT
// What one peer does to another over one stream: echo, perf (libp2p/specs perf/perf.md), bytes by hand.

import { createHash, randomBytes } from 'node:crypto'
import { emit, fromHex, toHex } from '../lib/control.mjs'

const CHUNK = 64 * 1024
const LONGEST_WAIT = 120_000 // ms

async function send(stream, bytes) {
  if (!stream.send(bytes)) await stream.onDrain({ signal: AbortSignal.timeout(LONGEST_WAIT) })
}

async function sendMany(stream, count, onChunk = () => {}) {
  const random = randomBytes(CHUNK)
  for (let left = count; left > 0; left -= CHUNK) {
    const chunk = random.subarray(0, Math.min(left, CHUNK))
    random.writeUInt32BE(Math.ceil(left / CHUNK), 0) // so no two chunks are equal
    onChunk(chunk)
    await send(stream, Uint8Array.from(chunk))
  }
}

async function receiveMany(stream, onChunk = () => {}) {
  let count = 0
  for await (const chunk of stream) {
    const bytes = chunk.subarray()
    count += bytes.length
    onChunk(bytes)
  }
  return count
}

/** Sends `count` bytes while it reads them back; throws unless the same bytes came. */
export async function echo(stream, count) {
  const [sent, came] = [createHash('sha256'), createHash('sha256')]
  const sending = sendMany(stream, count, (chunk) => sent.update(chunk)).then(() => stream.close())
  const [received] = await Promise.all([receiveMany(stream, (chunk) => came.update(chunk)), sending])
  if (received !== count || !sent.digest().equals(came.digest())) {
    throw new Error(`echo: sent ${count} bytes, received ${received}, the same: no`)
  }
  return received
}

export async function serveEcho(stream) {
  for await (const chunk of stream) await send(stream, chunk)
  await stream.close()
}

/** Uploads `up` bytes, then downloads `down`. Seconds of each; the upload ends when the first byte comes back. */
export async function perf(stream, up, down) {
  const wanted = Buffer.alloc(8)
  wanted.writeBigUInt64BE(BigInt(down))
  const begin = performance.now()
  let turn
  const receiving = receiveMany(stream, () => { turn ??= performance.now() })
  await send(stream, Uint8Array.from(wanted))
  await sendMany(stream, up)
  await stream.close()
  const received = await receiving
  const end = performance.now()
  if (received !== down) throw new Error(`perf: asked for ${down} bytes, received ${received}`)
  return { upSeconds: ((turn ?? end) - begin) / 1000, downSeconds: (end - (turn ?? end)) / 1000 }
}

export async function servePerf(stream) {
  const head = []
  await receiveMany(stream, (bytes) => { if (head.length < 8) head.push(...bytes.subarray(0, 8 - head.length)) })
  if (head.length < 8) throw new Error('perf: the stream ended before its first 8 bytes')
  await sendMany(stream, Number(Buffer.from(head).readBigUInt64BE()))
  await stream.close()
}

/** Streams whose bytes are written and read by the test. */
export class RawStreams {
  #streams = new Map()

  add(stream, connection) {
    const id = this.#streams.size + 1
    this.#streams.set(id, stream)
    stream.addEventListener('message', ({ data }) => emit('data', { stream: id, bytes: toHex(data.subarray()) }))
    stream.addEventListener('remoteCloseWrite', () => emit('end', { stream: id }))
    stream.addEventListener('close', ({ error }) => emit('closed', { stream: id, error: error?.message ?? null }))
    emit('stream', {
      stream: id, peer: connection.remotePeer.toString(), protocol: stream.protocol,
      inbound: stream.direction === 'inbound'
    })
    return id
  }

  write(id, bytes) { return send(this.#streams.get(id), Uint8Array.from(fromHex(bytes))) }
  close(id) { return this.#streams.get(id).close() }
  reset(id) { this.#streams.get(id).abort(new Error('reset by the test')) }
}
