import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { problemsIn, siteOf } from '../../test/site-stub.ts'

const dir = realpathSync(mkdtempSync(join(tmpdir(), 'veille-root-')))
mkdirSync(join(dir, 'sub'))
writeFileSync(join(dir, 'page'), 'a page')
writeFileSync(join(dir, 'sub/page'), 'a page below')
symlinkSync('sub', join(dir, 'current'))
after(() => rmSync(dir, { recursive: true }))

/** `$document_root $request_filename` for a path. */
function named(path: string, server: string): string {
  return siteOf(server).ask(`GET ${path}`).answerText
}

const SHOW = 'return 200 "$document_root $request_filename";'

describe('root', () => {
  it('is "html" below the prefix where nothing is said, and relative ones count from there too', () => {
    assert.equal(named('/a', SHOW), '/nowhere/html /nowhere/html/a')
    assert.equal(named('/a', `root sites/a/; ${SHOW}`), '/nowhere/sites/a /nowhere/sites/a/a')
    assert.equal(named('/a', `root /; ${SHOW}`), ' /a')
  })

  it('is inherited, and replaced by an inner one', () => {
    const server = `root /outer; location /x { ${SHOW} } location /y { root /inner; ${SHOW} }`
    assert.equal(named('/x', server), '/outer /outer/x')
    assert.equal(named('/y', server), '/inner /inner/y')
  })

  it('may be made of variables, and is relative to the prefix also then', () => {
    assert.equal(named('/a?d=b', `root $arg_d/; ${SHOW}`), '/nowhere/b /nowhere/b/a')
    assert.equal(named('/a?d=/b', `root $arg_d; ${SHOW}`), '/b /b/a')
    assert.equal(named('/a?d=b', `root x/$arg_d; ${SHOW}`), '/nowhere/x/b /nowhere/x/b/a')
  })

  it('holds in an if', () => {
    const server = `location / { root /one; if ($arg_two) { root /two; ${SHOW} } ${SHOW} }`
    assert.equal(named('/a', server), '/one /one/a')
    assert.equal(named('/a?two=1', server), '/two /two/a')
  })

  it('without links is where they lead now', () => {
    assert.equal(named('/a', `root ${dir}/current; return 200 $realpath_root;`), `${dir}/sub`)
    const site = siteOf('root /nowhere/at/all; return 200 "[$realpath_root]";')
    assert.equal(site.ask('GET /').answerText, '[]')
    assert.match(
      site.lines.join(),
      /^crit: realpath\(\) "\/nowhere\/at\/all" failed \(2: No such file or directory\)/,
    )
  })
})

describe('alias', () => {
  it('stands in place of what the location has matched', () => {
    assert.equal(named('/i/a', `location /i/ { alias /img/; ${SHOW} }`), '/img/ /img/a')
    assert.equal(named('/i/a', `location ^~ /i { alias /img; ${SHOW} }`), '/img /img/a')
    assert.equal(named('/i', `location = /i { alias /img/x; ${SHOW} }`), '/img/x /img/x')
  })

  it('holds with the same meaning in the locations within', () => {
    const server = `location /i/ { alias /img/; location /i/deep/ { ${SHOW} } }`
    assert.equal(named('/i/deep/a', server), '/img/ /img/deep/a')
  })

  it('in a location of a regular expression is the whole name', () => {
    assert.equal(named('/i/a', `location ~ ^/i/(.*)$ { alias /img/$1; ${SHOW} }`), '/img/a /img/a')
    assert.equal(named('/i/a', `location ~ ^/i/ { alias /img/one; ${SHOW} }`), '/img/one /img/one')
  })

  it('may be made of variables', () => {
    assert.equal(named('/i/a?d=x', `location /i/ { alias /$arg_d/; ${SHOW} }`), '/x/ /x/a')
  })

  it('has no file for a path that a rewrite has led elsewhere', () => {
    const site = siteOf(`location /i/ { alias ${dir}/; rewrite ^ /page break; }`)
    assert.equal(site.ask('GET /i/page').status, 500)
    assert.equal(site.lines.join(), 'alert: "alias" cannot be used in location "/i/" where URI was rewritten')
  })
})

describe('what comes with the request', () => {
  const refused = (request: string, server: string): void => {
    const site = siteOf(server)
    assert.equal(site.ask(request).status, 403, server)
    assert.match(site.lines.join(), /^error: ".*" leads out of the directory that is configured$/)
  }
  it('does not climb out of what is configured', () => {
    refused('GET /i../page', `location /i { alias ${dir}/sub/; }`)
    refused('GET /i..', `location /i { alias ${dir}/sub/; }`)
    refused('GET /i../page', `location ~ ^/i(.*)$ { alias ${dir}/sub/$1; }`)
    refused('GET /page?d=..', `root ${dir}/sub/$arg_d;`)
    refused('GET /i/page?d=sub/..', `location /i/ { alias ${dir}/$arg_d/; }`)
  })

  it('may have dots in its names, and the configuration may climb', () => {
    const site = siteOf(`location /i { alias ${dir}/sub/; } location / { root ${dir}/sub/../$arg_d; }`)
    assert.equal(site.ask('GET /i..page').status, 404)
    assert.equal(site.ask('GET /page').answerText, 'a page')
    assert.equal(site.ask('GET /page?d=sub').answerText, 'a page below')
  })
})

describe('the traps of alias', () => {
  const warned = (location: string, ...sentences: string[]): void => {
    it(location, () => {
      const problems = problemsIn(location)
      assert.deepEqual(
        problems.map(({ summary }) => summary),
        sentences,
      )
      assert.ok(problems.every(({ severity, expected }) => severity === 'warning' && expected !== ''))
    })
  }
  warned(
    'location /a/ { alias /b; }',
    'the "alias" directive does not end with a slash, but location "/a/" does',
  )
  warned(
    'location ^~ /a { alias /b/; }',
    'the "alias" directive ends with a slash, but location "/a" does not',
  )
  warned(
    'location ~ ^/a/ { alias /b/; }',
    'the "alias" directive names the same directory for every path of this location',
  )
  warned('location = /a/ { alias /b; }')
  warned('location ~ ^/a/(.*) { alias /b/$1; }')
})
