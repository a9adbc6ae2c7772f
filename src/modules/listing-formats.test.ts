import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Chunks, type FormattedEntry, jsonChunks, jsonpChunks, xmlChunks } from './listing-formats.ts'

const AT = Date.UTC(2020, 1, 2, 3, 4, 5) + 678

function file(name: string, sizeBytes = 1): FormattedEntry {
  return { name, isDirectory: false, isOther: false, sizeBytes, modifiedMs: AT }
}

const folder: FormattedEntry = { ...file('folder'), isDirectory: true }
const fifo: FormattedEntry = { ...file('fifo'), isOther: true }

function text(chunks: Chunks): string {
  return [...chunks].join('')
}

describe('a listing for programs', () => {
  it('is JSON as nginx writes it', () => {
    assert.equal(
      text(jsonChunks([file('b', 2), fifo, folder])),
      [
        '[',
        '{ "name":"folder", "type":"directory", "mtime":"Sun, 02 Feb 2020 03:04:05 GMT" },',
        '{ "name":"b", "type":"file", "mtime":"Sun, 02 Feb 2020 03:04:05 GMT", "size":2 },',
        '{ "name":"fifo", "type":"other", "mtime":"Sun, 02 Feb 2020 03:04:05 GMT" }',
        ']',
      ].join('\r\n'),
    )
  })

  it('is XML as nginx writes it, of characters that XML has', () => {
    assert.equal(
      text(xmlChunks([file('<&">\x01', 2), fifo, folder])),
      [
        '<?xml version="1.0"?>',
        '<list>',
        '<directory mtime="2020-02-02T03:04:05Z">folder</directory>',
        '<file mtime="2020-02-02T03:04:05Z" size="2">&lt;&amp;&quot;&gt;\ufffd</file>',
        '<other mtime="2020-02-02T03:04:05Z">fifo</other>',
        '</list>',
        '',
      ].join('\r\n'),
    )
  })

  it('is a call of a function, which a comment precedes', () => {
    assert.equal(text(jsonpChunks([], 'show')), '/* callback */\r\nshow([\r\n]);')
  })

  it('is empty where nothing is', () => {
    assert.equal(text(jsonChunks([])), '[\r\n]')
    assert.equal(text(xmlChunks([])), '<?xml version="1.0"?>\r\n<list>\r\n</list>\r\n')
  })

  it('is ordered by the bytes of UTF-8', () => {
    const names = ['🏮', '\ue000', 'é', 'b', 'a', 'B', 'a10', 'a9']
    const sorted = JSON.parse(text(jsonChunks(names.map(name => file(name))))) as { name: string }[]
    assert.deepEqual(
      sorted.map(({ name }) => name),
      ['B', 'a', 'a10', 'a9', 'b', 'é', '\ue000', '🏮'],
    )
  })

  it('of many entries comes in pieces, none of them empty', () => {
    const many = Array.from({ length: 5000 }, (_, i) => file(`file number ${i}`))
    for (const chunks of [jsonChunks(many), xmlChunks(many)]) {
      const pieces = [...chunks]
      assert.ok(pieces.length > 5)
      assert.ok(pieces.every(piece => piece.length > 0 && piece.length < 64 * 1024))
    }
    assert.equal(JSON.parse(text(jsonChunks(many))).length, 5000)
  })

  it('survives times that no date can say', () => {
    const entries = [{ ...file('far'), modifiedMs: 1e300 }]
    assert.match(text(xmlChunks(entries)), /mtime="\+275760-/)
    assert.doesNotThrow(() => JSON.parse(text(jsonChunks(entries))))
  })
})
