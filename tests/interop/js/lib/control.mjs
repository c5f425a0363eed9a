// SPDX-License-Identifier: Apache-2.0 OR MIT
// The peer's side of tests/support/peers.py: commands on stdin, answers and events on stdout, JSON lines.

import { createInterface } from 'node:readline'

// Before any package is loaded: what the packages print belongs to the log.
for (const level of ['log', 'info', 'debug', 'dir', 'table']) {
  console[level] = (...values) => console.error(...values)
}

const say = (message) => process.stdout.write(JSON.stringify(message) + '\n')

export const emit = (event, fields = {}) => say({ event, ...fields })

async function answer({ id, cmd, ...fields }, commands) {
  try {
    if (!Object.hasOwn(commands, cmd)) throw new Error(`no command ${cmd}`)
    say({ id, result: (await commands[cmd](fields)) ?? null })
  } catch (error) {
    console.error(error)
    say({ id, error: error?.message ?? String(error) })
  }
}

/**
 * Says ready and runs commands, each as soon as it comes, until stdin ends; then calls `stop` and exits.
 * A command takes the fields of its line and returns, throws or promises its result.
 */
export async function serve(ready, commands, stop = () => {}) {
  emit('ready', { enode: null, multiaddrs: null, peerId: null, ...ready })
  for await (const line of createInterface({ input: process.stdin })) {
    answer(JSON.parse(line), commands)
  }
  await stop()
  process.exit(0)
}

export const toHex = (bytes) => '0x' + Buffer.from(bytes).toString('hex')
export const fromHex = (hex) => Buffer.from(hex.replace(/^0x/, ''), 'hex')
