import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { escapeArgument, unescapeRedirect } from './captured-text.ts'

describe('a group of a match', () => {
  it('is escaped where it would mean something in a query, or may not stand there', () => {
    assert.equal(escapeArgument('a b#c%d&e+f;g?h'), 'a%20b%23c%25d%26e%2Bf%3Bg%3Fh')
    assert.equal(escapeArgument('"<>\\^`{|}\x7f\r\n'), '%22%3C%3E%5C%5E%60%7B%7C%7D%7F%0D%0A')
    assert.equal(escapeArgument('é€😀'), '%C3%A9%E2%82%AC%F0%9F%98%80')
  })

  it('stays as it is otherwise', () => {
    const text = "azAZ09-._~!$'()*,/:=@[]"
    assert.equal(escapeArgument(text), text)
  })
})

describe('the target of a redirect', () => {
  it('has no escapes in its path that it does not need', () => {
    assert.equal(unescapeRedirect('/%26%2B%3B%3A%41%7e'), '/&+;:A~')
  })

  it('keeps those of spaces, quotes, "#", "%", controls and what is not ASCII', () => {
    const kept = '/%20%22%23%25%24%0d%7F%c3%A9'
    assert.equal(unescapeRedirect(kept), kept)
  })

  it('is left alone behind its question mark, which may be escaped itself', () => {
    assert.equal(unescapeRedirect('/%26?%26'), '/&?%26')
    assert.equal(unescapeRedirect('/%26%3F%26?%26'), '/&?%26?%26')
  })

  it('keeps a percent sign that is no escape', () => {
    assert.equal(unescapeRedirect('/100%/%zz'), '/100%/%zz')
  })
})
