import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  BAD_AUTHORITY,
  BAD_HOST,
  BAD_PATH_TEXT,
  BAD_TARGET_FORM,
  MISSING_HOST,
  NO_SUCH_PATH,
  OK,
  PATH_ABOVE_ROOT,
  REPEATED_FIELD,
  refusalOf,
  WRONG_SCHEME,
} from './refusals.ts'
import { RequestHead } from './request-head.ts'
import {
  ABSOLUTE_FORM,
  ASTERISK_FORM,
  AUTHORITY_FORM,
  ORIGIN_FORM,
  parseHost,
  parseTarget,
  pathOf,
  Target,
} from './target.ts'

function headOf(line: string, ...fields: string[]): RequestHead {
  const bytes = Buffer.from(`${[line, ...fields].join('\r\n')}\r\n\r\n`, 'latin1')
  const head = new RequestHead()
  assert.equal(head.parse(bytes, 0, bytes.length), bytes.length, line)
  return head
}

function resultOf(target: string, method: string, isSecure: boolean): [number, Target] {
  const result = new Target()
  return [parseTarget(headOf(`${method} ${target} HTTP/1.1`), isSecure, result), result]
}

function reads(text: string, expected: Partial<Target>, method = 'GET', isSecure = false): void {
  const [code, target] = resultOf(text, method, isSecure)
  assert.equal(code, OK, text)
  assert.deepEqual({ ...target, ...expected }, { ...target }, text)
}

function refuses(text: string, code: number, method = 'GET', isSecure = false): void {
  assert.equal(resultOf(text, method, isSecure)[0], code, text)
}

describe('forms (RFC 9112 §3.2)', () => {
  it('origin-form is path and query', () => {
    reads('/a/b?c=d', { form: ORIGIN_FORM, path: '/a/b', rawPath: '/a/b', query: 'c=d', authority: null })
    reads('/', { path: '/', query: null })
    reads('/?', { path: '/', query: '' })
    reads('/a?b?c', { path: '/a', query: 'b?c' })
    reads('/?/../%2f', { path: '/', query: '/../%2f' })
    reads('//a/b', { form: ORIGIN_FORM, path: '/a/b', rawPath: '//a/b' })
    refuses('a/b', BAD_TARGET_FORM)
    refuses('?a', BAD_TARGET_FORM)
  })

  it('absolute-form has scheme and authority too', () => {
    const form = ABSOLUTE_FORM
    reads('http://Ex.org:80/a/../b?c', {
      form,
      path: '/b',
      rawPath: '/a/../b',
      query: 'c',
      authority: 'Ex.org:80',
    })
    reads('HTTP://ex.org/', { form, path: '/' })
    reads('http://ex.org', { form, path: '/', rawPath: '/', query: null })
    reads('http://ex.org?a/b', { form, path: '/', rawPath: '/', query: 'a/b', authority: 'ex.org' })
    reads('http://[::1]:8/x', { form, path: '/x', authority: '[::1]:8' })
    reads('https://ex.org/a', { form, path: '/a' }, 'GET', true)
    for (const method of ['POST', 'DELETE', 'FOO']) reads('http://ex.org/a', { form, path: '/a' }, method)
  })

  it('absolute-form has a valid authority without user information', () => {
    for (const text of [
      'http:///a',
      'http://',
      'http://?a',
      'http://u@a/',
      'http://u:p@a/',
      'http://a:b/',
      'http://[::1/',
      'http://:80/',
    ]) {
      refuses(text, BAD_AUTHORITY)
    }
  })

  it('absolute-form has the scheme of the connection', () => {
    refuses('https://ex.org/', WRONG_SCHEME)
    refuses('HTTPS://ex.org/', WRONG_SCHEME)
    refuses('http://ex.org/', WRONG_SCHEME, 'GET', true)
    assert.equal(refusalOf(WRONG_SCHEME).status, 421)
    for (const text of [
      'ftp://a/',
      'httpx://a/',
      'http:/a',
      'http:a',
      'javascript:a',
      'ws://a/',
      'x://a',
      'ex.org:80',
    ]) {
      refuses(text, BAD_TARGET_FORM)
    }
  })

  it('authority-form is for CONNECT, with a port', () => {
    reads('ex.org:443', { form: AUTHORITY_FORM, authority: 'ex.org:443', path: '/', query: null }, 'CONNECT')
    reads('[::1]:443', { form: AUTHORITY_FORM, authority: '[::1]:443' }, 'CONNECT')
    for (const text of [
      'ex.org',
      'ex.org:',
      'ex.org:0',
      'ex.org:65536',
      ':443',
      '/',
      'http://a/',
      'a:1/',
      'u@a:1',
      'a:1?b',
    ]) {
      refuses(text, BAD_TARGET_FORM, 'CONNECT')
    }
  })

  it('asterisk-form is for OPTIONS', () => {
    reads('*', { form: ASTERISK_FORM, path: '/', query: null, authority: null }, 'OPTIONS')
    reads('http://ex.org', { form: ASTERISK_FORM, authority: 'ex.org' }, 'OPTIONS')
    reads('http://ex.org/', { form: ABSOLUTE_FORM, path: '/' }, 'OPTIONS')
    reads('http://ex.org?a', { form: ABSOLUTE_FORM, path: '/' }, 'OPTIONS')
    refuses('*?a', BAD_TARGET_FORM, 'OPTIONS')
    refuses('**', BAD_TARGET_FORM, 'OPTIONS')
    refuses('*/', BAD_TARGET_FORM, 'OPTIONS')
  })
})

describe('octets that a client should have escaped', () => {
  it('are part of the name', () => {
    reads('/"<a>|{b}^`', { path: '/"<a>|{b}^`' })
    reads('/\xC3\xA9/%C3%A9', { path: '/é/é', rawPath: '/\xC3\xA9/%C3%A9' })
    reads('/\xC3%A9', { path: '/é' })
  })

  it('are refused where they are no UTF-8', () => {
    for (const path of ['/\xE9', '/\xC3', '/\xC0\xAF', '/\xED\xA0\x80']) refuses(path, BAD_PATH_TEXT)
  })

  it('stay as they are in a query', () => {
    reads('/?q="%zz\xE9\\', { path: '/', query: 'q="%zz\xE9\\' })
  })

  it('are in no host', () => {
    refuses('http://exam"ple/', BAD_AUTHORITY)
    refuses('http://\xC3\xA9/', BAD_AUTHORITY)
    refuses('\xC3\xA9:80', BAD_TARGET_FORM, 'CONNECT')
  })
})

describe('path', () => {
  it('is decoded once', () => {
    reads('/a%20b', { path: '/a b', rawPath: '/a%20b' })
    reads('/%41%2D%c3%A9', { path: '/A-é' })
    reads('/%e2%82%ac/%F0%9F%8C%8D', { path: '/€/🌍' })
    reads('/%2541', { path: '/%41' })
    reads('/%252e%252e/', { path: '/%2e%2e/' })
    reads('/%3F%23%25', { path: '/?#%' })
    reads('/a+b', { path: '/a+b' })
  })

  it('is valid UTF-8, in its shortest form', () => {
    for (const text of [
      '/%ff',
      '/%c3',
      '/%c3%28',
      '/%80',
      '/%c0%ae',
      '/%c0%af',
      '/%e0%80%af',
      '/%f0%80%80%af',
      '/%ed%a0%80',
      '/%f4%90%80%80',
      '/%fe',
      '/a/%e2%82/b',
      '/%c3/%a9',
    ]) {
      refuses(text, BAD_PATH_TEXT)
    }
  })

  it('has no separators or controls within a segment', () => {
    for (const text of [
      '/a%2fb',
      '/%2F',
      '/a%5cb',
      '/a%5C',
      '/a%00',
      '/%0a',
      '/%0D%0a',
      '/%1f',
      '/%7f',
      '/..%2f',
      '/..%5c',
    ]) {
      refuses(text, NO_SUCH_PATH)
    }
    assert.equal(refusalOf(NO_SUCH_PATH).status, 404)
  })

  it('has its dot segments resolved', () => {
    const cases: [text: string, path: string][] = [
      ['/.', '/'],
      ['/./', '/'],
      ['/a/.', '/a/'],
      ['/a/./b', '/a/b'],
      ['/a/..', '/'],
      ['/a/../', '/'],
      ['/a/b/..', '/a/'],
      ['/a/b/../c', '/a/c'],
      ['/a/%2e%2E/b', '/b'],
      ['/a/.%2e/b', '/b'],
      ['/%2e', '/'],
      ['/...', '/...'],
      ['/.a', '/.a'],
      ['/..a/a..', '/..a/a..'],
      ['/..;/a', '/..;/a'],
      ['/a/..;x/b', '/a/..;x/b'],
      ['/%20./', '/ ./'],
    ]
    for (const [text, path] of cases) reads(text, { path })
  })

  it('has its slashes merged', () => {
    const cases: [text: string, path: string][] = [
      ['//', '/'],
      ['///a', '/a'],
      ['/a//', '/a/'],
      ['/a//b///c', '/a/b/c'],
      ['/a//../b', '/b'],
      ['//./', '/'],
    ]
    for (const [text, path] of cases) reads(text, { path })
  })

  it('does not lead above the root', () => {
    for (const text of [
      '/..',
      '/../',
      '/../a',
      '/a/../..',
      '/a/../../b',
      '/./..',
      '/%2e%2e',
      '/.%2E/',
      '//..',
      '/a/b/../../../c',
      'http://a/..',
    ]) {
      refuses(text, PATH_ABOVE_ROOT)
    }
    assert.equal(refusalOf(PATH_ABOVE_ROOT).status, 400)
  })
})

describe('host (RFC 9112 §3.2)', () => {
  function hostOf(line: string, ...fields: string[]): string | number {
    const head = headOf(line, ...fields)
    const target = new Target()
    assert.equal(parseTarget(head, false, target), OK)
    const code = parseHost(head, target)
    return code === OK ? target.host : code
  }

  it('is one valid Host field', () => {
    assert.equal(hostOf('GET / HTTP/1.1', 'Host: Ex.ORG.:80'), 'ex.org')
    assert.equal(hostOf('GET / HTTP/1.1', 'Host: [::1]:80'), '[::1]')
    assert.equal(hostOf('GET / HTTP/1.1'), MISSING_HOST)
    assert.equal(hostOf('GET / HTTP/1.1', 'Host: a', 'Host: a'), REPEATED_FIELD)
    assert.equal(hostOf('GET / HTTP/1.1', 'Host: a', 'hOST: b'), REPEATED_FIELD)
    for (const value of ['', ' ', ':80', 'a b', 'a, b:1', 'u@a', 'a/b', 'a:b', '[::g]', 'http://a']) {
      assert.equal(hostOf('GET / HTTP/1.1', `Host: ${value}`), BAD_HOST, value)
    }
  })

  it('may be missing in HTTP/1.0, but not be wrong', () => {
    assert.equal(hostOf('GET / HTTP/1.0'), '')
    assert.equal(hostOf('GET / HTTP/1.0', 'Host: a'), 'a')
    assert.equal(hostOf('GET / HTTP/1.0', 'Host:'), BAD_HOST)
    assert.equal(hostOf('GET / HTTP/1.0', 'Host: a', 'Host: b'), REPEATED_FIELD)
    assert.equal(hostOf('GET http://B/ HTTP/1.0'), 'b')
  })

  it('is the one of the target, where that has one, and Host is valid all the same', () => {
    assert.equal(hostOf('GET http://B.:80/ HTTP/1.1', 'Host: a'), 'b')
    assert.equal(hostOf('GET http://b/ HTTP/1.1'), MISSING_HOST)
    assert.equal(hostOf('GET http://b/ HTTP/1.1', 'Host: a b'), BAD_HOST)
    assert.equal(hostOf('OPTIONS http://b HTTP/1.1', 'Host: a'), 'b')
  })
})

describe('the path alone', () => {
  it('keeps empty segments where slashes are not merged', () => {
    assert.equal(pathOf('/a//b', false), '/a//b')
    assert.equal(pathOf('/a//b', true), '/a/b')
    assert.equal(pathOf('//', false), '//')
    assert.equal(pathOf('/a//', false), '/a//')
    assert.equal(pathOf('/a//../b', false), '/a/b')
    assert.equal(pathOf('/', false), '/')
  })
})
