import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import type { StubExchange } from '../../test/exchange-stub.ts'
import { problemsIn, siteOf } from '../../test/site-stub.ts'

const dir = mkdtempSync(join(tmpdir(), 'veille-try-'))
mkdirSync(join(dir, 'folder'))
for (const name of ['page', 'page.html', 'folder/index.html', 'other']) writeFileSync(join(dir, name), name)
after(() => rmSync(dir, { recursive: true }))

function tried(path: string, location: string, elsewhere = ''): StubExchange {
  return siteOf(`root ${dir}; ${elsewhere} ${location}`).ask(`GET ${path}`)
}

describe('try_files', () => {
  it('takes the first of the files that is there', () => {
    const location = 'location / { try_files $uri $uri.html /other =404; }'
    assert.equal(tried('/page', location).answerText, 'page')
    assert.equal(tried('/page.html', location).answerText, 'page.html')
    assert.equal(tried('/none', location).answerText, 'other')
  })

  it('tells a directory from a file by the slash', () => {
    const location = 'location / { try_files $uri $uri/ =404; }'
    assert.equal(tried('/folder', location).status, 301)
    assert.equal(tried('/folder/', location).answerText, 'folder/index.html')
    assert.equal(tried('/page/', location).status, 404)
    assert.equal(tried('/folder', 'location / { try_files $uri =404; }').status, 404)
  })

  it('changes the path and not the location', () => {
    const location =
      'location /x { try_files /page =404; add_header X-Here yes; types { } default_type a/b; }'
    const x = tried('/x', location, 'location /page { return 500; }')
    assert.equal(x.answerText, 'page')
    assert.equal(x.answerField('x-here'), 'yes')
    assert.equal(x.answerField('content-type'), 'a/b')
  })

  it('goes on with the last argument, a path with a query of its own', () => {
    const location = 'location / { try_files $uri /seen?path=$uri&$args; }'
    const seen = 'location /seen { return 200 "$uri $args"; }'
    assert.equal(tried('/a?b=c', location, seen).answerText, '/seen path=/a&b=c')
    assert.equal(tried('/a?b', 'location / { try_files $uri /seen; }', seen).answerText, '/seen ')
  })

  it('goes on with a named location, and the same path and query', () => {
    const named = 'location @app { return 200 "app $uri $args"; }'
    assert.equal(tried('/a?b', 'location / { try_files $uri @app; }', named).answerText, 'app /a b')
  })

  it('ends with a status, of which those that are no errors have nothing to say', () => {
    assert.equal(tried('/a', 'location / { try_files $uri =410; }').status, 410)
    const empty = tried('/a', 'location / { try_files $uri =204; }')
    assert.deepEqual([empty.status, empty.answerText], [204, ''])
    assert.ok(tried('/a', 'location / { try_files $uri =444; }').record.isDropped)
    const fine = tried('/a', 'location / { try_files $uri =200; }')
    assert.deepEqual([fine.status, fine.record.hasEnded], [200, true])
  })

  it('holds in the block in which it stands, and in no other', () => {
    const server = 'try_files /other =404;'
    assert.equal(tried('/none', '', server).answerText, 'other')
    assert.equal(tried('/none', 'location / { }', server).status, 404)
    const location = 'location / { try_files /other =404; if ($arg_a) { set $b c; } }'
    assert.equal(tried('/none', location).answerText, 'other')
    assert.equal(tried('/none?a=1', location).status, 404)
  })

  it('counts from an alias, and gives back the part of the path that it replaces', () => {
    const location = `location /i/ { alias ${dir}/; try_files $uri $uri.html other =404; }`
    assert.equal(tried('/i/page', location).answerText, 'page')
    assert.equal(tried('/i/none', location).answerText, 'other')
    const folder = `location /i/ { alias ${dir}/; try_files $uri/ =404; }`
    assert.equal(tried('/i/folder', folder).answerField('location'), 'http://localhost/i/folder/')
  })

  it('adds to an alias that is the whole name of a file', () => {
    const location = `location ~ ^/i/(.*)$ { alias ${dir}/$1; try_files .html "" =404; }`
    assert.equal(tried('/i/page', location).answerText, 'page.html')
    assert.equal(tried('/i/other', location).answerText, 'other')
    assert.equal(tried('/i/folder', location).status, 404)
  })

  it('finds nothing where the request would climb', () => {
    const deep = `location / { root ${dir}/folder; try_files $arg_f =404; }`
    assert.equal(tried('/?f=/index.html', deep).answerText, 'folder/index.html')
    assert.equal(tried('/?f=/../page', deep).status, 404)
    assert.equal(tried('/', `location / { root ${dir}/folder; try_files /../page =404; }`).answerText, 'page')
  })

  it('tells what it cannot look at', () => {
    const long = `/${'a'.repeat(5000)}`
    const site = siteOf(`root ${dir}; location / { try_files ${long} /loop/x =404; }`)
    assert.equal(site.ask('GET /').status, 404)
    assert.deepEqual(site.lines, [])
  })
})

describe('the traps of try_files', () => {
  const warned = (text: string, ...sentences: string[]): void => {
    it(text, () => {
      const problems = problemsIn(text)
      assert.deepEqual(
        problems.map(({ summary }) => summary),
        sentences,
      )
      assert.ok(problems.every(({ severity, expected }) => severity === 'warning' && expected !== ''))
    })
  }
  warned(
    'location / { try_files $uri $uri/; }',
    '"try_files" redirects to "$uri/" when no file is found, which leads back here until it is a 500',
  )
  warned(
    'location / { try_files $uri index.html; }',
    '"try_files" redirects to "index.html" when no file is found, which is no path',
  )
  warned(
    'location / { try_files $uri @app; }',
    '"try_files" leads to the named location "@app", which the server does not have',
  )
  warned(
    'location /a/ { alias /b/; try_files $uri /a/x?$args; }',
    '"try_files" loses "/a/" from its last argument, as nginx does under an "alias"',
  )
  warned('location / { try_files $uri @app; } location @app { }')
  warned('location / { try_files $uri $uri/ /index.html?$args; }')
  warned('location / { try_files $uri $fallback; } set $fallback /x;')
  warned('location /a/ { alias /b/; try_files $uri /a/x; }')
})
