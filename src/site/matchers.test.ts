import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { problemsIn, siteOf } from '../../test/site-stub.ts'

const hostOf = (host: string): string => `GET /a HTTP/1.1\r\nHost: ${host}\r\n\r\n`

function summariesOf(server: string): string[] {
  return problemsIn(server).map(({ summary }) => summary)
}

describe('the regular expressions of servers and locations', () => {
  it('make variables of their named groups, also for what stands before them', () => {
    const site = siteOf(
      'add_header X-Page $page always; location /b { return 200 "[$page]"; } location ~ ^/a(?<page>.*) { return 200 "$page"; }',
    )
    assert.equal(site.ask('GET /a/1').answerText, '/1')
    assert.equal(site.ask('GET /a/1').answerField('x-page'), '/1')
    assert.equal(site.ask('GET /b').answerText, '[]')
  })

  it('make variables of nested locations as well', () => {
    const site = siteOf('location /a { location ~ ^/a/(?P<rest>.+)$ { return 200 $rest; } }')
    assert.equal(site.ask('GET /a/b/c').answerText, 'b/c')
  })

  it('capture parts of the host, also of the only server', () => {
    const site = siteOf('server_name ~^(?<user>[a-z]+)\\.one\\.test$; return 200 "$user $1";')
    assert.equal(site.hosts.isSingle, false)
    assert.equal(site.ask(hostOf('anna.one.test')).answerText, 'anna anna')
  })

  it('are the name of their server, as they are written', () => {
    const site = siteOf('server_name ~^a\\.test$; return 200 $server_name;')
    assert.equal(site.ask(hostOf('a.test')).answerText, 'localhost')
    const http = 'server { listen 80; server_name ~^b\\.test$; return 200 $server_name; }'
    assert.equal(siteOf({ http, server: '' }).ask(hostOf('b.test')).answerText, '~^b\\.test$')
  })

  it('take a name with capitals for either case', () => {
    const site = siteOf('server_name ~^WWW\\.(.+)$; return 200 "$1";')
    assert.equal(site.ask(hostOf('www.One.test')).answerText, 'one.test')
  })

  it('are told of once, wherever the server listens', () => {
    const wrong = 'pcre2_compile() failed: missing closing parenthesis in "(a"'
    assert.deepEqual(summariesOf('listen 81; listen 82; server_name "~(a";'), [wrong])
    assert.deepEqual(summariesOf('location ~ (a { }'), [wrong])
  })

  it("do not capture into the server's own variables", () => {
    const wrong = 'the duplicate "uri" variable'
    assert.deepEqual(summariesOf('location ~ ^/(?<uri>.*)$ { }'), [wrong])
    assert.deepEqual(summariesOf('server_name ~^(?<uri>.*)$;'), [wrong])
  })
})
