import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { answered, type StubExchange } from '../../test/exchange-stub.ts'
import { type Pieces, type Placed, placed, problemsOf } from '../../test/feature-stub.ts'
import { createLog } from '../log.ts'
import type { Module } from '../server/module.ts'
import { HANDLED } from '../server/module.ts'
import { Variables } from '../server/variables.ts'
import { accessLogFeature } from './access-log.ts'

let prefix = ''
let errors: string[] = []

beforeEach(() => {
  prefix = `${mkdtempSync(join(tmpdir(), 'veille-access-'))}/`
  mkdirSync(`${prefix}logs`)
  errors = []
})

afterEach(() => rmSync(prefix, { recursive: true }))

const hello: Module = {
  name: 'hello',
  content(x) {
    x.answer(200, 'hello')
    return HANDLED
  },
}

/** A few of those that there are, in their simplest form. */
function variables(): Variables {
  const all = new Variables()
  const row = (name: string, get: (x: StubExchange) => string | null): void =>
    all.add({ name, doc: '', get: x => get(x as StubExchange) })
  row('remote_addr', () => '192.0.2.1')
  row('remote_user', () => null)
  row('time_local', () => '23/Nov/2026:14:03:07 +0100')
  row('request', x => `${x.method} ${x.rawPath} HTTP/1.1`)
  row('status', x => String(x.status))
  row('body_bytes_sent', x => String(x.sentContentBytes))
  row('document_root', () => `${prefix}html`)
  row('uri', x => x.path)
  all.addFamily({
    prefix: 'http_',
    doc: '',
    isOctets: true,
    member: name => x => x.fields.get(name.replaceAll('_', '-')),
  })
  return all
}

function site(pieces: Pieces): Placed {
  const log = createLog('info', (level, words) => errors.push(`[${level}] ${words}`))
  const made = placed([accessLogFeature], pieces, {
    variables: variables(),
    modules: [hello],
    log,
    surroundings: { prefix, folder: prefix },
    accessLogPath: `${prefix}logs/standard.log`,
  })
  assert.deepEqual(made.site.logFiles.open(), [])
  return made
}

function refuses(pieces: Pieces, ...sentences: string[]): void {
  const options = { variables: variables(), surroundings: { prefix, folder: prefix } }
  assert.deepEqual(problemsOf([accessLogFeature], pieces, options), sentences)
}

/** What is in a log after some requests. */
function logged(made: Placed, requests: readonly string[], name = 'logs/a.log'): string {
  for (const request of requests) answered(request, { location: made.location })
  made.site.logFiles.flush()
  return readFileSync(prefix + name, 'latin1')
}

const COMBINED_LINE =
  '192.0.2.1 - - [23/Nov/2026:14:03:07 +0100] "GET /a HTTP/1.1" 200 5 "-" "a \\x22browser\\x22"\n'
const BROWSER = 'GET /a HTTP/1.1\r\nHost: x\r\nUser-Agent: a "browser"\r\n\r\n'

describe('access_log', () => {
  it('writes the combined form by default, into the standard log', () => {
    assert.equal(logged(site({}), [BROWSER], 'logs/standard.log'), COMBINED_LINE)
    assert.equal(logged(site({ server: 'access_log logs/a.log;' }), [BROWSER]), COMBINED_LINE)
  })

  it('writes formats of its own, to several logs', () => {
    const made = site({
      http: `log_format short '$status ' '$uri' ; log_format j escape=json '{"ua":"$http_user_agent"}';`,
      location: `access_log ${prefix}logs/a.log short; access_log logs/b.log j;`,
    })
    assert.equal(logged(made, ['GET /a%20b', BROWSER]), '200 /a b\n200 /a\n')
    assert.equal(logged(made, [], 'logs/b.log'), '{"ua":""}\n{"ua":"a \\"browser\\""}\n')
  })

  it('is inherited as a whole, replaced as a whole, and switched off', () => {
    const made = site({
      http: 'log_format u $uri; access_log logs/a.log u; access_log logs/b.log u;',
      location: 'access_log logs/c.log u;',
    })
    assert.equal(logged(made, ['GET /'], 'logs/c.log'), '/\n')
    assert.deepEqual(readdirSync(`${prefix}logs`), ['c.log'])
    const off = { variables: variables(), surroundings: { prefix, folder: prefix } }
    for (const location of ['access_log off;', 'access_log logs/d.log; access_log off;']) {
      assert.deepEqual(placed([accessLogFeature], { location }, off).modules, [])
    }
  })

  it('logs only what its condition lets through', () => {
    const made = site({
      http: 'log_format u $uri;',
      location: 'access_log logs/a.log u if=$http_log; access_log logs/b.log u if=1$http_log;',
    })
    const request = (path: string, value: string): string =>
      `GET ${path} HTTP/1.1\r\nHost: x\r\nLog: ${value}\r\n\r\n`
    assert.equal(
      logged(made, ['GET /none', request('/0', '0'), request('/1', '1'), request('/00', '00')]),
      '/1\n/00\n',
    )
    assert.equal(logged(made, [], 'logs/b.log'), '/none\n/0\n/1\n/00\n')
  })

  it('shares a file that is named twice, and its buffer', () => {
    const made = site({
      http: 'log_format u $uri; log_format s $status;',
      location: 'access_log logs/a.log u buffer=4k flush=1m; access_log logs/a.log s buffer=4k flush=1m;',
    })
    assert.equal(logged(made, ['GET /1', 'GET /2']), '/1\n200\n/2\n200\n')
  })

  it('writes to files that the request names, where its root exists', () => {
    mkdirSync(`${prefix}html`)
    const made = site({
      http: 'log_format u $uri; open_log_file_cache max=10;',
      location: 'access_log logs/$http_site.log u; access_log "logs/plain.log" u;',
    })
    const request = (host: string): string => `GET /a HTTP/1.1\r\nHost: x\r\nSite: ${host}\r\n\r\n`
    assert.equal(logged(made, ['a', 'b', 'a'].map(request), 'logs/a.log'), '/a\n/a\n')
    assert.equal(logged(made, [], 'logs/b.log'), '/a\n')
    assert.deepEqual(errors, [])
    answered(request('no/folder'), { location: made.location })
    assert.deepEqual(errors, [
      `[crit] open() "${prefix}logs/no/folder.log" failed (2: No such file or directory)`,
    ])
    answered(request('../c'), { location: made.location })
    assert.equal(
      errors[1],
      `[error] the access log "${prefix}logs/../c.log" leads out of the directory that is configured`,
    )
    rmSync(`${prefix}html`, { recursive: true })
    answered(request('c'), { location: made.location })
    assert.equal(errors[2], `[error] testing "${prefix}html" existence failed (2: No such file or directory)`)
    assert.deepEqual(readdirSync(`${prefix}logs`).sort(), ['a.log', 'b.log', 'plain.log'])
    made.site.logFiles.close()
  })

  it('is refused in the words of nginx', () => {
    const location = (text: string, ...sentences: string[]): void => refuses({ location: text }, ...sentences)
    location('access_log off x;', 'invalid parameter "x"')
    location('access_log a x;', 'unknown log format "x"')
    location('access_log a buffer=1k;', 'unknown log format "buffer=1k"')
    location('access_log a combined buffer=0;', 'invalid buffer size "0"')
    location('access_log a combined buffer=x;', 'invalid buffer size "x"')
    location('access_log a combined flush=0;', 'invalid flush time "0"')
    location('access_log a combined flush=1s;', 'no buffer is defined for access_log "a"')
    location('access_log a combined gzip=0;', 'invalid compression level "0"')
    location('access_log a combined if=;', 'invalid parameter "if="')
    location('access_log a combined colour=red;', 'invalid parameter "colour=red"')
    location('access_log a combined toString=1;', 'invalid parameter "toString=1"')
    location('access_log a$uri combined buffer=1k;', 'buffered logs cannot have variables in name')
    location('access_log syslog:server=a combined gzip;', 'logs to syslog cannot be buffered')
    location('access_log syslog:facility=x;', 'unknown syslog facility "x"')
    location('access_log "";', 'invalid log path ""')
    location('access_log a$none;', 'unknown "none" variable')
    location(
      'access_log a combined buffer=1k; access_log a combined buffer=2k;',
      `access_log "${prefix}a" already defined with conflicting parameters`,
    )
  })
})

describe('log_format', () => {
  it('is refused in the words of nginx', () => {
    const http = (text: string, ...sentences: string[]): void => refuses({ http: text }, ...sentences)
    http('log_format a escape=xml $uri;', 'unknown log format escaping "xml"')
    http('log_format a $uri; log_format a $uri;', 'duplicate "log_format" name "a"')
    http('log_format combined $uri;', 'duplicate "log_format" name "combined"')
    http('log_format unused $none;', 'unknown "none" variable')
    http('log_format a;', 'invalid number of arguments in "log_format" directive')
    http('log_format a "$uri $";', 'invalid variable name')
  })
})

describe('open_log_file_cache', () => {
  it('is refused in the words of nginx', () => {
    const http = (text: string, ...sentences: string[]): void =>
      refuses({ http: `open_log_file_cache ${text};` }, ...sentences)
    http('max=10 inactive=20s valid=1m min_uses=2')
    http('off')
    http('inactive=20s', '"open_log_file_cache" must have "max" parameter')
    http('max=x', 'invalid "open_log_file_cache" parameter "max=x"')
    http('max=10 toString', 'invalid "open_log_file_cache" parameter "toString"')
    http('max=10 off', 'invalid "open_log_file_cache" parameter "off"')
  })
})
