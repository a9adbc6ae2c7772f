import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Exchange } from '../server/exchange.ts'
import { compileLogFormat, type Escape, type LogValue } from './log-format.ts'

const NOBODY = {} as Exchange

function variable(get: LogValue['get'], isOctets = false): LogValue {
  return { get, isOctets }
}

function line(rules: Escape, ...values: (string | null)[]): string {
  const parts = values.flatMap(value => ['[', variable(() => value), ']'])
  return compileLogFormat(parts, rules)(NOBODY)
}

describe('a log format', () => {
  it('joins text and values', () => {
    const x = { method: 'GET', path: '/a' } as Exchange
    const format = ['<', variable(one => one.method), variable(one => one.path), ' ', 'end>']
    assert.equal(compileLogFormat(format, 'default')(x), '<GET/a end>')
    assert.equal(compileLogFormat([], 'default')(x), '')
    assert.equal(compileLogFormat(['only text'], 'none')(x), 'only text')
    assert.equal(compileLogFormat([variable(one => one.path)], 'json')(x), '/a')
  })

  it('escapes by default what could break a line, end quotes or steer a terminal', () => {
    assert.equal(line('default', 'a b!~'), '[a b!~]')
    assert.equal(line('default', 'a"b\\c'), '[a\\x22b\\x5Cc]')
    assert.equal(line('default', '\x00\n\x1b[2J\x7f'), '[\\x00\\x0A\\x1B[2J\\x7F]')
    assert.equal(line('default', 'é', '\xc3\xa9', '€'), '[\\xC3\\xA9][\\xC3\\xA9][\\xE2\\x82\\xAC]')
  })

  it('writes octets of the wire as they came, UTF-8 or not', () => {
    const wire = variable(() => '\xe9\xc3\xa9', true)
    assert.equal(compileLogFormat([wire], 'default')(NOBODY), '\\xE9\\xC3\\xA9')
    assert.equal(compileLogFormat([wire], 'json')(NOBODY), '\xe9\xc3\xa9')
    assert.equal(compileLogFormat([wire], 'none')(NOBODY), '\xe9\xc3\xa9')
  })

  it('escapes for JSON what may not stand in a string', () => {
    assert.equal(line('json', 'a/b\x7f'), '[a/b\x7f]')
    assert.equal(line('json', '"\\\n\r\t\b\f'), '[\\"\\\\\\n\\r\\t\\b\\f]')
    assert.equal(line('json', '\x00\x1b\x1f'), '[\\u0000\\u001B\\u001F]')
    assert.equal(line('json', 'é', '\xc3\xa9'), '[\xc3\xa9][\xc3\xa9]')
    const text = 'a"\\\n\x01é€'
    const written = compileLogFormat(['{"a":"', variable(() => text), '"}'], 'json')(NOBODY)
    assert.deepEqual(JSON.parse(Buffer.from(written, 'latin1').toString()), { a: text })
  })

  it('leaves everything as it is where that is wanted', () => {
    assert.equal(line('none', '"\\\n\x00'), '["\\\n\x00]')
    assert.equal(line('none', 'é', '\xc3\xa9'), '[\xc3\xa9][\xc3\xa9]')
  })

  it('shows a variable without value by default only, and an empty one never', () => {
    assert.equal(line('default', null, ''), '[-][]')
    assert.equal(line('json', null, ''), '[][]')
    assert.equal(line('none', null, ''), '[][]')
  })

  it('leaves the text of the configuration as it is', () => {
    assert.equal(compileLogFormat(['"\\\té'], 'default')(NOBODY), '"\\\t\xc3\xa9')
  })
})
