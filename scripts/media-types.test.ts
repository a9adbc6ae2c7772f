import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { mediaTypeOf } from '../src/http/media-types.ts'
import { chooseTypes, type MimeDb, mimeDb, regenerate, renderTable, TARGET } from './media-types.ts'

function chooses(type: string, db: MimeDb): void {
  it(`${type} out of ${Object.keys(db)}`, () => assert.equal(chooseTypes(db).get('x'), type))
}

describe('one type per extension', () => {
  const x = { extensions: ['x'] }
  chooses('image/y', { 'image/y': { source: 'iana', ...x }, 'image/b': { source: 'apache', ...x } })
  chooses('image/y', { 'image/y': { source: 'apache', ...x }, 'image/b': { source: 'nginx', ...x } })
  chooses('image/y', { 'image/y': { source: 'nginx', ...x }, 'image/b': x })
  chooses('text/y', { 'text/y': { source: 'iana', ...x }, 'video/y': { source: 'apache', ...x } })
  chooses('video/y', { 'application/y': x, 'audio/y': x, 'text/y': x, 'video/y': x })
  chooses('application/y', { 'text/y': x, 'application/y': x })
  chooses('image/a', { 'image/b': x, 'image/a': x })

  it('keeps our own word against IANA', () => {
    const db = { 'video/mp2t': { source: 'iana', extensions: ['ts'] } }
    assert.equal(chooseTypes(db).get('ts'), 'text/plain')
  })
})

describe('the table', () => {
  it('is written compactly', () => {
    const types = new Map([
      ['html', 'text/html'],
      ['htm', 'text/html'],
      ['css', 'text/css'],
      ['ice', 'x-conference/x-cooltalk'],
    ])
    const table =
      "const TABLE = {\n  text: `\n    css html:htm,html`,\n  'x-conference': `\n    x-cooltalk:ice`,\n}\n"
    assert.equal(renderTable(types), table)
  })

  it('in src/http/media-types.ts is up to date', () => {
    const source = readFileSync(TARGET, 'utf8')
    assert.ok(regenerate(source) === source, 'run scripts/media-types.ts')
  })

  it('is read back as it was chosen, for every extension of mime-db', () => {
    for (const [extension, type] of chooseTypes(mimeDb)) {
      const expected = type.startsWith('text/') ? `${type}; charset=utf-8` : type
      assert.equal(mediaTypeOf(`a.${extension}`), expected)
    }
  })
})
