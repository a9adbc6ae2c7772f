import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { answered, type StubExchange } from '../../test/exchange-stub.ts'
import { type Pieces, placed, problemsOf } from '../../test/feature-stub.ts'
import { coreVariables } from '../server/core-variables.ts'
import type { Exchange } from '../server/exchange.ts'
import { HANDLED, type Module } from '../server/module.ts'
import { headers } from './headers.ts'

const LAST_MODIFIED = 'Fri, 20 Nov 2026 10:00:00 GMT'

/** Answers with the status that the path names, as a file would be answered. */
const answering: Module = {
  name: 'answering',
  content(x) {
    x.setPreparedLines(`Content-Type: text/html\r\nETag: "1"\r\nLast-Modified: ${LAST_MODIFIED}\r\n`)
    const status = Number(x.path.slice(1) || 200)
    if (status < 400) x.answer(status, 'abc')
    else x.fail(status)
    return HANDLED
  },
}

function ask(pieces: Pieces, request = 'GET /', before?: (x: Exchange) => void): StubExchange {
  const first: Module =
    before === undefined
      ? answering
      : {
          name: 'before',
          content(x) {
            before(x)
            return answering.content!(x)
          },
        }
  const { location } = placed([headers], pieces, { variables: coreVariables(), modules: [first] })
  return answered(request, { location })
}

const mistakesIn = (location: string): string[] => problemsOf([headers], { location })

describe('add_header', () => {
  it('adds lines, constant or with variables, in their order', () => {
    const location = 'add_header X-A a; add_header X-B "$uri-$arg_x"; add_header X-C c; add_header X-A d;'
    const fields = ask({ location }, 'GET /200?x=1').answerFields
    assert.deepEqual(fields.slice(3), [
      ['X-A', 'a'],
      ['X-B', '/200-1'],
      ['X-C', 'c'],
      ['X-A', 'd'],
    ])
  })

  it('can show what the lines before it say', () => {
    const location = 'add_header ETag x; add_header X-A "$sent_http_etag"; add_header X-B "$sent_http_x_a";'
    const x = ask({ location })
    assert.deepEqual([x.answerField('x-a'), x.answerField('x-b')], ['x', 'x'])
  })

  it('adds nothing for an empty value', () => {
    const fields = ask({ location: 'add_header X-A $arg_x; add_header X-B "";' }).answerFields
    assert.equal(fields.length, 3)
  })

  it('is for certain statuses, or for all', () => {
    const location = 'add_header X-A a; add_header X-B b always;'
    for (const status of [200, 201, 204, 206, 301, 302, 303, 304, 307, 308]) {
      assert.equal(ask({ location }, `GET /${status}`).answerField('x-a'), 'a', String(status))
    }
    for (const status of [202, 300, 400, 404, 500]) {
      const x = ask({ location }, `GET /${status}`)
      assert.equal(x.answerField('x-a'), null, String(status))
      assert.equal(x.answerField('x-b'), 'b', String(status))
    }
  })

  it('replaces what an answer has once', () => {
    const location =
      'add_header ETag \'"2"\'; add_header last-modified ""; add_header Content-Type text/plain;'
    const x = ask({ location })
    assert.equal(x.answerField('etag'), '"2"')
    assert.equal(x.answerField('last-modified'), null)
    assert.equal(x.answerField('content-type'), 'text/plain')
    assert.equal(
      ask({ location: 'add_header Content-Type $arg_x;' }).answerField('content-type'),
      'text/html',
    )
  })

  it('does not say where an answer ends', () => {
    const location = 'add_header content-length 0;'
    assert.deepEqual(mistakesIn(location), ['"content-length" cannot be added'])
    const x = ask({ location })
    assert.equal(x.answerField('content-length'), null)
  })

  it('writes octets, and nothing that would break the head', () => {
    const x = ask({ location: 'add_header X-A $arg_x; add_header X-B "ü\\n";' }, 'GET /', x => {
      x.query = 'x=é\r\nX-C:\u20ac'
    })
    assert.equal(x.answerField('x-a'), '\xc3\xa9  X-C:\xe2\x82\xac')
    assert.equal(x.answerField('x-b'), '\xc3\xbc ')
    assert.equal(x.answerField('x-c'), null)
  })

  it('is refused where it is wrong', () => {
    assert.deepEqual(mistakesIn('add_header X a b;'), ['invalid parameter "b"'])
    assert.deepEqual(mistakesIn('add_header "X Y" a;'), ['invalid header name "X Y"'])
    assert.deepEqual(mistakesIn('add_header X $nope;'), ['unknown "nope" variable'])
    assert.deepEqual(mistakesIn('add_header X;'), ['invalid number of arguments in "add_header" directive'])
  })
})

describe('what blocks outside say', () => {
  const names = (pieces: Pieces): string[] =>
    ask(pieces)
      .answerFields.slice(3)
      .map(([name]) => name)

  const outer = { http: 'add_header X-H a;', server: 'add_header X-S a;' }

  it('holds inside unless something is said there', () => {
    assert.deepEqual(names(outer), ['X-S'])
    assert.deepEqual(names({ http: outer.http }), ['X-H'])
    assert.deepEqual(names({ ...outer, location: 'add_header X-L a;' }), ['X-L'])
    assert.deepEqual(names({ ...outer, location: 'add_header "" "";' }), [])
  })

  it('is added to by add_header_inherit merge, which is inherited itself', () => {
    assert.deepEqual(names({ ...outer, location: 'add_header X-L a; add_header_inherit merge;' }), [
      'X-L',
      'X-S',
    ])
    const http = `${outer.http} add_header_inherit merge;`
    assert.deepEqual(names({ ...outer, http, location: 'add_header X-L a;' }), ['X-L', 'X-S', 'X-H'])
  })

  it('is forgotten by add_header_inherit off', () => {
    assert.deepEqual(names({ ...outer, location: 'add_header_inherit off;' }), [])
    assert.deepEqual(mistakesIn('add_header_inherit maybe;'), ['invalid value "maybe"'])
  })
})

describe('a block that adds fields of its own', () => {
  const warnings = (pieces: Pieces): string[] => problemsOf([headers], pieces)
  const server = 'add_header X-Frame-Options DENY; add_header X-A a;'

  it('is told which of those outside it loses', () => {
    assert.deepEqual(warnings({ server, location: 'add_header x-a b; add_header X-C c;' }), [
      '"add_header" in this block replaces all of the block outside: "X-Frame-Options" will not be sent',
    ])
  })

  it('is believed when it says what becomes of them, or repeats them', () => {
    for (const location of [
      'add_header x-a b; add_header X-FRAME-options b;',
      'add_header "" "";',
      'add_header X-C c; add_header_inherit merge;',
      'add_header X-C c; add_header_inherit off;',
      'add_header X-C c; add_header_inherit on;',
      'expires 1h;',
    ]) {
      assert.deepEqual(warnings({ server, location }), [], location)
    }
    assert.deepEqual(
      warnings({ http: 'add_header_inherit merge;', server, location: 'add_header X-C c;' }),
      [],
    )
  })
})

describe('add_trailer', () => {
  it('is asked for its value behind the content', () => {
    const x = ask({ location: 'add_trailer X-Sent $body_bytes_sent; add_trailer X-B "";' })
    assert.equal(x.isChunked, true)
    assert.equal(x.sentTrailers, 'X-Sent: 3\r\n')
    assert.equal(x.answerFields.length, 3)
  })

  it('has the statuses of add_header', () => {
    const location = 'add_trailer X-A a; add_trailer X-B b always;'
    assert.equal(ask({ location }).sentTrailers, 'X-A: a\r\nX-B: b\r\n')
    assert.equal(ask({ location }, 'GET /404').sentTrailers, 'X-B: b\r\n')
    assert.equal(ask({ location: 'add_trailer X-A a;' }, 'GET /404').isChunked, false)
  })

  it('is not for HTTP/1.0', () => {
    const x = ask({ location: 'add_trailer X-A a;' }, 'GET / HTTP/1.0\r\n\r\n')
    assert.equal(x.isChunked, false)
    assert.equal(x.sentTrailers, '')
  })

  it('is inherited as add_trailer_inherit says', () => {
    const server = 'add_trailer X-S s;'
    assert.equal(ask({ server, location: 'add_header X-A a;' }).sentTrailers, 'X-S: s\r\n')
    assert.equal(ask({ server, location: 'add_trailer X-L l;' }).sentTrailers, 'X-L: l\r\n')
    const merge = 'add_trailer X-L l; add_trailer_inherit merge;'
    assert.equal(ask({ server, location: merge }).sentTrailers, 'X-L: l\r\nX-S: s\r\n')
  })
})

describe('expires', () => {
  it('says how long an answer may be kept', () => {
    const x = ask({ location: 'expires max; add_header Cache-Control public;' })
    assert.equal(x.answerField('expires'), 'Thu, 31 Dec 2037 23:55:55 GMT')
    assert.equal(x.answerField('cache-control'), 'max-age=315360000, public')
    assert.equal(ask({ location: 'expires 1h;' }).answerField('cache-control'), 'max-age=3600')
  })

  it('counts from Last-Modified if it should', () => {
    const x = ask({ location: 'expires modified +1d;' })
    assert.equal(x.answerField('expires'), 'Sat, 21 Nov 2026 10:00:00 GMT')
  })

  it('takes the place of what the answer says itself', () => {
    const x = ask({ location: 'expires epoch;' }, 'GET /', x => {
      x.addField('Cache-Control', 'private')
      x.addField('Cache-Control', 'max-age=7')
    })
    assert.equal(x.answerField('cache-control'), 'no-cache')
  })

  it('may have variables', () => {
    const location = 'expires $arg_e;'
    assert.equal(ask({ location }, 'GET /?e=max').answerField('cache-control'), 'max-age=315360000')
    for (const e of ['off', 'soon', ''])
      assert.equal(ask({ location }, `GET /?e=${e}`).answerField('expires'), null)
    const modified = ask({ location: 'expires modified $arg_e;' }, 'GET /?e=1d')
    assert.equal(modified.answerField('expires'), 'Sat, 21 Nov 2026 10:00:00 GMT')
  })

  it('is off where it is said so, and for other statuses', () => {
    assert.equal(ask({ server: 'expires max;', location: 'expires off;' }).answerField('expires'), null)
    assert.equal(ask({ location: 'expires max;' }, 'GET /404').answerField('expires'), null)
  })

  it('is refused where it is wrong', () => {
    assert.deepEqual(mistakesIn('expires soon;'), ['"expires" directive invalid value'])
    assert.deepEqual(mistakesIn('expires changed 1h;'), ['"expires" directive invalid value'])
    assert.deepEqual(mistakesIn('expires @25h;'), [
      '"expires" directive daily time value must be less than 24 hours',
    ])
  })
})

it('a block without any of them costs nothing', () => {
  assert.deepEqual(placed([headers], { http: 'expires off;' }).modules, [])
})
