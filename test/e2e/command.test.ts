/**
 * The command as a user meets it, a process of its own: what it answers, what it refuses, what it serves.
 */

import assert from 'node:assert/strict'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ask, killLeftOver, MAIN, outcomeOf, serving, startProcess } from '../command-process.ts'
import { makeSite, removeSite } from '../sites.ts'

const TOP = fileURLToPath(new URL('../../../', import.meta.url))

let root = ''
before(() => {
  root = makeSite({
    'index.html': '<h1>Front</h1>',
    'page.txt': 'A page.',
    'app.html': '<h1>App</h1>',
    'list/one.txt': '1',
    '.secret': 'hidden',
  })
})
after(() => removeSite(root))
afterEach(killLeftOver)

describe('what is answered at once', () => {
  it('--version', async () => {
    const { code, stdout } = await outcomeOf(['--version'])
    const { version } = JSON.parse(readFileSync(join(TOP, 'package.json'), 'utf8'))
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
  it('a missing native library', async () => {
    const place = mkdtempSync(join(tmpdir(), 'veille-alone-'))
    cpSync(join(TOP, 'package.json'), join(place, 'package.json'))
    cpSync(join(TOP, 'dist/src'), join(place, 'dist/src'), { recursive: true })
    // An empty one, found before any that a folder above may hold.
    mkdirSync(join(place, 'node_modules/koffi'), { recursive: true })
    writeFileSync(join(place, 'node_modules/koffi/package.json'), '{"name":"koffi","main":"none.js"}')
    const { code, stdout, stderr } = await startProcess(process.execPath, [
      join(place, 'dist/src/main.js'),
      root,
    ]).exit()
    rmSync(place, { recursive: true })
    assert.match(
      stderr,
      /^veille: the native library koffi cannot be loaded \(.*\); install veille again, [^\n]*\n$/,
    )
    assert.deepEqual([code, stdout], [1, ''])
  })
})

describe('what is served', () => {
  async function answers(
    args: string[],
    target: string,
    expected: RegExp,
    ...fields: string[]
  ): Promise<void> {
    const { veille, port } = await serving(root, ...args)
    assert.match(await ask({ port }, target, ...fields), expected)
    veille.kill('SIGKILL')
    await veille.exit()
  }

  it('an index page, a list, no dot files, and Cache-Control: no-cache', async () => {
    await answers([], '/', /^HTTP\/1\.1 200 OK\r\n[\s\S]*Cache-Control: no-cache\r\n[\s\S]*Front/)
    await answers([], '/list/', /one\.txt/)
    await answers([], '/.secret', /^HTTP\/1\.1 404 /)
    await answers([], '/app/none', /^HTTP\/1\.1 404 /, 'Accept: text/html')
  })
  it('--index', () => answers(['--index', 'none', '--index', 'app.html'], '/', /<h1>App/))
  it('--no-listing', () => answers(['--no-listing'], '/list/', /^HTTP\/1\.1 403 /))
  it('--dotfiles', () => answers(['--dotfiles'], '/.secret', /hidden$/))
  it('--base', async () => {
    const { veille, port } = await serving(root, '--base', 'docs')
    assert.equal((await veille.url()).pathname, '/docs/')
    assert.match(await ask({ port }, '/docs/page.txt'), /A page\.$/)
    assert.match(await ask({ port }, '/page.txt'), /^HTTP\/1\.1 404 /)
  })
  it('--spa', async () => {
    const { port } = await serving(root, '--spa=app.html')
    for (const path of ['/some/where', '/some/where/'])
      assert.match(await ask({ port }, path, 'Accept: text/html'), /^HTTP\/1\.1 200 [\s\S]*<h1>App/)
    assert.match(await ask({ port }, '/list/', 'Accept: text/html'), /one\.txt/)
    assert.match(await ask({ port }, '/page.txt/', 'Accept: text/html'), /^HTTP\/1\.1 404 /)
    assert.match(await ask({ port }, '/lost.js', 'Accept: */*'), /^HTTP\/1\.1 404 /)
  })
  it('--spa with a page that is not there yet', async () => {
    const { veille } = await serving(root, '--spa=none.html')
    await veille.stderr.until(/^veille: warning: --spa: there is no none\.html in the folder yet/m)
  })
  it('--cors', () => answers(['--cors'], '/page.txt', /\r\nAccess-Control-Allow-Origin: \*\r\n/))
  it('--cache seconds', () =>
    answers(['--cache', '60'], '/page.txt', /\r\nCache-Control: public, max-age=60\r\n/))
  it('--cache off', () => answers(['--cache=off'], '/page.txt', /^(?![\s\S]*Cache-Control)HTTP\/1\.1 200/))

  for (const poller of ['select', 'poll', 'epoll']) {
    it(`--poller ${poller}`, () => answers(['--poller', poller], '/page.txt', /A page\.$/))
  }
})
