import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HANDLED, type Module } from '../src/server/module.ts'
import { answered, exchangeOf } from './exchange-stub.ts'

const greeting: Module = {
  name: 'greeting',
  content(x) {
    x.setField('X-Path', x.path)
    x.answer(200, `hello ${x.query}`)
    return HANDLED
  },
  fields: x => x.addField('X-Last', 'word'),
}

describe('an exchange without a socket', () => {
  it('records what modules answer', () => {
    const x = answered('GET /a%20b?c=d', { modules: [greeting] })
    assert.equal(x.status, 200)
    assert.equal(x.answerText, 'hello c=d')
    assert.deepEqual(x.answerFields, [
      ['X-Path', '/a b'],
      ['X-Last', 'word'],
    ])
    assert.equal(x.answerField('x-last'), 'word')
    assert.equal(x.record.hasEnded, true)
  })

  it('answers 404 where nobody answers, and sends no content to HEAD', () => {
    assert.equal(answered('GET /').status, 404)
    assert.equal(answered('HEAD /', { modules: [greeting] }).answerText, '')
  })

  it('waits until it is run, and has the content that came with it', () => {
    const x = exchangeOf('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc')
    let text = ''
    x.readContent({
      onContent: bytes => {
        text += bytes
      },
      onContentEnd: () => x.answer(200, text),
    })
    assert.equal(x.answerText, 'abc')
    assert.equal(x.host, 'a')
  })

  it('lets a mistake of a module through', () => {
    const wrong: Module = {
      name: 'wrong',
      content() {
        throw new Error('of ours')
      },
    }
    assert.throws(() => answered('GET /', { modules: [wrong] }), /of ours/)
  })
})
