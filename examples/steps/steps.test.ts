/**
 * The steps of the guide, each as a process of its own with real clients: node:net, and curl where it is installed.
 *
 * What a step promises about waiting is tested by the order of events, never by a clock: if one client had to wait for
 * another, the test would not end.
 */

import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const RUN = fileURLToPath(new URL('run.js', import.meta.url))
/** For what hangs when it is wrong. */
const LIMIT = { timeout: 30_000 }

const noCurl = spawnSync('curl', ['--version']).status === 0 ? false : 'curl is not installed'

interface Step {
  readonly child: ChildProcess
  readonly port: number
  readonly url: string
}

/** Starts a step on a free port; it ends with the test. */
async function startStep(t: TestContext, name: string, ...more: string[]): Promise<Step> {
  const child = spawn(process.execPath, [RUN, name, '0', ...more], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill())
  const [line] = await once(createInterface({ input: child.stdout! }), 'line')
  const match = /^listening on (http:\/\/127\.0\.0\.1:(\d+)\/)$/.exec(line)
  assert.ok(match, line)
  return { child, url: match[1]!, port: Number(match[2]) }
}

/** One connection, and all that has come over it. */
class Client {
  readonly socket: Socket
  received = ''

  private constructor(port: number) {
    this.socket = createConnection({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
  }

  static async connect(t: TestContext, port: number): Promise<Client> {
    const client = new Client(port)
    t.after(() => client.socket.destroy())
    await once(client.socket, 'connect')
    return client
  }

  /** Before it is called, nothing is read but what Node reads in advance: some 64 KiB. */
  listen(): this {
    this.socket.setEncoding('latin1').on('data', text => {
      this.received += text
    })
    return this
  }

  async say(text: string): Promise<this> {
    await new Promise<void>((done, fail) => {
      this.socket.write(text, 'latin1', error => (error == null ? done() : fail(error)))
    })
    return this
  }

  /** Waits until `text` has come. */
  async hears(text: string): Promise<void> {
    while (!this.received.includes(text)) await once(this.socket, 'data')
  }

  /** @returns all that has come, once the server has ended */
  async hearsTheEnd(): Promise<string> {
    if (!this.socket.readableEnded) await once(this.socket, 'end')
    this.socket.end()
    return this.received
  }
}

/** A whole conversation: a connection, a request, all of the answer, the end. */
async function converse(t: TestContext, port: number, request: string): Promise<string> {
  const client = (await Client.connect(t, port)).listen()
  await client.say(request)
  return client.hearsTheEnd()
}

/** Splits a stream of answers by their Content-Length. */
function answersIn(stream: string): { head: string; content: string }[] {
  const answers: { head: string; content: string }[] = []
  for (let at = 0; at < stream.length; ) {
    const headEnd = stream.indexOf('\r\n\r\n', at) + 4
    assert.ok(headEnd > 3, `no head at ${at} in ${JSON.stringify(stream)}`)
    const head = stream.slice(at, headEnd)
    const length = Number(/^content-length: (\d+)\r$/im.exec(head)?.[1])
    answers.push({ head, content: stream.slice(headEnd, headEnd + length) })
    at = headEnd + length
  }
  return answers
}

async function curl(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('curl', ['-sS', '--max-time', '20', ...args])
  return stdout
}

for (const name of ['1', '2', '3', '4']) {
  test(`step ${name}: Ctrl-C ends it, although it sleeps in a system call`, LIMIT, async t => {
    const { child } = await startStep(t, name)
    child.kill('SIGINT')
    const [, signal] = await once(child, 'exit')
    assert.equal(signal, 'SIGINT')
  })

  test(`step ${name}: curl gets its Hello World`, { ...LIMIT, skip: noCurl }, async t => {
    const { url } = await startStep(t, name)
    for (let i = 0; i < 3; i++) assert.match(await curl(url), /^Hello World\n/)
  })

  test(`step ${name}: a port that is taken is told in one sentence`, LIMIT, async t => {
    const { port } = await startStep(t, name)
    const second = spawnSync(process.execPath, [RUN, name, String(port)], { encoding: 'utf8' })
    assert.equal(second.status, 1)
    assert.equal(second.stderr, 'bind: address already in use (EADDRINUSE)\n')
  })
}

test('step 1: it says Hello World to whoever comes, and closes', LIMIT, async t => {
  const { port } = await startStep(t, '1')
  for (let i = 0; i < 3; i++) {
    const client = (await Client.connect(t, port)).listen()
    assert.match(await client.hearsTheEnd(), /^HTTP\/1\.1 200 OK\r\n(?:.+\r\n)*\r\nHello World\n$/)
  }
})

test('step 2: whoever speaks is answered, while others are silent', LIMIT, async t => {
  const { port } = await startStep(t, '2')
  const first = (await Client.connect(t, port)).listen()
  const second = (await Client.connect(t, port)).listen()
  const third = (await Client.connect(t, port)).listen()
  await third.say('hello?\r\n')
  assert.match(await third.hearsTheEnd(), /Hello World\nSilent clients beside you: 2\n$/)
  await first.say('hello?\r\n')
  assert.match(await first.hearsTheEnd(), /Hello World\nSilent clients beside you: 1\n$/)
  await second.say('hello?\r\n')
  assert.match(await second.hearsTheEnd(), /Hello World\nSilent clients beside you: 0\n$/)
})

test('step 2: a client that leaves without a word is forgotten', LIMIT, async t => {
  const { port } = await startStep(t, '2')
  const silent = (await Client.connect(t, port)).listen()
  silent.socket.end()
  assert.equal(await silent.hearsTheEnd(), '')
  assert.match(await converse(t, port, 'hello?\r\n'), /Silent clients beside you: 0\n$/)
})

test(
  'step 3: a request that comes byte by byte is answered when it is complete, others meanwhile',
  LIMIT,
  async t => {
    const { port } = await startStep(t, '3')
    const slow = (await Client.connect(t, port)).listen()
    const request = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
    for (const byte of request.slice(0, -1)) {
      await slow.say(byte)
      assert.match(await converse(t, port, request), /\r\n\r\nHello World\n$/)
    }
    assert.equal(slow.received, '', 'the last byte is missing')
    await slow.say(request.slice(-1))
    assert.match(await slow.hearsTheEnd(), /\r\n\r\nHello World\n$/)
  },
)

test(
  'step 3: a client that does not read holds up nobody, and gets every byte in the end',
  LIMIT,
  async t => {
    const { port } = await startStep(t, '3')
    const greedy = await Client.connect(t, port)
    await greedy.say('GET /900000 HTTP/1.1\r\n\r\n')
    await once(greedy.socket, 'readable')
    for (let i = 0; i < 3; i++) {
      assert.match(await converse(t, port, 'GET /2 HTTP/1.1\r\n\r\n'), /\r\n\r\nHello World\nHello World\n$/)
    }
    const [answer, nothing] = answersIn(await greedy.listen().hearsTheEnd())
    assert.equal(answer!.content.length, 900_000 * 'Hello World\n'.length)
    assert.equal(answer!.content.replaceAll('Hello World\n', ''), '')
    assert.equal(nothing, undefined)
  },
)

test('step 3: words behind the request do not cost the client its answer', LIMIT, async t => {
  const { port } = await startStep(t, '3')
  const client = (await Client.connect(t, port)).listen()
  await client.say(`GET /300000 HTTP/1.1\r\n\r\n${'more '.repeat(50_000)}`)
  const [answer] = answersIn(await client.hearsTheEnd())
  assert.equal(answer!.content.length, 300_000 * 'Hello World\n'.length)
})

test('step 3: a request without end is refused', LIMIT, async t => {
  const { port } = await startStep(t, '3')
  assert.match(await converse(t, port, 'x'.repeat(8192)), /^HTTP\/1\.1 431 /)
})

for (const poller of ['select', 'poll', 'epoll']) {
  test(
    `step 4, ${poller}: a connection is kept, and pipelined requests are answered in order`,
    LIMIT,
    async t => {
      const { port } = await startStep(t, '4', poller)
      const client = (await Client.connect(t, port)).listen()
      await client.say('GET /first HTTP/1.1\r\nHost: a\r\n\r\n')
      await client.hears('path     /first\n')
      await client.say(
        'GET /second?x HTTP/1.1\r\nHost: a\r\n\r\n\r\nHEAD /third HTTP/1.1\r\nHost: a\r\n\r\n' +
          'GET /fourth HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /never HTTP/1.1\r\nHost: a\r\n\r\n',
      )
      const paths = [...(await client.hearsTheEnd()).matchAll(/^(?:path {5}(.*)|Content-Length: 0)$/gm)]
      assert.deepEqual(
        paths.map(([, path]) => path),
        ['/first', '/second', '/fourth'],
      )
      assert.equal(client.received.split('HTTP/1.1 200 OK\r\n').length - 1, 4)
      assert.match(client.received, /query {4}x\n/)
      assert.match(client.received, /^Connection: close\r$/m)
    },
  )

  test(`step 4, ${poller}: a request may come byte by byte`, LIMIT, async t => {
    const { port } = await startStep(t, '4', poller)
    const slow = (await Client.connect(t, port)).listen()
    for (const byte of 'GET /a%20b HTTP/1.1\r\nHost: a\r\nX-Odd:  1 \r\n\r\n') {
      await slow.say(byte)
      assert.match(await converse(t, port, 'GET / HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 200 [\s\S]*Hello World/)
    }
    await slow.hears('\nX-Odd: 1\n')
    assert.match(slow.received, /path {5}\/a%20b\n/)
  })

  test(`step 4, ${poller}: what is malformed gets 400, and the end`, LIMIT, async t => {
    const { port } = await startStep(t, '4', poller)
    const request = 'GET / HTTP/1.1\r\nHost : a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n'
    const answers = answersIn(await converse(t, port, request))
    assert.equal(answers.length, 1)
    assert.match(answers[0]!.head, /^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*^Connection: close\r$/m)
    assert.match(await converse(t, port, 'GET / HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 200 /)
  })

  test(
    `step 4, ${poller}: a client that pipelines and does not read gets every answer in the end`,
    LIMIT,
    async t => {
      const { port } = await startStep(t, '4', poller)
      const count = 40_000
      const greedy = await Client.connect(t, port)
      // Not awaited: it can be written to the end only when the server has been heard.
      const said = greedy.say(
        'GET /again HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(count) +
          'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
      )
      await once(greedy.socket, 'readable')
      assert.match(await converse(t, port, 'GET / HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 200 /)
      const stream = await greedy.listen().hearsTheEnd()
      await said
      assert.equal(stream.split('path     /again\n').length - 1, count)
      assert.match(stream, /path {5}\/\n[\s\S]*\nConnection: close\n$/)
    },
  )
}

for (const [request, status] of [
  ['POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc', 413],
  ['DELETE / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', 405],
  ['BREW / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', 501],
  ['GET / HTTP/1.1\r\n\r\n', 400],
  ['GET / HTTP/2.0\r\nHost: a\r\n\r\n', 505],
  [`GET /${'a'.repeat(9000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414],
  [`GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(9000)}\r\n\r\n`, 431],
] as const) {
  test(`step 4: ${JSON.stringify(request.slice(0, 40))} is answered with ${status}`, LIMIT, async t => {
    const { port } = await startStep(t, '4')
    const answers = answersIn(await converse(t, port, request))
    assert.deepEqual(
      answers.map(({ head }) => Number(head.slice(9, 12))),
      [status],
    )
  })
}

test('step 4: curl uses one connection for two requests', { ...LIMIT, skip: noCurl }, async t => {
  const { url } = await startStep(t, '4')
  const written = await curl('-w', '%{num_connects}\n', `${url}one?q=1`, `${url}two`)
  assert.match(written, /^path {5}\/one\nquery {4}q=1\n[\s\S]*^1\n[\s\S]*^path {5}\/two\n[\s\S]*^0\n/m)
})

test('step 4: a poller that does not exist is told in one sentence', () => {
  const run = spawnSync(process.execPath, [RUN, '4', '0', 'kqueue'], { encoding: 'utf8' })
  assert.equal(run.status, 1)
  assert.equal(run.stderr, '"kqueue" is no poller: choose select, poll or epoll.\n')
})

for (const [args, sentence] of [
  [[], 'Which step? Choose 1, 2, 3, 4 or blocking.\n'],
  [['5'], 'There is no step "5". Choose 1, 2, 3, 4 or blocking.\n'],
  [['1', 'http'], 'A port is a number from 0 to 65535, found "http".\n'],
  [['2', '70000'], 'A port is a number from 0 to 65535, found "70000".\n'],
] as const) {
  test(`run ${args.join(' ')}: one sentence, and exit 1`, () => {
    const run = spawnSync(process.execPath, [RUN, ...args], { encoding: 'utf8' })
    assert.deepEqual([run.status, run.stdout, run.stderr], [1, '', sentence])
  })
}

test(
  'blocking: the quick client is answered, after the slow one where the server blocks',
  LIMIT,
  async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [RUN, 'blocking', '50'])
    assert.match(stdout, /^blocking +\d+ ms +\d+ ms {3}slow$/m)
    assert.match(stdout, /^non-blocking, one loop +\d+ ms +[\d.]+ ms {3}(?:slow|quick)$/m)
  },
)
