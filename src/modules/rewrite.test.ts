/** What configurations answer stands in test/answer-cases.ts, what is refused in test/refusal-cases.ts; here is what is told. */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { exchangeOf } from '../../test/exchange-stub.ts'
import { problemsIn, siteOf } from '../../test/site-stub.ts'

describe('rewriting', () => {
  it('tells the log what it does, where rewrite_log says so', () => {
    const text =
      'location /a { rewrite ^/x /y; rewrite ^/a/(.*) /b/$1?c last; } location /b { rewrite ^ /d redirect; }'
    const quiet = siteOf(text)
    quiet.ask('GET /a/1')
    assert.deepEqual(quiet.lines, [])
    const loud = siteOf(`rewrite_log on; ${text}`)
    loud.ask('GET /a/1')
    assert.deepEqual(loud.lines, [
      'notice: "^/x" does not match "/a/1"',
      'notice: "^/a/(.*)" matches "/a/1"',
      'notice: rewritten data: "/b/1", args: "c"',
      'notice: "^" matches "/b/1"',
      'notice: rewritten redirect: "/d?c"',
    ])
  })

  it('tells the log of an if only, where rewrite_log stands in that', () => {
    const site = siteOf(
      'location / { if ($uri) { rewrite_log on; rewrite ^/in /b; } rewrite ^/out /b; return 200; }',
    )
    site.ask('GET /')
    assert.deepEqual(site.lines, ['notice: "^/in" does not match "/"'])
  })

  it('tells who follows a request each step', () => {
    const site = siteOf(
      'location / { set $a 1; if ($a = 1) { rewrite ^ /b; } if ($uri ~ x) { break; } return 200 "$uri"; }',
    )
    const x = exchangeOf('GET /a', { hosts: site.hosts })
    const steps: string[] = []
    x.tracer = words => steps.push(words)
    x.isTraced = true
    x.run()
    const own = [
      'set $a "1"',
      'if ($a = 1): true for "1" (/nowhere/nginx.conf:6)',
      'rewrite "^" matches (/nowhere/nginx.conf:6)',
      'the path becomes "/b"',
      'if ($uri ~ x): false for "/b" (/nowhere/nginx.conf:6)',
      'return 200 "/b" (/nowhere/nginx.conf:6)',
    ]
    assert.deepEqual(
      steps.filter(step => own.includes(step)),
      own,
    )
    assert.deepEqual(site.lines, [])
  })

  it('ends a cycle after ten turns, and says where', () => {
    const site = siteOf('location /a { rewrite ^ /b last; } location /b { rewrite ^ /a last; }')
    assert.equal(site.ask('GET /a').status, 500)
    assert.deepEqual(site.lines, ['error: rewrite or internal redirection cycle while processing "/b"'])
  })

  it('refuses to make a path of nothing', () => {
    const site = siteOf('location / { rewrite ^/(.*)$ $1 last; }')
    assert.equal(site.ask('GET /').status, 500)
    assert.deepEqual(site.lines, ['error: the rewritten URI has a zero length'])
  })
})

describe('a variable that nobody has set', () => {
  const text = 'if ($arg_a) { set $word $arg_a; } location / { return 200 "[$word]"; }'

  it('is empty, and warned of', () => {
    const site = siteOf(text)
    assert.equal(site.ask('GET /').answerText, '[]')
    assert.deepEqual(site.lines, ['warn: using uninitialized "word" variable'])
    assert.equal(site.ask('GET /?a=b').answerText, '[b]')
    assert.equal(site.lines.length, 1)
  })

  it('is not warned of with uninitialized_variable_warn off', () => {
    const site = siteOf(`uninitialized_variable_warn off; ${text}`)
    assert.equal(site.ask('GET /').answerText, '[]')
    assert.deepEqual(site.lines, [])
  })
})

describe('a file test', () => {
  it('that cannot be made says why, and is false', () => {
    const directory = mkdtempSync(join(tmpdir(), 'veille-if-'))
    const loop = join(directory, 'loop')
    symlinkSync(loop, loop)
    const site = siteOf(
      `location / { if (-e ${loop}) { return 200 yes; } if (!-e ${loop}) { return 200 no; } }`,
    )
    assert.equal(site.ask('GET /').answerText, 'no')
    const line = `crit: stat() "${loop}" failed (40: Too many levels of symbolic links)`
    assert.deepEqual(site.lines, [line, line])
    rmSync(directory, { recursive: true })
  })
})

describe('an if in a location', () => {
  it('leaves the answer to what answers in that location, but files are not tried', () => {
    const site = siteOf(
      'location /gif { empty_gif; if ($arg_a) { set $x 1; } } location /try { try_files /none @it; if ($arg_a) { set $x 1; } } location @it { return 200 it; }',
    )
    assert.equal(site.ask('GET /gif?a=1').answerField('content-type'), 'image/gif')
    assert.equal(site.ask('GET /try').answerText, 'it')
    assert.equal(site.ask('GET /try?a=1').status, 404)
  })

  it('is warned of when it holds more than this module’s directives', () => {
    const [problem, ...more] = problemsIn(
      'location / { if ($uri) { set $a b; add_header A b; error_page 404 /x; } if ($args) { return 200; } }',
    )
    assert.equal(problem?.severity, 'warning')
    assert.equal(problem?.summary, '"add_header" in "if" may not do what it seems to')
    assert.equal(problem?.related.length, 1)
    assert.deepEqual(more, [])
  })
})

describe('a status below 200', () => {
  it('is warned of: clients go on waiting', () => {
    assert.deepEqual(
      problemsIn('location / { return 100; }').map(({ severity, summary }) => [severity, summary]),
      [['warning', '100 is no final status']],
    )
  })
})
