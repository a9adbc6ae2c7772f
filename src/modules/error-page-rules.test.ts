/** What is shown stands in test/answer-cases.ts. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { exchangeOf } from '../../test/exchange-stub.ts'
import { problemsIn, siteOf } from '../../test/site-stub.ts'
import { refuseMethod } from '../server/phases.ts'

describe('the page of an error', () => {
  it('keeps the fields that belong to the error', () => {
    const site = siteOf('error_page 405 =200 /page; location = /page { return 200 page; } location / { }')
    const x = exchangeOf('DELETE /', { hosts: site.hosts })
    x.enterLocation(x.server.locate(x))
    refuseMethod(x, 'GET')
    assert.equal(x.status, 200)
    assert.equal(x.answerText, 'page')
    assert.equal(x.answerField('allow'), 'GET')
  })

  it('has one Location, the last', () => {
    const site = siteOf(
      'error_page 301 =302 @other; location / { return 301 /a; } location @other { return 307 /b; }',
    )
    const x = site.ask('GET /')
    assert.equal(x.status, 307)
    assert.equal(x.answerField('location'), 'http://localhost/b')
  })

  it('of 494, as nginx calls a head that is too large, is that of 431', () => {
    const site = siteOf('error_page 494 /large; location = /large { return 200 large; } location / { }')
    const x = exchangeOf('GET /', { hosts: site.hosts })
    x.fail(431)
    assert.equal(x.status, 431)
    assert.equal(x.answerText, 'large')
  })

  it('in a named location that is not there is a mistake in the log, and a warning before', () => {
    const site = siteOf('error_page 404 @none; location / { return 404; }')
    assert.deepEqual(
      site.problems.map(({ severity, summary }) => [severity, summary]),
      [['warning', 'could not find named location "@none"']],
    )
    assert.equal(site.ask('GET /').status, 500)
    assert.deepEqual(site.lines, ['error: could not find named location "@none"'])
  })

  it('for content that is too long may lie in a place with the same limit', () => {
    const site = siteOf(
      'client_max_body_size 1; recursive_error_pages on; error_page 413 /page; location = /page { return 200 page; }',
    )
    const x = site.ask('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nab')
    assert.equal(x.status, 413)
    assert.equal(x.answerText, 'page')
  })

  it('that does not begin with a slash is warned of, unless it is a URL', () => {
    const summaries = (text: string): string[] => problemsIn(text).map(({ summary }) => summary)
    assert.deepEqual(summaries('error_page 404 404.html;'), ['error_page redirects to "404.html"'])
    assert.deepEqual(summaries('error_page 404 https://b.test/; error_page 403 $uri;'), [])
  })
})
