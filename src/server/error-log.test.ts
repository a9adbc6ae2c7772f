import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { LEVELS, type Level, type LogContext } from '../log.ts'
import { type ErrorFormat, type ErrorSink, errorLogTo, MemorySink } from './error-log.ts'
import type { ErrorRecord } from './error-record.ts'

/** A place whose lines a test reads. */
class Place implements ErrorSink {
  readonly least: number
  readonly lines: string[] = []
  private readonly format: ErrorFormat

  constructor(level: Level, format: ErrorFormat = 'text') {
    this.least = LEVELS.indexOf(level)
    this.format = format
  }

  write(record: ErrorRecord): void {
    this.lines.push(record[this.format])
  }
}

const REQUEST: LogContext = {
  connection: 7,
  client: '192.0.2.1',
  server: 'example.com',
  request: 'GET /a?b="c" HTTP/1.1',
  host: 'example.com:80',
}

function lineOf(words: string, context: LogContext, format: ErrorFormat = 'text'): string {
  const sink = new Place('debug', format)
  errorLogTo([sink]).withContext(context).error(words)
  const [line] = sink.lines
  return line!
}

/** What stands behind time, level and process. */
function told(words: string, context: LogContext = {}): string {
  const [, rest] = /^[\d/]{10} [\d:]{8} \[error\] \d+#\d+: (.*)$/.exec(lineOf(words, context))!
  return rest!
}

describe('a line of the error log', () => {
  it('has the form of nginx', () => {
    const { pid } = process
    assert.match(
      lineOf('words', {}),
      new RegExp(`^\\d{4}/\\d\\d/\\d\\d \\d\\d:\\d\\d:\\d\\d \\[error\\] ${pid}#${pid}: words$`),
    )
  })

  it('tells what it is about, in the order of nginx', () => {
    assert.equal(
      told('failed', REQUEST),
      '*7 failed, client: 192.0.2.1, server: example.com, request: "GET /a?b=\\x22c\\x22 HTTP/1.1", host: "example.com:80"',
    )
    assert.equal(
      told('recv() failed', {
        referrer: 'http://a/',
        upstream: 'http://127.0.0.1:3000/',
        subrequest: '/s',
        action: 'reading response header from upstream',
        ...REQUEST,
        request: 'GET / HTTP/1.0',
        server: '',
      }),
      '*7 recv() failed while reading response header from upstream, client: 192.0.2.1, server: , ' +
        'request: "GET / HTTP/1.0", subrequest: "/s", upstream: "http://127.0.0.1:3000/", host: "example.com:80", ' +
        'referrer: "http://a/"',
    )
  })

  it('says nothing of what is not known', () => {
    assert.equal(told('words', { connection: 1, client: null, host: undefined }), '*1 words')
  })

  it('cannot be broken, and steers no terminal', () => {
    assert.equal(told('a\r\nb\x1b[2J\x9b'), 'a | b\\x1B[2J\\x9B')
    assert.equal(told('x', { host: '\x1b]0;\x07\n"\\' }), 'x, host: "\\x1B]0;\\x07\\x0A\\x22\\x5C"')
    assert.equal(told('x', { client: 'unix:\n' }), 'x, client: unix:\\x0A')
  })

  it('shows a stack in one line', () => {
    assert.equal(told('Error: a\n    at b\n    at c'), 'Error: a | at b | at c')
  })

  it('has UTF-8 in its words, and octets in what a client sent', () => {
    assert.equal(
      told('"/srv/é" is missing', { request: 'GET /\xc3\xa9' }),
      '"/srv/\xc3\xa9" is missing, request: "GET /\\xC3\\xA9"',
    )
  })

  it('has an end', () => {
    assert.equal(lineOf('x'.repeat(100_000), {}).length, 8192)
  })

  it('is an object, where that is wanted', () => {
    const line = lineOf('a\n\x1b\x9b', { ...REQUEST, action: 'reading', host: '\xc3\xa9\x7f' }, 'json')
    assert.doesNotMatch(line, /[\x00-\x1f\x7f]/)
    const { time, ...facts } = JSON.parse(Buffer.from(line, 'latin1').toString())
    assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$/)
    assert.deepEqual(facts, {
      level: 'error',
      pid: process.pid,
      connection: 7,
      message: 'a\n\x1b\x9b',
      action: 'reading',
      client: '192.0.2.1',
      server: 'example.com',
      request: 'GET /a?b="c" HTTP/1.1',
      host: 'é\x7f',
    })
  })
})

describe('an error log', () => {
  it('writes to each place what its level lets through', () => {
    const places = [new Place('crit'), new Place('info'), new Place('error', 'json')]
    const log = errorLogTo(places)
    for (const level of LEVELS) log[level](level)
    const levels = places.map(({ lines }) => lines.map(line => /\[(\w+)\]|"level":"(\w+)"/.exec(line)!))
    assert.deepEqual(
      levels.map(found => found.map(([, text, json]) => text ?? json)),
      [LEVELS.slice(0, 3), LEVELS.slice(0, 7), LEVELS.slice(0, 4)],
    )
    assert.equal(log.isOn('info'), true)
    assert.equal(log.isOn('debug'), false)
  })

  it('tells more of a connection that is watched, in the place that tells most', () => {
    const [quiet, usual] = [new Place('error'), new Place('warn')]
    const log = errorLogTo([quiet, usual])
    const watched = log.withContext({ connection: 1 }, 'debug')
    assert.equal(watched.isOn('debug'), true)
    assert.equal(log.isOn('info'), false)
    watched.debug('seen')
    watched.warn('seen too')
    log.debug('not seen')
    assert.equal(usual.lines.length, 2)
    assert.deepEqual(quiet.lines, [])
    assert.equal(log.withContext({}, 'error').isOn('warn'), true, 'it never tells less')
  })

  it('is silent without a place', () => {
    const log = errorLogTo([])
    assert.equal(log.withContext({}, 'debug').isOn('emerg'), false)
    log.withContext({}, 'debug').emerg('x')
  })

  it('reads a context only for a line that is written', () => {
    const sink = new Place('error')
    let reads = 0
    const log = errorLogTo([sink]).withContext({
      get request() {
        reads++
        return 'GET /'
      },
    })
    log.info('x')
    assert.equal(reads, 0)
    log.error('x')
    assert.equal(reads, 1)
  })
})

describe('a log in memory', () => {
  it('keeps the last lines, as many as fit', () => {
    const sink = new MemorySink('debug', 200, 'text')
    const log = errorLogTo([sink])
    for (let i = 0; i < 1000; i++) {
      log.debug(`line ${i}`)
      assert.ok(sink.contents.length <= 200)
    }
    const lines = sink.contents.trimEnd().split('\n')
    assert.match(lines.at(-1)!, /line 999$/)
    assert.match(lines[0]!, new RegExp(`line ${1000 - lines.length}$`))
    log.debug('x'.repeat(1000))
    assert.equal(sink.contents.length, 200)
  })
})
