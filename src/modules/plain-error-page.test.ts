import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { exchangeOf, type StubExchange } from '../../test/exchange-stub.ts'
import { siteOf } from '../../test/site-stub.ts'

function failed(status: number, words = '', server = ''): StubExchange {
  const x = exchangeOf('GET /', { hosts: siteOf(server).hosts })
  x.fail(status, words)
  return x
}

describe('the built-in page of an error', () => {
  it('says what happened and who says so, in few bytes', () => {
    const { answerText } = failed(404)
    assert.match(answerText, /<title>404 Not Found<\/title>/)
    assert.match(answerText, /<h1>404 Not Found<\/h1>/)
    assert.match(answerText, /<p>veille\/\d+\.\d+\.\d+<\/p>/)
    assert.ok(answerText.length < 450, `${answerText.length} bytes`)
    assert.equal(failed(404).answerField('content-type'), 'text/html')
  })

  it('tells no version with server_tokens off', () => {
    assert.match(failed(404, '', 'server_tokens off;').answerText, /<p>veille<\/p>/)
  })

  it('tells the rule that was broken, where there is one, as text', () => {
    assert.match(failed(400, 'a <b> & "c"').answerText, /<p>a &lt;b&gt; &amp; &quot;c&quot;<\/p>/)
    assert.doesNotMatch(failed(400).answerText, /<b>/)
  })

  it('has a title for a status that nobody has registered', () => {
    assert.match(failed(499).answerText, /<title>499<\/title>/)
  })

  it('is 400 for the statuses that only nginx has', () => {
    for (const status of [494, 495, 496, 497]) {
      const x = failed(status)
      assert.equal(x.status, 400)
      assert.match(x.answerText, /<h1>400 Bad Request<\/h1>\n<p>[A-Z].*\.<\/p>/)
    }
  })
})
