/**
 * Many connections: idle ones, slow ones, and more than there are descriptors for. The server runs in a process of its own, so
 * that its limits, its memory and its CPU can be told from those of the clients.
 */

import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { forEachPoller } from '../pollers.ts'
import { connect, type RawClient } from '../raw-client.ts'
import { inOwnProcess, type ServerProcess } from '../server-process.ts'

const HEAD = 'Host: example.org\r\n\r\n'
const GET = `GET /early HTTP/1.1\r\n${HEAD}`
/** Answered at once, but its connection is not free. */
const UNFINISHED = `POST /early HTTP/1.1\r\nContent-Length: 10\r\n${HEAD}12345`
const IDLE = 2000
const SLOW = 500
/** What is served does not matter here. */
const root = tmpdir()

async function crowd(port: number, count: number, text = ''): Promise<RawClient[]> {
  const clients: RawClient[] = []
  // No more at a time than the backlog takes: a connection that does not fit is tried again only after a second (tcp(7)).
  while (clients.length < count) {
    const some = Math.min(200, count - clients.length)
    const connected = await Promise.all(Array.from({ length: some }, () => connect({ port })))
    for (const client of connected) client.send(text)
    clients.push(...connected)
  }
  return clients
}

async function ask(client: RawClient, request = GET): Promise<void> {
  const before = client.bytes.length
  client.send(request)
  await client.until(bytes => bytes.indexOf('early', before) >= 0)
}

/** Others are served meanwhile: on connections of their own, and on one that stays. */
async function othersAreServed(port: number): Promise<void> {
  const lasting = await connect({ port })
  for (let i = 0; i < 20; i++) {
    await ask(lasting)
    const [once] = await crowd(port, 1)
    await ask(once!)
    once!.end()
  }
  lasting.end()
}

async function descriptorsBack(child: ServerProcess, before: number): Promise<void> {
  // Each report is a round trip, in which the server hears of the clients that have gone.
  let report = await child.report()
  const isBack = (): boolean => report.descriptors === before && report.connections === 0
  for (let i = 0; i < 1000 && !isBack(); i++) report = await child.report()
  assert.equal(report.descriptors, before)
  assert.equal(report.connections, 0)
}

forEachPoller(poller => {
  test(`${IDLE} idle connections and ${SLOW} slow ones: others are served`, () =>
    inOwnProcess({ root, poller, limits: { headTimeoutMs: 2000 } }, {}, async child => {
      const { descriptors } = await child.report()
      const idle = await crowd(child.port, IDLE, GET)
      await Promise.all(idle.map(client => client.untilText('early')))
      const slow = await crowd(child.port, SLOW, 'GET / HTTP/1.1\r\nX: ')
      await othersAreServed(child.port)
      // Each of the slow ones goes on with a byte at a time until the server has had enough of it.
      await Promise.all(slow.map(client => drip(client)))
      for (const client of slow) assert.match(client.text, /^HTTP\/1\.1 408 /)
      await Promise.all(idle.map(client => ask(client)))
      for (const client of [...idle, ...slow]) client.end()
      await descriptorsBack(child, descriptors)
    }))

  test('more connections than descriptors: accepting rests, nothing spins, all are served in the end', () =>
    inOwnProcess({ root, poller }, { openFiles: 64 }, async child => {
      const { descriptors } = await child.report()
      const clients = await crowd(child.port, 100, UNFINISHED)
      const pauses = (): number => child.lines.filter(line => line.includes('accepting pauses')).length
      await child.until(() => pauses() >= 1)
      const before = await child.report()
      // It tries again now and then, in vain; a server that spins would spend all that time.
      await child.until(() => pauses() >= 4)
      const after = await child.report()
      const share = (after.cpuMs - before.cpuMs) / (after.atMs - before.atMs)
      assert.ok(share < 0.3, `it used ${Math.round(share * 100)} % of a processor`)
      // Whoever has an answer leaves, and makes room for another.
      await Promise.all(
        clients.map(async client => {
          await client.untilText('early')
          client.end()
        }),
      )
      await othersAreServed(child.port)
      await descriptorsBack(child, descriptors)
    }))

  test('more idle connections than descriptors: those that wait longest give way', () =>
    inOwnProcess({ root, poller }, { openFiles: 64 }, async child => {
      const { descriptors } = await child.report()
      const silent = await crowd(child.port, 50)
      const half = await crowd(child.port, 30, 'GET / HTTP/1.1\r\nX: ')
      const [late] = await crowd(child.port, 1, GET)
      await late!.untilText('early')
      for (const client of [...silent, ...half, late!]) client.destroy()
      await descriptorsBack(child, descriptors)
    }))

  test('a limit on connections is kept, and makes nobody fail', () =>
    inOwnProcess({ root, poller, limits: { connections: 10 } }, {}, async child => {
      const clients = await crowd(child.port, 50, GET)
      await Promise.all(clients.slice(0, 10).map(client => client.untilText('early')))
      assert.equal((await child.report()).connections, 10)
      await Promise.all(
        clients.map(async client => {
          await client.untilText('early')
          client.end()
        }),
      )
    }))

  test('ten thousand connections, one after the other: memory and descriptors are back', () =>
    inOwnProcess({ root, poller }, {}, async child => {
      const rounds: number[] = []
      const { descriptors } = await child.report()
      for (let round = 0; round < 4; round++) {
        for (let i = 0; i < 25; i++) {
          const clients = await crowd(child.port, 100)
          await Promise.all(clients.map(client => ask(client)))
          for (const client of clients) client.end()
        }
        rounds.push((await child.report()).rssBytes)
      }
      await descriptorsBack(child, descriptors)
      assert.ok(rounds[3]! < rounds[1]! * 1.25, `memory after each quarter: ${rounds.map(b => b >> 20)} MB`)
    }))
})

async function drip(client: RawClient): Promise<void> {
  const dripping = setInterval(() => client.send('x'), 100)
  await client.atEnd()
  clearInterval(dripping)
}
