/**
 * What a request to a configured server costs in calls into the kernel, beside the wait that all connections share: as much as one to
 * the folder server (`call-budget.test.ts`), and one look at the file where the configuration wants no `open_file_cache`.
 *
 * The clock moves by one millisecond for each request: a file is looked at once in each turn of the loop.
 */

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, beforeEach, describe, type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { type ScriptedSystem, scripted } from '../../src/sys/scripted.ts'
import { type Here, serveHere } from '../configuration-here.ts'
import { freePort } from '../free-ports.ts'
import { connect, type RawClient } from '../raw-client.ts'
import { readAll } from '../responses.ts'
import { makeSite, removeSite } from '../sites.ts'

const WAITS = ['select', 'poll', 'epoll_wait']
const LARGE_BYTES = 256 * 1024

const CONFIGURATION = `
  events {}
  http {
    access_log off;
    sendfile on;
    default_type text/plain;
    server {
      listen 127.0.0.1:PORT;
      root site;
      location = /hello { return 200 "Hello, World!"; }
      location = /variable { return 200 "Hello, $remote_addr"; }
      location = /fields { add_header X-Path "$request_method $uri"; expires 1h; return 200 "Hello, World!"; }
      location ~ ^/a/ { return 403; }
      location ~ ^/b/(.*)$ { return 200 "Hello, $1"; }
      location /cached/ { alias site/; open_file_cache max=100; }
      location /tried/ { alias site/; open_file_cache max=100; open_file_cache_errors on; try_files $uri =404; }
      location = /buffered { access_log logs/buffered.log combined buffer=64k; return 200 "Hello, World!"; }
      location = /logged { access_log logs/logged.log; return 200 "Hello, World!"; }
    }
  }`

describe('a configured server', () => {
  let folder: string
  let port: number
  let here: Here
  let now: number

  before(async () => {
    port = await freePort()
    folder = makeSite({
      'site/hello.txt': 'Hello, world!',
      'site/tried/hello.txt': 'Hello, world!',
      'site/large.txt': Buffer.alloc(LARGE_BYTES, 'x'),
      'logs/': '',
    })
    const path = join(folder, 'nginx.conf')
    writeFileSync(path, CONFIGURATION.replace('PORT', String(port)))
    here = await serveHere(folder, path)
  })
  after(async () => {
    await here.close()
    removeSite(folder)
  })
  beforeEach(context => {
    now = Math.ceil(performance.now())
    ;(context as TestContext).mock.method(performance, 'now', () => now)
  })

  async function ask(client: RawClient, request: string, count = 1): Promise<void> {
    const start = client.bytes.length
    now++
    client.send(request)
    await client.until(bytes => isWhole(bytes.subarray(start), count))
    // What is put off until the end of Node's turn.
    for (let i = 0; i < 3; i++) await turn()
  }

  /** On a connection on which the same was asked for before. */
  async function callsFor(path: string, count = 1): Promise<Record<string, number>> {
    const request = `GET ${path} HTTP/1.1\r\nHost: example.org\r\n\r\n`
    const client = await connect({ port })
    await ask(client, request)
    using system = scripted()
    await ask(client, request.repeat(count), count)
    const calls = spent(system)
    client.end()
    return calls
  }

  function costs(name: string, path: string, expected: Record<string, number>, count = 1): void {
    test(name, async () => assert.deepEqual(await callsFor(path, count), expected))
  }

  const LEAST = { recv: 1, send: 1 }
  costs('return: one recv, one send', '/hello', LEAST)
  costs('sixteen of them in one piece: no more', '/hello', LEAST, 16)
  costs('return of a text with variables: no more', '/variable', LEAST)
  costs('add_header with variables, and expires: no more', '/fields', LEAST)
  costs('a location of a regular expression: no more', '/b/world', LEAST)
  costs('a file that open_file_cache knows: no more', '/cached/hello.txt', LEAST)
  costs('try_files with open_file_cache: no more', '/tried/hello.txt', LEAST)
  costs('a file without open_file_cache: one statx more', '/hello.txt', { ...LEAST, statx: 1 })
  costs('sixteen requests for it in one piece: one statx for all', '/hello.txt', { ...LEAST, statx: 1 }, 16)
  costs('an access log with a buffer: no more', '/buffered', LEAST)
  costs('an access log without one: one write more', '/logged', { ...LEAST, write: 1 })
  costs('sixteen lines of it that come together: one write for all', '/logged', { ...LEAST, write: 1 }, 16)

  test('a large file that open_file_cache knows: its head, then sendfile, and nothing is opened', async () => {
    const { recv, send, sendfile = 0, ...others } = await callsFor('/cached/large.txt')
    assert.deepEqual({ recv, send }, LEAST)
    assert.ok(sendfile >= 1)
    for (const name of Object.keys(others)) assert.equal(name, 'epoll_ctl')
  })

  test('every line was written', () => {
    const lines = readFileSync(join(folder, 'logs/logged.log'), 'latin1').split('\n')
    assert.equal(lines.filter(line => line.includes('"GET /logged HTTP/1.1" 200 13')).length, 1 + 1 + 1 + 16)
  })
})

function spent(system: ScriptedSystem): Record<string, number> {
  const calls = Object.entries(system.calls).filter(([name, count]) => count > 0 && !WAITS.includes(name))
  return Object.fromEntries(calls)
}

function isWhole(bytes: Buffer, count: number): boolean {
  try {
    return readAll(bytes).length === count
  } catch {
    return false
  }
}
