/**
 * Reads the sources: the calls that move bytes and connections through descriptors are made in one place (`loop/calls.ts`), where they are
 * counted and held to the rules; the waits in one place for each poller; programs are started in one place. Who else may make such a
 * call, and why that is no socket or pipe of a client or program, stands here.
 */

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const SRC = fileURLToPath(new URL('../../src/', import.meta.url))

/** Functions of `sys/`, by who imports them. */
const MAKERS: Readonly<Record<string, readonly string[]>> = {
  accept4: ['loop/calls.ts'],
  recv: ['loop/calls.ts'],
  // Logs by syslog are datagrams, which nobody waits for: what does not leave at once is lost.
  send: ['io/syslog.ts', 'loop/calls.ts'],
  // One datagram to systemd, which says that the server is ready.
  sendto: ['process/systemd.ts'],
  sendfile: ['loop/calls.ts'],
  writePair: ['loop/calls.ts'],
  read: ['loop/calls.ts'],
  // Regular files, which are always ready: logs. What is uploaded goes by pwrite.
  write: ['io/log-file.ts', 'loop/calls.ts'],
  select: ['loop/select.ts'],
  poll: ['loop/poll.ts'],
  epollWait: ['loop/epoll.ts'],
  spawn: ['io/child.ts'],
}

/** Modules of Node that could do the same, but for these names. */
const NODE_ALLOWS: Readonly<Record<string, readonly string[]>> = {
  'node:net': ['isIP', 'isIPv4', 'isIPv6'],
  'node:http': [],
  'node:https': [],
  'node:dgram': [],
}

/** Our own processes, and the browser of `--open`. Programs that answer requests are started by `io/child.ts`. */
const STARTERS = [
  'command/browser.ts',
  'process/daemon.ts',
  'process/upgrade.ts',
  'process/worker-process.ts',
]

/** The examiner is a client, a program of its own that serves nobody. */
const CLIENT = 'evaluate/'

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.startsWith(CLIENT))
  .sort()
const sources = new Map(files.map(name => [name, readFileSync(SRC + name, 'utf8')]))

/** `import { a, b as c } from 'x'`, types left out: [names, x]. */
function importsOf(source: string): [names: string[], from: string][] {
  const found = source.matchAll(/^import\s+(?!type\s)(?:\{([^}]*)\}|[^'{]*)\s*from\s+'([^']+)'/gm)
  return [...found].map(([, names = '', from]) => [
    names
      .split(',')
      .map(name => name.trim())
      .filter(name => name !== '' && !name.startsWith('type '))
      .map(name => name.split(/\s+as\s+/)[0]!),
    from!,
  ])
}

describe('the sources', () => {
  for (const [name, expected] of Object.entries(MAKERS)) {
    test(`${name} is called in ${expected.join(', ')}`, () => {
      const makers = files.filter(
        file =>
          !file.startsWith('sys/') &&
          importsOf(sources.get(file)!).some(
            ([names, from]) => /\/sys\/[a-z-]+\.ts$/.test(from) && names.includes(name),
          ),
      )
      assert.deepEqual(makers, expected)
    })
  }

  test('nobody goes around those functions', () => {
    for (const [file, source] of sources) {
      if (file.startsWith('sys/')) continue
      for (const [names, from] of importsOf(source)) {
        if (/\/sys\//.test(from)) assert.ok(!names.includes('native') && names.length > 0, `${file}: ${from}`)
      }
    }
  })

  test('nothing of Node opens a socket', () => {
    for (const [file, source] of sources) {
      for (const [names, from] of importsOf(source)) {
        const allowed = NODE_ALLOWS[from]
        if (allowed !== undefined)
          assert.deepEqual(
            names.filter(name => !allowed.includes(name)),
            [],
            file,
          )
      }
    }
  })

  test('processes are started where it is said', () => {
    const starters = files.filter(file => /\bspawn\b.*'node:child_process'/.test(sources.get(file)!))
    assert.deepEqual(starters, STARTERS)
  })
})
