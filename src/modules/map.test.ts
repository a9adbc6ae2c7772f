import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { problemsIn, siteOf } from '../../test/site-stub.ts'

describe('map', () => {
  it('is asked for once a request, and with volatile each time', () => {
    const http = 'map $arg_a $once { default "$arg_a"; } map $arg_a $anew { volatile; default "$arg_a"; }'
    const site = siteOf({
      http,
      server: 'location / { set $before "$once$anew"; set $args a=2; return 200 "$before $once$anew"; }',
    })
    assert.equal(site.ask('GET /?a=1').answerText, '11 12')
    assert.equal(site.ask('GET /?a=3').answerText, '33 32')
  })

  it('warns of a wildcard without hostnames, which is none', () => {
    const warnings = (lines: string) =>
      problemsIn({ server: '', http: `map $host $v { ${lines} }` }).map(({ summary }) => summary)
    assert.deepEqual(warnings('*.example.org 1;'), ['the key "*.example.org" is no wildcard'])
    assert.deepEqual(warnings('hostnames; *.example.org 1;'), [])
    assert.deepEqual(warnings('*/* 1; * 2;'), [])
  })

  it('finds one of ten thousand keys as it finds one of two', () => {
    const lines = Array.from({ length: 10_000 }, (_, i) => `/old/${i} /new/${i};`)
    const site = siteOf({
      http: `map $uri $new { default ""; ${lines.join(' ')} }`,
      server: 'location / { if ($new) { return 301 $new; } return 404; }',
    })
    assert.match(site.ask('GET /OLD/9999').answerField('location') ?? '', /\/new\/9999$/)
    assert.equal(site.ask('GET /old/10000').status, 404)
  })
})
