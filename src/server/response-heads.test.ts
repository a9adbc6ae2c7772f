import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fakeClock } from '../../test/descriptors.ts'
import { Loop } from '../loop/loop.ts'
import type { Exchange } from './exchange.ts'
import { ResponseHeads } from './response-heads.ts'

/** As much of an exchange as a head is made of. */
interface Facts {
  status: number
  reason: string
  responseLength: number | null
  preparedLines: string
  appendedLines: string
  addedLines: string
  location: { readonly serverLine: string }
}

const FACTS: Facts = {
  status: 200,
  reason: '',
  responseLength: 5,
  preparedLines: 'ETag: "1"\r\n',
  appendedLines: 'Cache-Control: no-cache\r\n',
  addedLines: 'X: y\r\n',
  location: { serverLine: 'Server: veille\r\n' },
}

function textOf(
  heads: ResponseHeads,
  facts: Partial<Facts> = {},
  isChunked = false,
  connection = '',
): string {
  const x = { ...FACTS, ...facts } as unknown as Exchange
  return heads
    .bytesOf(x, isChunked, connection)
    .toString('latin1')
    .replace(/Date: .*\r\n/, '')
}

describe('the heads of responses', () => {
  it('have status, server, date, fields, framing and connection, in this order', () => {
    const heads = new ResponseHeads(new Loop({ clock: fakeClock() }))
    const head = heads.bytesOf(FACTS as unknown as Exchange, false, 'Connection: close\r\n').toString()
    assert.match(
      head,
      /^HTTP\/1\.1 200 OK\r\nServer: veille\r\nDate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\nETag: "1"\r\nX: y\r\nCache-Control: no-cache\r\nContent-Length: 5\r\nConnection: close\r\n\r\n$/,
    )
  })

  it('tell the framing that the content has', () => {
    const heads = new ResponseHeads(new Loop({ clock: fakeClock() }))
    assert.match(textOf(heads, { responseLength: null }, true), /\r\nTransfer-Encoding: chunked\r\n\r\n$/)
    assert.doesNotMatch(textOf(heads, { responseLength: null }), /Content-Length|Transfer-Encoding/)
    for (const status of [204, 304]) {
      assert.doesNotMatch(textOf(heads, { status, responseLength: 0 }), /Content-Length|Transfer-Encoding/)
      assert.doesNotMatch(textOf(heads, { status, responseLength: null }, true), /Transfer-Encoding/)
    }
  })

  it('tell that a 205 has nothing in it: it does not end with its head', () => {
    const heads = new ResponseHeads(new Loop({ clock: fakeClock() }))
    for (const responseLength of [0, null]) {
      assert.match(textOf(heads, { status: 205, responseLength }), /\r\nContent-Length: 0\r\n\r\n$/)
    }
  })

  it('are handed out again only while everything in them is the same', () => {
    const heads = new ResponseHeads(new Loop({ clock: fakeClock() }))
    const changes: Partial<Facts>[] = [
      { status: 206 },
      { reason: 'Very well' },
      { responseLength: 6 },
      { preparedLines: 'ETag: "2"\r\n' },
      { appendedLines: '' },
      { addedLines: '' },
    ]
    const first = textOf(heads)
    for (const change of changes) {
      const changed = textOf(heads, change)
      assert.notEqual(changed, first, JSON.stringify(change))
      assert.equal(textOf(new ResponseHeads(new Loop({ clock: fakeClock() })), change), changed)
      assert.equal(textOf(heads), first)
      assert.equal(textOf(heads), first)
    }
    assert.notEqual(textOf(heads, {}, false, 'Connection: close\r\n'), first)
    assert.notEqual(textOf(heads, { responseLength: null }, true), first)
    assert.equal(textOf(heads), first)
  })
})
