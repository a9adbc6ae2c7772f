import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BY_SIZE, chooseCoding, IDENTITY, prefers } from './negotiation.ts'

function codes(acceptEncoding: string | null, expected: string | null, available = BY_SIZE): void {
  it(`${acceptEncoding} of ${available} → ${expected}`, () => {
    assert.equal(chooseCoding(acceptEncoding, available), expected)
  })
}

describe('Accept-Encoding: what is acceptable', () => {
  codes(null, IDENTITY)
  codes('', IDENTITY)
  codes(' , ,', IDENTITY)
  codes('gzip', 'gzip')
  codes('gzip', IDENTITY, [])
  codes('gzip', IDENTITY, ['br'])
  codes('br', IDENTITY, ['gzip'])
  codes('deflate', IDENTITY)
  codes('compress, gzip', 'gzip')
  codes('GZIP', 'gzip')
  codes('x-gzip', 'gzip')
  codes('gzipped', IDENTITY)
  codes('xgzip', IDENTITY)
  codes('x-br', IDENTITY)
  codes('brotli', IDENTITY)
  codes('*', 'br')
  codes('*', IDENTITY, [])
  codes('identity', IDENTITY)
})

describe('Accept-Encoding: weights', () => {
  codes('br;q=0.5, gzip;q=1.0', 'gzip')
  codes('br;q=0.499, gzip;q=0.5', 'gzip')
  codes('br;q=0.5, gzip;q=0.50', 'br')
  codes('br;q=0.001', 'br')
  codes('gzip;q=0', IDENTITY)
  codes('gzip;q=0.', IDENTITY)
  codes('gzip;q=0.0', IDENTITY)
  codes('gzip;q=0.000', IDENTITY)
  codes('br;Q=0, gzip;Q=1', 'gzip')
  codes('gzip;q=1.', 'gzip')
  codes('gzip;q=1.000', 'gzip')
  codes('gzip ; q=0', IDENTITY)
  codes('gzip\t;\tq=0.3 ,\tbr\t;\tq=0.2', 'gzip')
  codes('gzip;;q=0', IDENTITY)
  codes('gzip;q=0.3, identity;q=0.2', 'gzip')
  codes('gzip;q=0.5, identity', IDENTITY)
  codes('gzip, identity', 'gzip')
  codes('gzip;q=0.5, *;q=0.8', 'br')
  codes('gzip;q=0.5, *;q=0.8', IDENTITY, ['gzip'])
  codes('br;q=0, *', 'zstd')
  codes('br;q=0, zstd;q=0, *;q=0.1', 'gzip')
  codes('gzip;q=0.5, *;q=0', 'gzip')
  codes('gzip, gzip;q=0', IDENTITY)
  codes('gzip;q=0, x-gzip', IDENTITY)
})

describe('Accept-Encoding: identity refused', () => {
  codes('identity;q=0', null)
  codes('identity;q=0', null, [])
  codes('identity;q=0.000, gzip', 'gzip')
  codes('identity;q=0, gzip', null, ['br'])
  codes('*;q=0', null)
  codes('gzip, *;q=0', null, ['br'])
  codes('gzip;q=1.0, identity; q=0.5, *;q=0', IDENTITY, ['br'])
  codes('*;q=0, identity', IDENTITY)
  codes('identity;q=0, *', 'br')
})

describe('Accept-Encoding: the order of the server breaks ties', () => {
  codes('gzip, deflate, br, zstd', 'br') // Chrome, Firefox
  codes('gzip, deflate, br', 'br') // Safari
  codes('gzip, deflate, br, zstd', 'zstd', ['zstd', 'br', 'gzip'])
  codes('gzip, deflate, br, zstd', 'gzip', ['gzip'])
  codes('gzip, deflate, br, zstd', IDENTITY, [])
})

describe('Accept-Encoding: what cannot be read is skipped', () => {
  codes('br;q=2, gzip', 'gzip')
  codes('br;q=-1, gzip', 'gzip')
  codes('br;q=1.001, gzip;q=0.1', 'gzip')
  codes('br;q=0.1234, gzip;q=0.1', 'gzip')
  codes('br;q=.5, gzip;q=0.1', 'gzip')
  codes('br;q=1e0, gzip', 'gzip')
  codes('br;q=high, gzip', 'gzip')
  codes('br;q=, gzip', 'gzip')
  codes('br;q, gzip', 'gzip')
  codes('br;q =1, gzip', 'gzip')
  codes('br q=1, gzip', 'gzip')
  codes('br=1, gzip', 'gzip')
  codes('br, gzip;q=0;q', 'br')
  codes('"gzip"', IDENTITY)
  codes(';q=1, gzip', 'gzip')
  codes('g zip', IDENTITY)
  codes('br;level="11,gzip";q=0.9', 'br')
  codes('br;level="11,gzip', IDENTITY)
})

const HTML = 'text/html'
const JSON_TYPE = 'application/json'

function chooses(accept: string | null, expected: string | null, types: string[] = [HTML, JSON_TYPE]): void {
  it(`${accept} of ${types} → ${expected}`, () => assert.equal(prefers(accept, types), expected))
}

describe('Accept: HTML or JSON', () => {
  chooses(null, HTML)
  chooses('*/*', HTML) // curl
  chooses('text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8', HTML) // browsers
  chooses('application/json', JSON_TYPE)
  chooses('application/json, */*', HTML)
  chooses('application/json, */*;q=0.5', JSON_TYPE)
  chooses('application/json, text/plain, */*', HTML) // axios: it says it likes all the same
  chooses('application/json;q=0.9, text/html;q=0.8', JSON_TYPE)
  chooses('application/*', JSON_TYPE)
  chooses('text/*', HTML)
  chooses('text/*;q=0.1, application/json;q=0.01', HTML)
  chooses('Application/JSON', JSON_TYPE)
  chooses('application/json; charset=utf-8', JSON_TYPE)
  chooses('text/html;q=0, */*', JSON_TYPE)
  chooses('*/*;q=0', null)
  chooses('image/png', null)
  chooses('text/css,*/*;q=0.1', HTML)
  chooses('application/jsonp', null)
  chooses('application/problem+json', null)
  chooses('*/*', null, [])
  chooses(null, null, [])
})

describe('Accept: the most specific range decides', () => {
  const PLAIN = ['text/plain', 'text/plain;format=flowed', 'text/plain;format=fixed', 'image/jpeg', HTML]
  const FIELD =
    'text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, text/plain;format=fixed;q=0.4, */*;q=0.5'
  chooses(FIELD, 'text/plain;format=flowed', PLAIN)
  chooses(FIELD, 'text/plain', ['text/plain;format=fixed', 'image/jpeg', HTML, 'text/plain'])
  chooses(FIELD, 'image/jpeg', ['text/plain;format=fixed', HTML, 'image/jpeg'])
  chooses(FIELD, 'text/plain;format=fixed', [HTML, 'text/plain;format=fixed'])
  chooses('audio/*; q=0.2, audio/basic', 'audio/basic', ['audio/ogg', 'audio/basic'])
  chooses('audio/*; q=0.2, audio/basic', 'audio/ogg', ['audio/ogg'])
  chooses('text/html;level=1, text/html;q=0.4, */*;q=0.5', JSON_TYPE) // ours is not of level 1
  chooses('text/html;q=0.5;level=1, */*;q=0.1', HTML) // "q" need not be last
  chooses('text/html;level="1"', 'text/html;level=1', [JSON_TYPE, 'text/html;level=1'])
  chooses('text/html;a="x,y;q=0", */*;q=0.1', HTML)
  chooses('text/html, text/html;q=0.1, application/json;q=0.5', JSON_TYPE)
})

describe('Accept: garbage', () => {
  chooses('', HTML)
  chooses(',,', HTML)
  chooses(';;;', HTML)
  chooses('text/html;q=7', HTML) // nothing readable is no preference
  chooses('text/html;q=7, application/json;q=0.1', JSON_TYPE)
  chooses('text/html, image/gif, *; q=.2, */*; q=.2', HTML) // java.net
  chooses('application/json, *; q=0.2', JSON_TYPE)
  chooses('*', HTML)
  chooses('html', null)
  chooses('/', null)
  chooses('text/', null)
  chooses('*/html', null)
  chooses('"text/html"', HTML)
  chooses('text/html"', HTML)

  it('may come in any number', () => {
    assert.equal(chooseCoding('gzip;q=0.5,'.repeat(200_000), BY_SIZE), 'gzip')
    assert.equal(prefers('text/html;q=0.5,'.repeat(200_000), [HTML]), HTML)
  })

  it('takes time proportional to its length', () => {
    for (const piece of ['a;', ' ;', '"', 'a/b;c="', 'a/b;c="\\', ',', 'a/b;q=0.1,', '\t']) {
      const field = piece.repeat(20_000)
      assert.ok([HTML, null].includes(prefers(field, [HTML])))
      assert.equal(chooseCoding(field, BY_SIZE), IDENTITY)
    }
  })
})
