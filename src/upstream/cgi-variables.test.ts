import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type CgiRequest, fieldVariables, metaVariables } from './cgi-variables.ts'

const REQUEST: CgiRequest = {
  method: 'GET',
  target: '/cgi/a%20b.py/x%2Cy?q=%zz',
  query: 'q=%zz',
  protocol: 'HTTP/1.1',
  scriptName: '/cgi/a b.py',
  pathInfo: '/x,y',
  pathTranslated: '/srv/x,y',
  scriptFile: '/srv/cgi/a b.py',
  documentRoot: '/srv',
  contentLength: null,
  contentType: null,
  isSecure: false,
  serverSoftware: 'veille/1',
  serverName: 'example.org',
  serverAddress: '192.0.2.1',
  serverPort: '80',
  remoteAddress: '192.0.2.7',
  remotePort: '50000',
}

function meta(changes: Partial<CgiRequest> = {}): Record<string, string> {
  return Object.fromEntries(metaVariables({ ...REQUEST, ...changes }))
}

function fields(lines: [string, string][], seesUnderscores = false): Record<string, string> {
  return Object.fromEntries(fieldVariables({ entries: () => lines }, seesUnderscores))
}

describe('meta-variables', () => {
  it('tell the request', () => {
    assert.deepEqual(meta(), {
      GATEWAY_INTERFACE: 'CGI/1.1',
      PATH_INFO: '/x,y',
      PATH_TRANSLATED: '/srv/x,y',
      QUERY_STRING: 'q=%zz',
      REMOTE_ADDR: '192.0.2.7',
      REMOTE_HOST: '192.0.2.7',
      REQUEST_METHOD: 'GET',
      SCRIPT_NAME: '/cgi/a b.py',
      SERVER_NAME: 'example.org',
      SERVER_PORT: '80',
      SERVER_PROTOCOL: 'HTTP/1.1',
      SERVER_SOFTWARE: 'veille/1',
      DOCUMENT_ROOT: '/srv',
      DOCUMENT_URI: '/cgi/a b.py/x,y',
      REDIRECT_STATUS: '200',
      REMOTE_PORT: '50000',
      REQUEST_SCHEME: 'http',
      REQUEST_URI: '/cgi/a%20b.py/x%2Cy?q=%zz',
      SCRIPT_FILENAME: '/srv/cgi/a b.py',
      SERVER_ADDR: '192.0.2.1',
    })
  })

  it('have each name once', () => {
    const names = metaVariables({ ...REQUEST, contentLength: 1, contentType: 'a/b', isSecure: true }).map(
      ([name]) => name,
    )
    assert.equal(new Set(names).size, names.length)
  })

  it('have a length and a type when there is content', () => {
    const some = meta({ contentLength: 0, contentType: 'text/plain' })
    assert.equal(some.CONTENT_LENGTH, '0')
    assert.equal(some.CONTENT_TYPE, 'text/plain')
    assert.ok(!('CONTENT_LENGTH' in meta()))
    assert.ok(!('CONTENT_TYPE' in meta()))
  })

  it('leave out what there is not, but not the query', () => {
    const some = meta({ pathInfo: '', pathTranslated: null, query: '' })
    assert.ok(!('PATH_INFO' in some))
    assert.ok(!('PATH_TRANSLATED' in some))
    assert.equal(some.QUERY_STRING, '')
    assert.equal(some.HTTPS, undefined)
  })

  it('tell of TLS', () => {
    const some = meta({ isSecure: true })
    assert.equal(some.HTTPS, 'on')
    assert.equal(some.REQUEST_SCHEME, 'https')
  })
})

describe('fields as variables', () => {
  it('are in capitals with underscores', () => {
    assert.deepEqual(
      fields([
        ['X-Secret-Header-For-Test', '1'],
        ['hOsT', 'a'],
        ['X-Empty', ''],
      ]),
      { HTTP_X_SECRET_HEADER_FOR_TEST: '1', HTTP_HOST: 'a', HTTP_X_EMPTY: '' },
    )
  })

  it('are joined when they are repeated', () => {
    assert.deepEqual(
      fields([
        ['Accept', 'a/b'],
        ['Cookie', 'a=1'],
        ['accept', 'c/d'],
        ['cookie', 'b=2'],
      ]),
      { HTTP_ACCEPT: 'a/b, c/d', HTTP_COOKIE: 'a=1; b=2' },
    )
  })

  it('do not name a proxy, nor a length, type or coding', () => {
    const lines: [string, string][] = [
      ['Proxy', 'http://evil.example/'],
      ['PROXY', 'x'],
      ['Content-Length', '5'],
      ['Content-Type', 'a/b'],
      ['Transfer-Encoding', 'chunked'],
      ['Content_Length', '7'],
      ['Proxy-Authorization', 'x'],
    ]
    assert.deepEqual(fields(lines), { HTTP_PROXY_AUTHORIZATION: 'x' })
    assert.deepEqual(fields(lines, true), { HTTP_PROXY_AUTHORIZATION: 'x' })
  })

  it('cannot be forged with an underscore', () => {
    const lines: [string, string][] = [
      ['X_Real_IP', '6.6.6.6'],
      ['X-Real-IP', '192.0.2.7'],
      ['X-Real_IP', '6.6.6.6'],
      ['X_Other', 'seen'],
    ]
    assert.deepEqual(fields(lines), { HTTP_X_REAL_IP: '192.0.2.7' })
    assert.deepEqual(fields(lines, true), { HTTP_X_REAL_IP: '192.0.2.7', HTTP_X_OTHER: 'seen' })
  })

  it('have no name with other signs', () => {
    const lines: [string, string][] = [
      ['X.A', '1'],
      ["X'A", '1'],
      ['X=A', '1'],
      ['X~A', '1'],
      ['(X)', '1'],
    ]
    assert.deepEqual(fields(lines, true), {})
  })
})
