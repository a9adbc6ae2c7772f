/** Hosts. Locations are tables that nginx is asked about as well: test/routing-cases.ts. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { siteOf } from '../../test/site-stub.ts'

/** Each server answers with its number: the first one has none of these names. */
function serve(...servers: string[]): (host: string | null) => string {
  const http = servers.map((text, i) => `server { listen 80; ${text} return 200 "${i} $1"; }`).join('\n')
  const site = siteOf({ http, server: 'return 200 own;' })
  return host => {
    const request = host === null ? 'GET / HTTP/1.0\r\n\r\n' : `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`
    return site.ask(request).answerText.trim()
  }
}

describe('the server of a host', () => {
  it('has its very name, in any case, with a port or with the dot of the root', () => {
    const ask = serve('server_name a.test b.test;', 'server_name c.test;')
    assert.deepEqual(['a.test', 'B.Test', 'b.test:8080', 'c.test.'].map(ask), ['0', '0', '0', '1'])
  })

  it('is the first one when nobody has the name, and when none is asked for', () => {
    const ask = serve('server_name a.test;', 'server_name b.test;')
    assert.deepEqual(['x.test', '192.0.2.1', null].map(ask), ['0', '0', '0'])
  })

  it('is the one that says so when nobody has the name', () => {
    const site = siteOf({
      http: 'server { listen 80; return 200 first; }',
      server: 'return 200 second; listen 81 default_server;',
    })
    assert.equal(site.ask('GET /').answerText, 'second')
    const other = siteOf({
      http: 'server { listen 80; server_name a.test; return 200 first; } server { listen 80 default_server; return 200 last; }',
      server: 'return 200 own;',
    })
    assert.equal(other.ask('GET / HTTP/1.1\r\nHost: x.test\r\n\r\n').answerText, 'last')
  })

  it('has the empty name when no host is asked for', () => {
    const ask = serve('server_name a.test;', 'server_name b.test "";')
    assert.deepEqual(['x.test', null].map(ask), ['0', '1'])
  })

  it('is looked for by the very name, then the longest star before, then behind, then expressions', () => {
    const ask = serve(
      'server_name www.example.*;',
      'server_name ~^www\\.(.+)$;',
      'server_name *.test;',
      'server_name *.example.test;',
      'server_name www.example.test;',
      'server_name ~^(.)\\.;',
    )
    const asked = ['www.example.test', 'ftp.example.test', 'a.b.test', 'www.example.org', 'www.other.org']
    assert.deepEqual(asked.map(ask), ['4', '3', '2', '0', '1 other.org'])
    assert.deepEqual(['x.org', 'xy.org'].map(ask), ['5 x', '0'])
  })

  it('has its name without the star too when that begins with a dot', () => {
    const ask = serve('server_name a.test;', 'server_name .example.test;')
    assert.deepEqual(['example.test', 'a.b.example.test', 'xexample.test'].map(ask), ['1', '1', '0'])
  })

  it('captures anew for each request of the same host', () => {
    const ask = serve('server_name a.test;', 'server_name ~^(.)\\.b$;')
    assert.deepEqual(['x.b', 'x.b', 'a.test', 'y.b'].map(ask), ['1 x', '1 x', '0', '1 y'])
  })
})
