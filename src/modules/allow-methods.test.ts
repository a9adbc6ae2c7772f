import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { problemsIn, type SiteStub, siteOf } from '../../test/site-stub.ts'

/** `GET 200`, `HEAD 405 GET`: method, status, Allow. */
function answers(site: SiteStub, path: string, ...methods: string[]): string[] {
  return methods.map(method => {
    const x = site.ask(`${method} ${path}`)
    return [method, x.status, x.answerField('allow')].filter(one => one !== null).join(' ')
  })
}

describe('allow_methods', () => {
  it('refuses every other method, and names those that there are', () => {
    const site = siteOf('location / { allow_methods GET POST; return 200; }')
    assert.deepEqual(answers(site, '/', 'GET', 'POST', 'HEAD', 'DELETE', 'OPTIONS', 'BREW', 'get'), [
      'GET 200',
      'POST 200',
      'HEAD 405 GET, POST',
      'DELETE 405 GET, POST',
      'OPTIONS 405 GET, POST',
      'BREW 405 GET, POST',
      'get 405 GET, POST',
    ])
  })

  it('takes names in any case', () => {
    assert.deepEqual(answers(siteOf('allow_methods get Head;'), '/x', 'GET', 'PUT'), [
      'GET 404',
      'PUT 405 GET, HEAD',
    ])
  })

  it('is asked before anything in the location', () => {
    const site = siteOf(`
      location /new { return 200; }
      location /return { allow_methods GET; return 301 /new; }
      location /rewrite { allow_methods GET; rewrite ^ /new; }
      location /if { allow_methods GET; if ($arg_a) { return 204; } }
      location /deny { allow_methods GET; deny all; }
      location /try { allow_methods GET; try_files /none =204; }`)
    for (const path of ['/return', '/rewrite', '/if?a=1', '/deny', '/try']) {
      assert.deepEqual(answers(site, path, 'POST'), ['POST 405 GET'], path)
    }
    assert.deepEqual(answers(site, '/rewrite', 'GET'), ['GET 200'])
    assert.deepEqual(answers(site, '/if?a=1', 'GET'), ['GET 204'])
  })

  it('of a server holds in its locations, unless they say it anew, and where none fits', () => {
    const site = siteOf(
      'allow_methods GET; location /a { return 200; } location /b { allow_methods PUT; return 200; }',
    )
    assert.deepEqual(answers(site, '/a', 'GET', 'PUT'), ['GET 200', 'PUT 405 GET'])
    assert.deepEqual(answers(site, '/b', 'GET', 'PUT'), ['GET 405 PUT', 'PUT 200'])
    assert.deepEqual(answers(site, '/none', 'GET', 'PUT'), ['GET 404', 'PUT 405 GET'])
  })

  it('is that of limit_except for the methods that this does not name', () => {
    const site = siteOf(
      'location / { allow_methods GET; limit_except GET { allow_methods PUT; } return 200; }',
    )
    // Files say the last: PUT got as far as them, and they take nothing that is allowed here.
    const lines = ['GET 200', 'POST 405 PUT', 'PUT 405 ']
    assert.deepEqual(answers(site, '/', 'GET', 'POST', 'PUT'), lines)
  })

  it('says what there is left, where what answers takes fewer methods', () => {
    const site = siteOf(
      'location /a { allow_methods GET PUT; if ($arg_a) { } } location /b { allow_methods GET; }',
    )
    assert.deepEqual(answers(site, '/a', 'PUT'), ['PUT 405 GET'])
    assert.deepEqual(answers(site, '/a?a=1', 'PUT'), ['PUT 405 GET'])
    assert.deepEqual(answers(site, '/b', 'TRACE'), ['TRACE 405 GET'])
    assert.match(answers(site, '/c', 'TRACE').join(), /GET, HEAD, POST/)
  })

  it('leaves OPTIONS of the server as a whole alone', () => {
    assert.deepEqual(siteOf('allow_methods GET;').ask('OPTIONS *').status, 204)
  })

  it('does not stand before the page of an error, not even of its own', () => {
    const site = siteOf(`
      allow_methods POST;
      error_page 404 405 /page;
      location = /page { return 200 "the page"; }`)
    for (const [method, status] of [
      ['GET', 405],
      ['POST', 404],
    ] as const) {
      const x = site.ask(`${method} /x`)
      assert.deepEqual([x.status, x.answerText], [status, 'the page'])
    }
    assert.equal(site.ask('GET /x').answerField('allow'), 'POST')
  })

  it('holds in a named location that an error leads to: that is given the method', () => {
    const site = siteOf(`
      recursive_error_pages on;
      error_page 404 = @app; error_page 405 @refused;
      location @app { allow_methods GET; return 200 "app"; }
      location @refused { allow_methods GET; return 200 "refused"; }`)
    assert.equal(site.ask('GET /x').answerText, 'app')
    assert.deepEqual([site.ask('POST /x').status, site.ask('POST /x').answerText], [405, 'refused'])
  })

  it('is told of names that are no methods, and of those that no place may take', () => {
    const sentences = (words: string): string[] =>
      problemsIn(`allow_methods ${words};`).map(({ severity, summary }) => `${severity}: ${summary}`)
    assert.deepEqual(sentences('GET GTE'), ['error: invalid method "GTE"'])
    assert.deepEqual(sentences('GET,HEAD'), ['error: invalid method "GET,HEAD"'])
    assert.deepEqual(sentences('TRACE'), ['error: invalid method "TRACE"'])
    assert.deepEqual(sentences('GET get'), ['warning: duplicate method "get"'])
  })
})
