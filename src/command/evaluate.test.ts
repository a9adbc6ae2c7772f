import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { killLeftOver, startCommand } from '../../test/command-process.ts'
import { evaluate } from './evaluate.ts'
import { Mistake, USAGE } from './mistake.ts'

const folder = mkdtempSync(join(tmpdir(), 'veille-evaluate-'))
after(async () => {
  await killLeftOver()
  rmSync(folder, { recursive: true })
})

interface Told {
  readonly code: number
  readonly text: string
  readonly complaints: string
}

async function told(...args: string[]): Promise<Told> {
  let [text, complaints] = ['', '']
  const code = await evaluate(args, {
    write: more => {
      text += more
    },
    complain: more => {
      complaints += more
    },
    env: {},
    isTerminal: false,
    patience: { answerMs: 500, quietMs: 20, aliveMs: 500, byteMs: 0, graceMs: 200 },
  })
  return { code, text, complaints }
}

async function refuses(args: readonly string[], words: RegExp): Promise<void> {
  await assert.rejects(told(...args), error => {
    assert.ok(error instanceof Mistake)
    assert.match(error.message, words)
    assert.equal(error.exitCode, USAGE)
    return true
  })
}

/** Says `answer` to whoever says anything. */
async function answering(answer: string, work: (url: string) => Promise<void>): Promise<void> {
  const server = createServer(socket => {
    socket.on('data', () => socket.write(answer))
    socket.on('error', () => {})
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  try {
    await work(`http://127.0.0.1:${address.port}`)
  } finally {
    server.close()
  }
}

const HELLO = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello'

describe('the command line', () => {
  it('is one server and what is wanted of it', async () => {
    await refuses([], /^usage: veille evaluate /)
    await refuses(
      ['http://a', 'http://b'],
      /^one server can be examined, found two: "http:\/\/a" and "http:\/\/b"/,
    )
    await refuses(['localhost:80'], /^"localhost:80" names no server: expected http:\/\/host:port/)
    await refuses(['http://a/path'], /without a path/)
    await refuses(['https://a/'], /https is not examined/)
    await refuses(['http://a:70000'], /^expected a port from 1 to 65535, found 70000/)
    await refuses(['--confg', 'x', 'http://a'], /^evaluate has no option --confg; did you mean "--config"\?/)
    await refuses(['http://a', '--pid'], /^--pid takes a value/)
    await refuses(['http://a', '--pid', 'x'], /^--pid takes the number of a process, found "x"/)
    await refuses(['http://a', '--lang=de'], /^--lang takes fr or en, found "de"/)
    await refuses(
      ['http://a', '--only', 'methods,cig'],
      /^--only takes sections, found "cig"; did you mean "cgi"\?/,
    )
    await refuses(['http://a', '--json=x'], /^--json takes no value/)
    await refuses(['http://a', '--config', join(folder, 'none')], /^the configuration cannot be read: ENOENT/)
  })

  it('says what there is with --help', async () => {
    const { code, text } = await told('--help')
    assert.equal(code, 0)
    assert.match(text, /^Usage: veille evaluate/)
    for (const line of text.split('\n').slice(1)) assert.ok(line.length <= 80, line)
  })
})

it('asks nothing where the configuration is wrong', async () => {
  const path = join(folder, 'wrong.conf')
  writeFileSync(path, 'mising /nope\nlimit /a\n')
  const { code, text, complaints } = await told('--config', path, 'http://127.0.0.1:1')
  assert.equal(code, USAGE)
  assert.equal(text, '')
  assert.match(
    complaints,
    /^\S+wrong\.conf:1:1: unknown word "mising"; did you mean "missing"\?\n\S+wrong\.conf:2:9: expected/,
  )
})

describe('the outcome', () => {
  it('is 1 and a sentence where nobody listens, or somebody who speaks no HTTP', async () => {
    const { code, complaints } = await told('http://127.0.0.1:1')
    assert.equal(code, 1)
    assert.equal(complaints, 'veille: 127.0.0.1:1 cannot be reached: nobody listens there (ECONNREFUSED)\n')
    const french = await told('--lang', 'fr', 'http://127.0.0.1:1')
    assert.match(french.complaints, /injoignable : personne n’y écoute/)
    await answering('220 mail ready\r\n', async url => {
      const wrong = await told(url)
      assert.equal(wrong.code, 1)
      assert.match(wrong.complaints, /does not answer as a web server does .*no HTTP response: "220 mail/)
    })
  })

  it('is 0 where all that was examined has passed, and what was not is not counted as such', () =>
    answering(HELLO, async url => {
      const { code, text } = await told('--only', 'hosts', url)
      assert.equal(code, 0)
      assert.match(text, /^ok {6}HTTP\/1\.0 without Host$/m)
      assert.match(text, /^ {8}asked {7}curl -i -0 http:\/\/127\.0\.0\.1:\d+\/$/m)
      assert.match(text, /^ {8}because {5}the configuration has no line “host”$/m)
      assert.match(text, /^ {2}Hosts and ports +1 +0 +4$/m)
    }))

  it('is 1 where nothing could be examined', () =>
    answering(HELLO, async url => assert.equal((await told('--only', 'listing', url)).code, 1)))

  it('is 1 where a point has failed, which is named again at the end', () =>
    answering(HELLO, async url => {
      const { code, text } = await told('--only', 'methods', '--lang', 'fr', '--brief', url)
      assert.equal(code, 1)
      assert.match(text, /^RATÉ {4}une méthode que personne ne connaît$/m)
      assert.match(text, /^ {8}attendu {5}501, 405 ou 400$/m)
      assert.match(text, /^ {8}venu {8}200 OK, 5 octets$/m)
      assert.match(text, /^ {8}règle {7}RFC 9110 §9\.1$/m)
      assert.match(text, /\nRatés :\n {2}date: .*\n {2}head: .*\n {2}unknown-method: /)
    }))

  it('is one document with --json', () =>
    answering(HELLO, async url => {
      const { code, text } = await told('--only', 'methods', '--json', url)
      assert.equal(code, 1)
      const sheet = JSON.parse(text)
      assert.equal(sheet.url, `${url}/`)
      assert.equal(sheet.counts.passed + sheet.counts.failed + sheet.counts.unexamined, sheet.points.length)
      const get = sheet.points.find((point: { id: string }) => point.id === 'get')
      assert.equal(get.verdict, 'passed')
      assert.deepEqual(get.asked, [`curl -i ${url}/`])
    }))

  it('is 1 and a sentence where the page is none', () =>
    answering(HELLO.replace('200 OK', '404 No'), async url => {
      const { code, complaints } = await told(url)
      assert.equal(code, 1)
      assert.match(
        complaints,
        /^veille: curl -i http:\S+ is answered by 404: a line "page" of the configuration tells/,
      )
    }))

  it('is a sentence, too, where an answer does not end', () =>
    answering('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', async url => {
      const { code, complaints } = await told(url)
      assert.equal(code, 1)
      assert.match(complaints, /an answer that does not end/)
    }))

  it('is 130 where somebody interrupts it: the sheet ends where it was', () =>
    answering(HELLO, async url => {
      const veille = startCommand([
        'evaluate',
        '--only',
        'methods,slow',
        '--config',
        writeConfiguration('head_timeout 120\n'),
        url,
      ])
      // Past the quick ones, it waits for a timeout that does not come.
      await veille.stdout.until(/connections that hang/)
      veille.kill('SIGINT')
      const { code, stdout, stderr } = await veille.exit()
      assert.equal(stderr, '')
      assert.equal(code, 130)
      assert.match(stdout, /^ {8}because {5}the examination was stopped$/m)
      assert.match(stdout, /^Summary$/m)
    }))
})

function writeConfiguration(text: string): string {
  const path = join(folder, 'right.conf')
  writeFileSync(path, text)
  return path
}
