/**
 * The command as a user meets it: started as a process, spoken to over its sockets, stopped by signals.
 */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { after, afterEach, before, describe, it } from 'node:test'
import { inetAddress } from '../../src/io/address.ts'
import { localAddress, openListener } from '../../src/io/listener.ts'
import { close } from '../../src/sys/libc.ts'
import {
  ask,
  killLeftOver,
  MAIN,
  outcomeOf,
  type Running,
  startCommand,
  startProcess,
} from '../command-process.ts'
import { connect, type RawClient } from '../raw-client.ts'
import { makeSite, removeSite, sparseFile } from '../sites.ts'

/** More than the buffers of two sockets take. */
const LARGE_BYTES = 40 * 1024 * 1024

let root = ''
before(() => {
  root = makeSite({
    'index.html': '<h1>Front</h1>',
    'page.txt': 'A page.',
    'app.html': '<h1>App</h1>',
    'list/one.txt': '1',
    '.secret': 'hidden',
  })
  sparseFile(root, 'large', LARGE_BYTES)
})
after(() => removeSite(root))
afterEach(killLeftOver)

async function serving(...args: string[]): Promise<{ veille: Running; port: number }> {
  const veille = startCommand(['--port', '0', ...args, root])
  return { veille, port: Number((await veille.url()).port) }
}

/** A Node server on a port, to be in the way. */
async function occupy(port: number): Promise<Server> {
  const server = createServer()
  await new Promise<void>(resolve => {
    // Whoever has the port already is in the way as well.
    server.once('error', () => resolve())
    server.listen(port, resolve)
  })
  return server
}

function portOf(server: Server): number {
  return (server.address() as { port: number }).port
}

describe('what is answered at once', () => {
  it('--version', async () => {
    const { code, stdout } = await outcomeOf(['--version'])
    const { version } = JSON.parse(readFileSync(join(MAIN, '../../../package.json'), 'utf8'))
    const [first, second] = stdout.split('\n')
    assert.equal(first, `veille ${version}`)
    assert.ok(
      second!.startsWith(`Node ${process.versions.node}, libuv ${process.versions.uv}, epoll, Linux `),
    )
    assert.equal(code, 0)
  })

  it('--help', async () => {
    const { code, stdout, stderr } = await outcomeOf(['--help'])
    assert.match(stdout, /^Usage: veille \[options\] \[folder\]\n/)
    assert.deepEqual([code, stderr], [0, ''])
  })

  it('--help, though nobody reads it', async () => {
    const shell = startProcess('sh', [
      '-c',
      '"$0" "$1" --help | true; "$0" "$1" --help >/dev/full',
      process.execPath,
      MAIN,
    ])
    const { code, stderr } = await shell.exit()
    assert.deepEqual([code, stderr], [0, ''])
  })
})

describe('what is refused', () => {
  function refuses(args: string[], code: number, sentence: RegExp, env: NodeJS.ProcessEnv = {}): void {
    it(`veille ${args.join(' ')}`, async () => {
      const exit = await outcomeOf(args, { env, cwd: root })
      assert.match(exit.stderr, sentence)
      // One line: no stack.
      assert.equal(exit.stderr.indexOf('\n'), exit.stderr.length - 1)
      assert.deepEqual([exit.stdout, exit.code], ['', code])
    })
  }

  refuses(['--prot', '80'], 2, /^veille: unknown option "--prot"; did you mean "--port"\?$/m)
  refuses(['--port', 'http'], 2, /^veille: --port: expected a port from 0 to 65535, found "http"$/m)
  refuses(['--port'], 2, /^veille: --port is to be followed by its number$/m)
  refuses(['a', 'b'], 2, /^veille: one folder can be served, found two: "a" and "b"$/m)
  refuses([], 2, /^veille: PORT in the environment: expected a port/m, { PORT: 'x' })
  refuses(['lost'], 1, /^veille: there is no folder "lost"; did you mean "list"\?$/m)
  refuses(['page.txt'], 1, /^veille: "page.txt" is a file, and veille serves folders; .*: veille \.$/m)
  refuses(['\x1b[2J'], 1, /^veille: there is no folder "\\u001b\[2J"$/m)
  refuses(
    ['--listen', '192.0.2.254:0'],
    1,
    /^veille: cannot listen on 192\.0\.2\.254:0: .*this machine does not have/m,
  )
  refuses(
    ['--host', 'no.such.invalid'],
    1,
    /^veille: cannot listen on "no.such.invalid": no address is known/m,
  )
  refuses(['--listen', 'unix:/nowhere/x'], 1, /^veille: cannot listen on unix:\/nowhere\/x: .*\(ENOENT\)$/m)

  /** @param code runs before the command, as `--import` does */
  function refusesAfter(name: string, code: string, sentence: RegExp): void {
    it(name, async () => {
      const preload = `data:text/javascript,${encodeURIComponent(code)}`
      const exit = await startProcess(process.execPath, ['--import', preload, MAIN, root]).exit()
      assert.match(exit.stderr, sentence)
      assert.equal(exit.stderr.indexOf('\n'), exit.stderr.length - 1)
      assert.deepEqual([exit.stdout, exit.code], ['', 1])
    })
  }

  refusesAfter(
    'another platform',
    "Object.defineProperty(process, 'platform', { value: 'darwin' })",
    /^veille: veille runs on Linux on x86-64 and arm64 processors; this is darwin on /,
  )
  refusesAfter(
    'a Node that is too old',
    "Object.defineProperty(process, 'versions', { value: { node: '18.20.4' } })",
    /^veille: Node 20 or later is needed, this is 18\.20\.4$/m,
  )
  refusesAfter(
    'a missing native library',
    `import { register } from 'node:module'
     register('data:text/javascript,' + encodeURIComponent(\`export function resolve(name, context, next) {
       if (name === 'koffi') throw new Error("Cannot find package 'koffi'")
       return next(name, context)
     }\`))`,
    /^veille: the native library koffi cannot be loaded \(Cannot find package 'koffi'\); install veille again/,
  )
})

describe('addresses', () => {
  it('are said in one line, and serve what is in the folder now', async () => {
    const veille = startCommand(['--port', '0', root])
    const { port } = await veille.url()
    assert.equal(veille.stdout.text, `veille: serving ${root} at http://localhost:${port}/\n`)
    for (const host of ['127.0.0.1', 'localhost']) {
      assert.match(await ask({ port: Number(port), host }, '/'), /<h1>Front<\/h1>$/)
    }
    writeFileSync(join(root, 'later.txt'), 'Later.')
    assert.match(await ask({ port: Number(port) }, '/later.txt'), /Later\.$/)
  })

  it('are taken from PORT', async () => {
    const free = await occupy(0)
    const port = portOf(free)
    await new Promise(resolve => free.close(resolve))
    const veille = startCommand([root], { env: { PORT: String(port) } })
    assert.equal((await veille.url()).port, String(port))
  })

  it('may be several, and cover only what they say', async () => {
    const path = join(root, 'several.sock')
    const veille = startCommand(['-l', `unix:${path}`, '-l', '127.0.0.1:0', root])
    const { port, hostname } = await veille.url()
    assert.equal(hostname, '127.0.0.1')
    assert.match(veille.stdout.text, new RegExp(` at unix:${path}, http://127.0.0.1:`))
    assert.match(await ask({ path }, '/page.txt'), /A page\.$/)
    assert.match(await ask({ port: Number(port) }, '/page.txt'), /A page\.$/)
    await assert.rejects(connect({ port: Number(port), host: '127.0.0.2' }), { code: 'ECONNREFUSED' })
  })

  it('a port that was given and is in use ends it', async () => {
    const other = await occupy(0)
    const port = portOf(other)
    const sentence = `veille: port ${port} is already in use; choose another one, or none: then veille takes one that is free\n`
    const byOption = await outcomeOf(['--port', String(port), root])
    assert.deepEqual([byOption.code, byOption.stderr], [1, sentence])
    const byEnvironment = await outcomeOf([root], { env: { PORT: String(port) } })
    assert.deepEqual([byEnvironment.code, byEnvironment.stderr], [1, sentence])
    const byAddress = await outcomeOf(['--listen', `127.0.0.1:${port}`, root])
    assert.deepEqual([byAddress.code, byAddress.stderr], [1, `veille: 127.0.0.1:${port} is already in use\n`])
    other.close()
  })

  it('the default port moves on where it is in use, and that is said', async () => {
    const other = await occupy(8080)
    const veille = startCommand([root])
    const { port } = await veille.url()
    assert.ok(Number(port) > 8080 && Number(port) <= 8090, port)
    await veille.stderr.until(
      new RegExp(`^veille: warning: Port 8080 is in use, so this is ${port}\\.$`, 'm'),
    )
    other.close()
  })

  it('a port is shared with --reuse-port', async () => {
    const { port } = await serving('--reuse-port')
    const second = startCommand(['--reuse-port', '--port', String(port), root])
    assert.equal((await second.url()).port, String(port))
  })

  it('the network is not asked', async context => {
    if (spawnSync('unshare', ['-rn', 'true']).status !== 0)
      return context.skip('unshare(1) may not make a network')
    const path = join(root, 'alone.sock')
    const args = ['-rn', process.execPath, MAIN, '-l', '0', '-l', 'localhost:0', '-l', `unix:${path}`, root]
    const veille = startProcess('unshare', args)
    await veille.stdout.until(/ at http.*unix:/)
    assert.match(await ask({ path }, '/page.txt'), /A page\.$/)
  })
})

describe('a Unix socket', () => {
  it('is removed at the end', async () => {
    const path = join(root, 'end.sock')
    const veille = startCommand(['--listen', `unix:${path}`, root])
    await veille.stdout.until(/unix:/)
    assert.ok(statSync(path).isSocket())
    veille.kill('SIGTERM')
    assert.equal((await veille.exit()).code, 0)
    assert.equal(existsSync(path), false)
  })

  it('left by a server that died is replaced, one in use is not', async () => {
    const path = join(root, 'stale.sock')
    const died = startCommand(['--listen', `unix:${path}`, root])
    await died.stdout.until(/unix:/)
    died.kill('SIGKILL')
    await died.exit()
    assert.ok(existsSync(path))
    const next = startCommand(['--listen', `unix:${path}`, root])
    await next.stdout.until(/unix:/)
    const refused = await outcomeOf(['--listen', `unix:${path}`, root])
    assert.deepEqual([refused.code, refused.stderr], [1, `veille: unix:${path} is already in use\n`])
    assert.match(await ask({ path }, '/page.txt'), /A page\.$/)
  })
})

describe('sockets that were passed on', () => {
  it('take the place of the default address', async () => {
    const fd = openListener(inetAddress('127.0.0.1', 0))
    assert.ok(typeof fd === 'number')
    const address = localAddress(fd)
    assert.ok('port' in address)
    const line = 'LISTEN_PID=$$ exec "$0" "$@"'
    const veille = startProcess('sh', ['-c', line, process.execPath, MAIN, root], {
      env: { LISTEN_FDS: '1' },
      stdio: ['ignore', 'pipe', 'pipe', fd],
    })
    close(fd)
    assert.equal((await veille.url()).href, `http://127.0.0.1:${address.port}/`)
    assert.match(await ask({ port: address.port }, '/page.txt'), /A page\.$/)
    assert.doesNotMatch(veille.stdout.text, /localhost/)
  })

  it('for another process are left alone', async () => {
    const { port } = await startCommand(['-p', '0', root], {
      env: { LISTEN_FDS: '1', LISTEN_PID: '1' },
    }).url()
    assert.match(await ask({ port: Number(port) }, '/page.txt'), /A page\.$/)
  })
})

describe('what is served', () => {
  async function answers(
    args: string[],
    target: string,
    expected: RegExp,
    ...fields: string[]
  ): Promise<void> {
    const { veille, port } = await serving(...args)
    assert.match(await ask({ port }, target, ...fields), expected)
    veille.kill('SIGKILL')
    await veille.exit()
  }

  it('an index page, a list, no dot files, and Cache-Control: no-cache', async () => {
    await answers([], '/', /^HTTP\/1\.1 200 OK\r\n[^]*Cache-Control: no-cache\r\n[^]*Front/)
    await answers([], '/list/', /one\.txt/)
    await answers([], '/.secret', /^HTTP\/1\.1 404 /)
    await answers([], '/app/none', /^HTTP\/1\.1 404 /, 'Accept: text/html')
  })
  it('--index', () => answers(['--index', 'none', '--index', 'app.html'], '/', /<h1>App/))
  it('--no-listing', () => answers(['--no-listing'], '/list/', /^HTTP\/1\.1 403 /))
  it('--dotfiles', () => answers(['--dotfiles'], '/.secret', /hidden$/))
  it('--base', async () => {
    const { veille, port } = await serving('--base', 'docs')
    assert.equal((await veille.url()).pathname, '/docs/')
    assert.match(await ask({ port }, '/docs/page.txt'), /A page\.$/)
    assert.match(await ask({ port }, '/page.txt'), /^HTTP\/1\.1 404 /)
  })
  it('--spa', async () => {
    const { port } = await serving('--spa=app.html')
    assert.match(await ask({ port }, '/some/where', 'Accept: text/html'), /^HTTP\/1\.1 200 [^]*<h1>App/)
    assert.match(await ask({ port }, '/lost.js', 'Accept: */*'), /^HTTP\/1\.1 404 /)
  })
  it('--spa with a page that is not there yet', async () => {
    const { veille } = await serving('--spa=none.html')
    await veille.stderr.until(/^veille: warning: --spa: there is no none\.html in the folder yet/m)
  })
  it('--cors', () => answers(['--cors'], '/page.txt', /\r\nAccess-Control-Allow-Origin: \*\r\n/))
  it('--cache seconds', () =>
    answers(['--cache', '60'], '/page.txt', /\r\nCache-Control: public, max-age=60\r\n/))
  it('--cache off', () => answers(['--cache=off'], '/page.txt', /^(?![^]*Cache-Control)HTTP\/1\.1 200/))

  for (const poller of ['select', 'poll', 'epoll']) {
    it(`--poller ${poller}`, () => answers(['--poller', poller], '/page.txt', /A page\.$/))
  }
})

describe('what is written', () => {
  it("a line per request, in the form of nginx's combined", async () => {
    const { veille, port } = await serving()
    await ask({ port }, '/page.txt?q', 'User-Agent: test')
    await veille.stdout.until(/^127\.0\.0\.1 - - \[.*\] "GET \/page\.txt\?q HTTP\/1\.1" 200 7 "-" "test"\n/m)
    assert.equal(veille.stderr.text, '')
  })

  it('nothing, with --quiet', async () => {
    const path = join(root, 'quiet.sock')
    const veille = startCommand(['--quiet', '--listen', `unix:${path}`, root])
    await connectSoon(path)
    await ask({ path }, '/page.txt')
    veille.kill('SIGINT')
    assert.deepEqual(await veille.exit(), { code: 0, signal: null, stdout: '', stderr: '' })
  })

  it('JSON objects, with --json', async () => {
    const veille = startCommand(['--json', '--port', '0', '--spa=none', root])
    const [, port] = await veille.stdout.until(/http:\/\/localhost:(\d+)\//)
    await ask({ port: Number(port) }, '/page.txt')
    await veille.stdout.until(/page\.txt.*\n/)
    veille.kill('SIGTERM')
    const { stdout, stderr, code } = await veille.exit()
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line))
    assert.equal(code, 0)
    assert.equal(lines.length, 3)
    const [start, request, stop] = lines
    assert.deepEqual([start.event, start.folder, start.pid], ['start', root, veille.pid])
    assert.deepEqual(start.urls, [`http://localhost:${port}/`])
    assert.deepEqual([request.target, request.status, request.bytes], ['/page.txt', 200, 7])
    assert.deepEqual([stop.event, stop.signal], ['stop', 'SIGTERM'])
    assert.equal(JSON.parse(stderr).level, 'warn')
    for (const line of lines) assert.ok(!Number.isNaN(Date.parse(line.time)))
  })

  it('is lost when the reader has gone, and the server goes on', async () => {
    const { veille, port } = await serving()
    veille.child.stdout!.destroy()
    for (let i = 0; i < 3; i++) assert.match(await ask({ port }, '/page.txt'), /A page\.$/)
    veille.kill('SIGINT')
    assert.equal((await veille.exit()).code, 0)
  })

  it('is lost when the disk is full, and the server goes on', async () => {
    const path = join(root, 'full.sock')
    const full = openSync('/dev/full', 'w')
    const veille = startCommand(['--listen', `unix:${path}`, root], { stdio: ['ignore', full, full] })
    close(full)
    await connectSoon(path)
    for (let i = 0; i < 3; i++) assert.match(await ask({ path }, '/page.txt'), /A page\.$/)
    veille.kill('SIGINT')
    assert.equal((await veille.exit()).code, 0)
  })

  it('to a reader that does not read does not hold the server', async () => {
    const { veille, port } = await serving()
    veille.child.stdout!.pause()
    const client = await connect({ port })
    // Each line repeats the target: more than the pipe takes.
    const target = `/page.txt?${'x'.repeat(7000)}`
    for (let i = 1; i <= 100; i++) {
      client.send(`GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`)
      await client.untilText('A page.', i)
    }
    client.destroy()
  })

  it('--open without a display is one warning', async () => {
    const { veille, port } = await serving('--open')
    await veille.stderr.until(/^veille: warning: --open: there is no display here\n$/)
    assert.match(await ask({ port }, '/page.txt'), /A page\.$/)
  })

  it('--open without a browser is one warning', async () => {
    const veille = startCommand(['-p', '0', '--open', root], { env: { DISPLAY: ':0', PATH: root } })
    const { port } = await veille.url()
    await veille.stderr.until(/^veille: warning: --open: xdg-open cannot be started; .*\n$/)
    assert.match(await ask({ port: Number(port) }, '/page.txt'), /A page\.$/)
  })
})

describe('stopping', () => {
  /** A download that is under way: its head has come, and the kernel holds back the rest. */
  async function downloading(port: number): Promise<RawClient> {
    const client = await connect({ port })
    client.send('GET /large HTTP/1.1\r\nHost: x\r\n\r\n')
    await client.untilText('\r\n\r\n')
    client.socket.pause()
    return client
  }

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`${signal} closes what is idle, finishes what runs, then exits with 0`, async () => {
      const { veille, port } = await serving()
      const idle = await connect({ port })
      const download = await downloading(port)
      veille.kill(signal)
      await idle.atEnd()
      await assert.rejects(connect({ port }), { code: 'ECONNREFUSED' })
      download.socket.resume()
      const bytes = await download.atEnd()
      assert.equal(bytes.length, bytes.indexOf('\r\n\r\n') + 4 + LARGE_BYTES)
      const { code, stderr } = await veille.exit()
      assert.deepEqual([code, stderr], [0, ''])
      idle.destroy()
      download.destroy()
    })
  }

  it('a second signal ends it at once', async () => {
    for (const [signal, expected] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      const { veille, port } = await serving('--grace', '3600')
      const download = await downloading(port)
      const ended = veille.exit()
      // Two in quick succession count as one, so it is said until it is heard.
      const saying = setInterval(() => veille.kill(signal), 40)
      assert.equal((await ended).code, expected)
      clearInterval(saying)
      download.destroy()
    }
  })

  it('a signal that npm passes on once more is not a second one', async () => {
    const { veille, port } = await serving()
    const download = await downloading(port)
    veille.kill('SIGINT')
    veille.kill('SIGINT')
    download.socket.resume()
    await download.until(bytes => bytes.length > LARGE_BYTES)
    assert.equal((await veille.exit()).code, 0)
    download.destroy()
  })

  it('--grace cuts what takes longer', async () => {
    const { veille, port } = await serving('--grace', '0.1')
    const download = await downloading(port)
    veille.kill('SIGINT')
    assert.equal((await veille.exit()).code, 0)
    download.destroy()
  })
})

describe('on a terminal', () => {
  /** script(1) of util-linux gives a command a terminal of its own; what it shows arrives on stdout. */
  const isThere = spawnSync('script', ['--version']).stdout?.includes('util-linux') ?? false
  const skip = isThere ? false : 'script(1) of util-linux is not installed (apt-get install bsdutils)'

  function onTerminal(args: string[], env: NodeJS.ProcessEnv = {}): Running {
    const command = ['stty cols 90 &&', 'exec', process.execPath, MAIN, '-p', '0', ...args, root].join(' ')
    return startProcess('script', ['-qec', command, '/dev/null'], { env: { TERM: 'xterm', ...env } })
  }

  /** What one types arrives only once somebody listens. */
  async function portOn(veille: Running): Promise<number> {
    const [, port] = await veille.stdout.until(/http:\/\/localhost:(\d+)\/[^]*╯/)
    return Number(port)
  }

  it('a box, a readable line per request, and Ctrl-C', { skip }, async () => {
    const veille = onTerminal([], { NO_COLOR: '1' })
    const port = await portOn(veille)
    assert.match(veille.stdout.text, /╭─ veille \d+\.\d+\.\d+ ─+╮\r\n/)
    assert.ok(veille.stdout.text.includes(`│  Serving   ${root}`))
    assert.match(veille.stdout.text, /│ {2}Stop it with Ctrl-C\. +│/)
    await ask({ port }, '/page.txt')
    await veille.stdout.until(/^\d\d:\d\d:\d\d {2}GET {6}200 {8}7 B +\d+\.\d ms {2}\/page\.txt\r\n/m)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: no colour means no escape
    assert.doesNotMatch(veille.stdout.text, /\x1b/)
    veille.child.stdin!.write('\x03')
    const { code, stdout } = await veille.exit()
    assert.match(stdout, /veille has stopped\./)
    assert.equal(code, 0)
  })

  it('in colour where colour is wanted', { skip }, async () => {
    const veille = onTerminal([])
    const port = await portOn(veille)
    assert.match(veille.stdout.text, /\x1b\[36mhttp:/)
    await ask({ port }, '/page.txt')
    await veille.stdout.until(/\x1b\[32m200\x1b\[0m/)
  })

  it('says how many connections are still open', { skip }, async () => {
    const veille = onTerminal(['--grace', '3600'])
    const client = await connect({ port: await portOn(veille) })
    client.send('GET /large HTTP/1.1\r\nHost: x\r\n\r\n')
    await client.untilText('\r\n\r\n')
    client.socket.pause()
    veille.child.stdin!.write('\x03')
    await veille.stdout.until(
      /Stopping: 1 connection is still open, for at most 3600 s\. Ctrl-C again ends them at once\./,
    )
    const typing = setInterval(() => veille.child.stdin!.write('\x03'), 40)
    const { code } = await veille.exit()
    clearInterval(typing)
    assert.equal(code, 130)
    client.destroy()
  })

  it('a dumb one gets neither box nor colour', { skip }, async () => {
    const veille = onTerminal([], { TERM: 'dumb' })
    await veille.stdout.until(/Local {5}http:\/\/localhost:\d+\/[^]*Stop it with Ctrl-C\.\r\n/)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: no colour means no escape
    assert.doesNotMatch(veille.stdout.text, /[\x1b╭]/)
  })
})

it('sleeps when there is nothing to do', async () => {
  const { veille, port } = await serving()
  await ask({ port }, '/page.txt')
  const idle = await connect({ port })
  await ask({ port }, '/page.txt')
  const before = cpuTicks(veille.pid)
  await new Promise(resolve => setTimeout(resolve, 1000))
  // A hundred would be one processor; housekeeping of V8 may take a few.
  assert.ok(cpuTicks(veille.pid) - before <= 10)
  idle.destroy()
})

/** Of 10 ms: utime and stime of proc(5). */
function cpuTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ')
  return Number(fields[11]) + Number(fields[12])
}

/** For a command that does not say when it listens. */
async function connectSoon(path: string): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    try {
      const client = await connect({ path })
      return client.destroy()
    } catch {
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }
  assert.fail(`nobody listens on ${path}`)
}
