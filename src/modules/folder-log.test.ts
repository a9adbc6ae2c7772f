import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inetAddress } from '../io/address.ts'
import type { Exchange } from '../server/exchange.ts'
import { type AccessLogForm, accessLog } from './folder-log.ts'

/** As much of an exchange as a line is made of. */
function exchange(changes: Record<string, unknown> = {}): Exchange {
  const fields = new Map([['user-agent', 'curl/8']])
  return {
    method: 'GET',
    rawPath: '/a',
    query: null,
    host: 'h',
    status: 200,
    sentContentBytes: 512,
    startedAt: performance.now(),
    peer: inetAddress('127.0.0.1', 4711),
    head: { versionMinor: 1, isComplete: true },
    fields: { get: (name: string) => fields.get(name) ?? null },
    ...changes,
  } as unknown as Exchange
}

function lineOf(form: AccessLogForm, x: Exchange, colour = false): string {
  let written = ''
  const module = accessLog({
    form,
    colour,
    write: lines => {
      written += lines
    },
  })
  module.log!(x)
  module.close!()
  return written
}

describe('the access log', () => {
  it('is plain as nginx writes `combined`', () => {
    assert.match(
      lineOf('plain', exchange({ query: 'b=c' })),
      /^127\.0\.0\.1 - - \[\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "GET \/a\?b=c HTTP\/1\.1" 200 512 "-" "curl\/8"\n$/,
    )
  })

  it('is JSON, one object a line', () => {
    const parsed = JSON.parse(lineOf('json', exchange({ status: 404, host: '' })))
    assert.deepEqual(
      { ...parsed, time: '', ms: 0 },
      {
        time: '',
        client: '127.0.0.1',
        method: 'GET',
        target: '/a',
        host: '',
        status: 404,
        bytes: 512,
        ms: 0,
        referer: null,
        userAgent: 'curl/8',
      },
    )
    assert.ok(!Number.isNaN(Date.parse(parsed.time)))
    assert.ok(parsed.ms >= 0)
  })

  it('has colour only when asked for', () => {
    assert.ok(!lineOf('pretty', exchange()).includes('\x1b'))
    assert.match(lineOf('pretty', exchange({ status: 503 }), true), /\x1b\[31m503\x1b\[0m/)
    assert.match(lineOf('pretty', exchange()), /^\d\d:\d\d:\d\d {2}GET {6}200 {6}512 B .* ms {2}\/a\n$/)
  })

  it('writes sizes as people read them', () => {
    const sizes: [number, string][] = [
      [0, '0 B'],
      [999, '999 B'],
      [1000, '1.0 kB'],
      [999_949, '999.9 kB'],
      [999_950, '1.0 MB'],
      [10_485_760, '10.5 MB'],
      [5_000_000_000_000, '5.0 TB'],
    ]
    for (const [bytes, words] of sizes) {
      const line = lineOf('pretty', exchange({ sentContentBytes: bytes }))
      assert.ok(line.includes(`  ${words}  `), `${bytes}: ${line}`)
    }
  })

  it('lets no client break a line or steer a terminal', () => {
    const evil = exchange({ rawPath: '/\x1b[2J"\\', method: 'G\n' })
    for (const form of ['pretty', 'plain', 'json'] as const) {
      const line = lineOf(form, evil)
      assert.equal(line.indexOf('\n'), line.length - 1, form)
      assert.ok(!line.includes('\x1b'), form)
    }
    assert.ok(lineOf('plain', evil).includes('"G\\x0A /\\x1B[2J\\x22\\x5C HTTP/1.1"'))
  })

  it('is no terminal command in JSON either, where controls beyond ASCII may stand', () => {
    const evil = exchange({ fields: { get: () => '\x7f\x9b2J\xa0' } })
    const line = lineOf('json', evil)
    assert.doesNotMatch(line, /[\x7f-\x9f]/)
    assert.equal(JSON.parse(line).referer, '\x7f\x9b2J\xa0')
  })

  it('tells an exchange whose client left before its answer, and one whose request was never read', () => {
    assert.match(lineOf('plain', exchange({ status: 0 })), / 499 512 /)
    const head = { versionMinor: 0, isComplete: false }
    assert.match(lineOf('plain', exchange({ method: '', rawPath: '', head, status: 400 })), /\] "" 400 /)
    assert.match(lineOf('plain', exchange({ head, status: 431 })), /\] "GET \/a" 431 /)
  })
})
