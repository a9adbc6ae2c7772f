import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readCommandLine } from './command-line.ts'
import { Mistake, USAGE } from './mistake.ts'
import { defaultSettings, OPTIONS, type Settings } from './options.ts'

type Wanted = Partial<Settings>

/** @param line words separated by spaces */
function reads(line: string, wanted: Wanted, env: NodeJS.ProcessEnv = {}): void {
  it(`${line || '(nothing)'}${env.PORT === undefined ? '' : ` with PORT=${env.PORT}`}`, () => {
    const args = line.split(' ').filter(word => word !== '')
    assert.deepEqual(readCommandLine(args, env), { ...defaultSettings(), ...wanted })
  })
}

function refuses(args: string | string[], sentence: string, env: NodeJS.ProcessEnv = {}): void {
  const words = typeof args === 'string' ? args.split(' ') : args
  it(`refuses ${words.join(' ')}`, () => {
    assert.throws(
      () => readCommandLine(words, env),
      (error: unknown) => {
        assert.ok(error instanceof Mistake)
        assert.equal(error.message, sentence)
        assert.equal(error.exitCode, USAGE)
        return true
      },
    )
  })
}

describe('words', () => {
  reads('', {})
  reads('site', { folder: 'site' })
  reads('-', { folder: '-' })
  reads('--port 80', { port: 80 })
  reads('--port=80', { port: 80 })
  reads('-p 80', { port: 80 })
  reads('-p80', { port: 80 })
  reads('-p=80', { port: 80 })
  reads('-p 80 site --quiet', { port: 80, folder: 'site', quiet: true })
  reads('-- --quiet', { folder: '--quiet' })
  reads('--quiet -- site', { folder: 'site', quiet: true })
  reads('--port 80 --port 81', { port: 81 })
  reads('--help --unknown', { help: true })
  reads('-v', { version: true })
  refuses('a b', 'one folder can be served, found two: "a" and "b"')
  refuses([''], 'expected a folder, found an empty word')
})

describe('where it listens', () => {
  reads('--port 0', { port: 0 })
  reads('--port 65535', { port: 65535 })
  reads('-l 80', { listen: ['80'] })
  reads('-l localhost:80 --listen=[::1]:80 -l unix:/run/x', {
    listen: ['localhost:80', '[::1]:80', 'unix:/run/x'],
  })
  reads('--host localhost', { host: 'localhost' })
  reads('--host ::1', { host: '[::1]' })
  reads('--host [::1]', { host: '[::1]' })
  reads('--reuse-port', { serve: { reusePort: true } })
  refuses('--port 65536', '--port: expected a port from 0 to 65535, found "65536"')
  refuses('-p -1', '-p: expected a port from 0 to 65535, found "-1"')
  refuses('--port=', '--port: expected a port from 0 to 65535, found ""')
  refuses('--port 0x50', '--port: expected a port from 0 to 65535, found "0x50"')
  refuses('--host [::1', '--host: expected an IPv4 address, an IPv6 address or a name, found "[::1"')
  refuses(
    '--host 999.1.1.1',
    '--host: expected an IPv4 address, an IPv6 address or a name, found "999.1.1.1"',
  )
  refuses('--host a/b', '--host: expected an IPv4 address, an IPv6 address or a name, found "a/b"')
  refuses('-l 80800', '-l: a port is a number from 0 to 65535, found 80800')
  refuses('-l 80 -p 81', '--listen says the whole address, so it does not go with --port; use one of them')
  refuses('-l 80 --host a', '--listen says the whole address, so it does not go with --host; use one of them')
})

describe('PORT of the environment', () => {
  reads('', { port: 90 }, { PORT: '90' })
  reads('', {}, { PORT: '' })
  reads('--host a', { host: 'a', port: 90 }, { PORT: '90' })
  reads('--port 80', { port: 80 }, { PORT: '90' })
  reads('--listen 80', { listen: ['80'] }, { PORT: '90' })
  reads('--help', { help: true }, { PORT: 'http' })
  refuses([], 'PORT in the environment: expected a port from 0 to 65535, found "http"', { PORT: 'http' })
})

describe('what it serves', () => {
  reads('--spa', { serve: { spa: 'index.html' } })
  reads('--spa site', { serve: { spa: 'index.html' }, folder: 'site' })
  reads('--spa=app.html', { serve: { spa: 'app.html' } })
  reads('--spa=./app/index.html', { serve: { spa: 'app/index.html' } })
  reads('--base docs', { serve: { base: '/docs/' } })
  reads('--base /a//b/', { serve: { base: '/a/b/' } })
  reads('--index home.html --index index.htm', { serve: { index: ['home.html', 'index.htm'] } })
  reads('--no-listing --dotfiles --follow-links --no-precompressed --cors', {
    serve: { listing: false, dotfiles: true, followLinks: true, precompressed: false, cors: true },
  })
  reads('--cache 3600', { serve: { cache: 3600 } })
  reads('--cache=0', { serve: { cache: 0 } })
  reads('--cache off', { serve: { cache: null } })
  reads('--cache no-store', { serve: { cache: 'no-store' } })
  refuses('--spa=', '--spa: expected the name of a file in the folder, found ""')
  refuses('--spa=../x.html', '--spa: expected the name of a file in the folder, found "../x.html"')
  refuses('--spa=app/', '--spa: expected the name of a file in the folder, found "app/"')
  refuses('--base /a?b', '--base: expected a path such as /docs/, found "/a?b"')
  refuses('--base http://a/', '--base: expected a path such as /docs/, found "http://a/"')
  refuses('--index a/b', '--index: expected the name of a file, without folders, found "a/b"')
  refuses('--cors=yes', '--cors takes no value, found "yes"')
  refuses('--cache 99999999999', '--cache: expected at most 2147483648 seconds, found "99999999999"')
  const cache = 'expected a number of seconds, a value of Cache-Control, or "off"'
  refuses('--cache -1', `--cache: ${cache}, found "-1"`)
  refuses(['--cache', 'a\r\nb'], `--cache: ${cache}, found "a\\u000d\\u000ab"`)
  refuses('--cache of', `--cache: ${cache}, found "of"; did you mean "off"?`)
  refuses('--cache nostore', `--cache: ${cache}, found "nostore"; did you mean "no-store"?`)

  it('takes a whole Cache-Control value', () => {
    const value = 'public, max-age=31536000, immutable, private="set-cookie"'
    assert.equal(readCommandLine(['--cache', value], {}).serve.cache, value)
  })
})

describe('how it works and what it says', () => {
  reads('--open --quiet --json', { open: true, quiet: true, json: true })
  reads('--poller select', { serve: { poller: 'select' } })
  reads('--strict-readiness', { serve: { strictReadiness: true } })
  reads('--grace 2.5', { graceMs: 2500 })
  reads('--grace 0', { graceMs: 0 })
  refuses('--poller epol', '--poller: expected select, poll or epoll, found "epol"; did you mean "epoll"?')
  refuses('--poller kqueue', '--poller: expected select, poll or epoll, found "kqueue"')
  refuses('--grace -1', '--grace: expected seconds from 0 to 3600, found "-1"')
  refuses('--grace 1e9', '--grace: expected seconds from 0 to 3600, found "1e9"')
  refuses('--grace', '--grace is to be followed by its seconds')
  refuses('site -p', '-p is to be followed by its number')
})

describe('an option that is not known', () => {
  refuses('--prot 80', 'unknown option "--prot"; did you mean "--port"?')
  refuses('--no-list', 'unknown option "--no-list"; did you mean "--no-listing"?')
  refuses('--Cors=1', 'unknown option "--Cors"; did you mean "--cors"?')
  refuses('--frobnicate', 'unknown option "--frobnicate"; veille --help lists them')
  refuses('-x', 'unknown option "-x"; veille --help lists them')
  refuses('--single', 'unknown option "--single"; did you mean "--spa"?')
  refuses('-s', 'unknown option "-s"; did you mean "--spa"?')
  refuses('-a 0.0.0.0', 'unknown option "-a"; did you mean "--host"?')

  it('is answered with one name: no two options claim the same', () => {
    const names = OPTIONS.flatMap(({ long, short, elsewhere = [] }) => [long, short ?? [], elsewhere].flat())
    assert.deepEqual(names.length, new Set(names).size)
  })
})
