import assert from 'node:assert/strict'
import { chmodSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { exchangeOf, type StubExchange } from '../../test/exchange-stub.ts'
import { problemsIn, siteOf } from '../../test/site-stub.ts'
import { makeSite } from '../../test/sites.ts'
import { E2BIG, EACCES, EAGAIN, EMFILE, ENOENT, ENOEXEC, ENOMEM } from '../errno.ts'
import { scripted } from '../sys/scripted.ts'

const dir = makeSite({
  'x.py': '',
  'run.sh': '#!/bin/sh\nprintf "X-A: 1\\n\\n$PATH_INFO"\n',
  'folder.py/x.txt': 'text',
  'folder.py/inner.py': '',
  'sub/index.py': '',
  'sub/plain.txt': 'plain',
})
chmodSync(join(dir, 'run.sh'), 0o755)
after(() => rmSync(dir, { recursive: true }))

/** What would be run, or the status. */
function plan(request: string, server: string): string | number {
  const { hosts } = siteOf(`root ${dir}; ${server}`)
  const x = exchangeOf(request, { hosts })
  x.tracer = () => {}
  x.run()
  return x.rehearsed === '' ? x.status : x.rehearsed.replaceAll(dir, 'DIR')
}

const PY = 'cgi .py /bin/sh -u;'
const runs = (...words: string[]): string => `runs the CGI program "${words.join(' ')}"`

describe('cgi', () => {
  it('runs files by their extension, with arguments and the name of the file', () => {
    assert.equal(plan('GET /x.py', PY), runs('/bin/sh', '-u', 'DIR/x.py'))
    assert.equal(plan('GET /x.py/more', PY), runs('/bin/sh', '-u', 'DIR/x.py'))
    assert.equal(plan('GET /run.sh', 'cgi .sh;'), runs('DIR/run.sh'))
  })

  it('finds programs where programs are', () => {
    assert.match(String(plan('GET /x.py', 'cgi .py sh;')), /^runs the CGI program "\S*\/bin\/sh DIR\/x\.py"$/)
  })

  it('leaves everything else to others', () => {
    assert.equal(plan('GET /sub/plain.txt', PY), 200)
    assert.equal(plan('GET /run.sh', PY), 200)
    assert.equal(plan('GET /folder.py/x.txt', PY), 200)
    assert.equal(plan('GET /folder.py', PY), 301)
    assert.equal(plan('POST /sub/plain.txt', PY), 405)
    assert.equal(plan('BREW /sub/plain.txt', PY), 501)
    assert.equal(plan('BREW /sub/plain.txt', ''), 501)
  })

  it('takes any method', () => {
    for (const method of ['HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'BREW'])
      assert.equal(plan(`${method} /x.py`, PY), runs('/bin/sh', '-u', 'DIR/x.py'))
  })

  it('looks behind directories, whatever they are called', () => {
    assert.equal(plan('GET /folder.py/inner.py/x', PY), runs('/bin/sh', '-u', 'DIR/folder.py/inner.py'))
  })

  it('is asked for the index of a directory', () => {
    assert.equal(plan('GET /sub/', `${PY} index index.py;`), runs('/bin/sh', '-u', 'DIR/sub/index.py'))
  })

  it('is inherited, replaced, and put off', () => {
    assert.equal(plan('GET /x.py', `${PY} location / { }`), runs('/bin/sh', '-u', 'DIR/x.py'))
    assert.equal(plan('GET /x.py', `${PY} location / { cgi .py /bin/cat; }`), runs('/bin/cat', 'DIR/x.py'))
    assert.equal(plan('GET /x.py', `${PY} location / { cgi off; }`), 200)
    assert.equal(plan('GET /x.py', `${PY} location / { cgi .sh; }`), 200)
    assert.equal(plan('GET /x.py', `location / { if ($uri) { ${PY} } }`), runs('/bin/sh', '-u', 'DIR/x.py'))
  })

  it('goes before what a location would do, but behind dav_methods', () => {
    assert.equal(plan('GET /x.py', `${PY} location / { autoindex on; }`), runs('/bin/sh', '-u', 'DIR/x.py'))
    const dav = `${PY} location / { dav_methods DELETE; }`
    assert.match(String(plan('DELETE /x.py', dav)), /^DELETE of "DIR\/x\.py"$/)
    assert.equal(plan('POST /x.py', dav), runs('/bin/sh', '-u', 'DIR/x.py'))
  })

  it('wants the file to be there, unless it is told otherwise', () => {
    const any = `${PY} cgi_script_must_exist off;`
    for (const path of ['/none.py', '/none/none.py', '/none.py/more']) {
      assert.equal(plan(`GET ${path}`, PY), 404)
      const file = path.replace('/more', '')
      assert.equal(plan(`POST ${path}`, any), runs('/bin/sh', '-u', `DIR${file}`))
    }
    assert.equal(plan('POST /none.sh', 'cgi .sh; cgi_script_must_exist off;'), 404)
    assert.equal(plan('GET /folder.py', any), 301)
    // A file that is not there may be made up, but none that cannot be: the program would take the one on the way for it.
    assert.equal(plan('GET /sub/plain.txt/none.py', any), 404)
  })

  it('finds files behind an alias', () => {
    assert.equal(
      plan('GET /p/../x.py', `location /p { alias ${dir}/; } ${PY}`),
      runs('/bin/sh', '-u', 'DIR/x.py'),
    )
  })

  it('does not show a program whose name comes from an alias only', () => {
    const one = `location = /run { alias ${dir}/x.py; ${PY} }`
    assert.equal(plan('GET /run', one), runs('/bin/sh', '-u', 'DIR/x.py'))
    const by = `location ~ ^/app/([^/]+)(/.*)?$ { alias ${dir}/$1; ${PY} }`
    assert.equal(plan('GET /app/x.py', by), runs('/bin/sh', '-u', 'DIR/x.py'))
    assert.equal(plan('GET /app/x.py/more', by), runs('/bin/sh', '-u', 'DIR/x.py'))
    assert.equal(plan('GET /app/run.sh', by), 200)
    assert.equal(plan('GET /app/none.py/more', by), 404)
  })
})

describe('cgi_pass', () => {
  it('answers for all that is asked for', () => {
    assert.equal(
      plan('GET /sub/plain.txt', 'location / { cgi_pass /bin/cat -n; }'),
      runs('/bin/cat', '-n', 'DIR/sub/plain.txt'),
    )
    assert.equal(
      plan('GET /sub/plain.txt/x', 'location / { cgi_pass /bin/cat; }'),
      runs('/bin/cat', 'DIR/sub/plain.txt'),
    )
    assert.equal(plan('GET /none', 'location / { cgi_pass /bin/cat; }'), 404)
    assert.equal(
      plan('GET /sub/', 'location / { cgi_pass /bin/cat; index plain.txt; }'),
      runs('/bin/cat', 'DIR/sub/plain.txt'),
    )
  })

  it('runs the file itself', () => {
    assert.equal(plan('GET /run.sh/more', 'location / { cgi_pass $request_filename; }'), runs('DIR/run.sh'))
    assert.equal(
      plan('GET /x/run.sh/more', `location /x/ { alias ${dir}/; cgi_pass $request_filename; }`),
      runs('DIR/run.sh'),
    )
  })

  it('may answer for what is not there, as a whole', () => {
    const pass = 'location / { cgi_pass /bin/cat; cgi_script_must_exist off; }'
    assert.equal(plan('GET /a/b/c', pass), runs('/bin/cat', 'DIR/a/b/c'))
    assert.equal(plan('GET /run.sh/c', pass), runs('/bin/cat', 'DIR/run.sh'))
    assert.equal(plan('GET /', pass), runs('/bin/cat', 'DIR/'))
    const itself = 'location / { cgi_pass $request_filename; cgi_script_must_exist off; }'
    assert.equal(plan('GET /sub/', itself), 403)
    assert.equal(plan('GET /none', itself), 404)
  })

  it('is led to by the name of its location without a slash', () => {
    const { hosts } = siteOf(`root ${dir}; location /app/ { cgi_pass /bin/cat; }`)
    const x = exchangeOf('GET /app?a', { hosts })
    x.run()
    assert.deepEqual([x.status, x.answerField('location')], [301, 'http://localhost/app/?a'])
    assert.equal(plan('GET /sub', `${PY} location /sub/ { }`), 301)
  })

  it('goes before extensions, and is not inherited by locations inside', () => {
    const inner = 'location /sub/ { }'
    assert.equal(
      plan('GET /x.py', `${PY} location / { cgi_pass /bin/cat; ${inner} }`),
      runs('/bin/cat', 'DIR/x.py'),
    )
    assert.equal(plan('GET /sub/plain.txt', `location / { cgi_pass /bin/cat; ${inner} }`), 200)
  })

  it('holds in an if and in limit_except, as in nginx', () => {
    const pass = 'cgi_pass /bin/cat;'
    assert.equal(plan('GET /x.py', `location / { ${pass} if ($uri) { } }`), runs('/bin/cat', 'DIR/x.py'))
    assert.equal(
      plan('POST /x.py', `location / { ${pass} limit_except GET { } }`),
      runs('/bin/cat', 'DIR/x.py'),
    )
  })

  it('runs nothing that the request leads to and the configuration does not name', () => {
    const pass = 'location / { cgi_pass /bin/$arg_a; }'
    assert.equal(plan('GET /x.py?a=cat', pass), runs('/bin/cat', 'DIR/x.py'))
    assert.equal(plan('GET /x.py?a=../bin/cat', pass), 403)
    assert.equal(plan('GET /x.py', 'location / { cgi_pass $arg_a; }'), 500)
  })
})

describe('what is wrong with a configuration of cgi', () => {
  const problems = (server: string): string[] => problemsIn(server).map(({ summary }) => summary)

  it('is told', () => {
    assert.deepEqual(problems('cgi py python3;'), ['invalid extension "py"'])
    assert.deepEqual(problems('cgi off python3;'), ['invalid number of arguments in "cgi" directive'])
    assert.deepEqual(problems('cgi .py /bin/sh; cgi off;'), ['"cgi off" stands beside other lines of "cgi"'])
    assert.deepEqual(problems('cgi .py /bin/sh; cgi .py /bin/cat;'), [
      'duplicate extension ".py" in "cgi" directives',
    ])
    assert.deepEqual(problems('cgi .py /bin/sh; location /a { cgi .py /bin/cat; }'), [])
    assert.deepEqual(problems('cgi .py /bin/sh; location /a { }'), [])
    assert.deepEqual(problems('cgi .py "";'), ['empty program name'])
    assert.deepEqual(problems('cgi .py /etc/passwd;'), ['CGI program "/etc/passwd" is not executable'])
    assert.deepEqual(problems('cgi .py /nowhere/python;'), ['CGI program "/nowhere/python" is not found'])
    assert.deepEqual(problems('cgi .py no-such-program;'), ['CGI program "no-such-program" is not found'])
    assert.deepEqual(problems('cgi_param A-B c;'), ['invalid name "A-B"'])
    assert.deepEqual(problems('cgi_param A b c;'), ['invalid parameter "c"'])
    assert.deepEqual(problems('cgi_path_info whole;'), ['invalid value "whole"'])
    assert.deepEqual(problems('cgi_processes 0;'), ['"cgi_processes" directive invalid number'])
  })
})

describe('a program that cannot be started', () => {
  /** @returns the exchange; nothing has been started */
  function failing(
    errno: number,
    request = 'GET /run.sh',
    server = 'cgi .sh;',
  ): { x: StubExchange; lines: string[] } {
    const site = siteOf(`root ${dir}; ${server}`)
    using _system = scripted({ posix_spawn: [() => errno] })
    return { x: site.ask(request), lines: site.lines }
  }

  it('has a status that fits', () => {
    for (const [errno, status] of [
      [EAGAIN, 503],
      [ENOMEM, 503],
      [EACCES, 403],
      [ENOENT, 502],
      [ENOEXEC, 502],
      [E2BIG, 500],
    ] as const) {
      const { x, lines } = failing(errno)
      assert.equal(x.status, status)
      assert.match(lines.join(), /CGI program ".*run\.sh" could not be started: ".*run\.sh" \(\d+: /)
    }
    assert.equal(failing(EACCES, 'GET /x.py', PY).x.status, 502)
  })

  it('is tried again with the next request, since its place is given back', () => {
    const site = siteOf(`root ${dir}; cgi .sh; cgi_processes 1; cgi_queue_timeout 0;`)
    using _system = scripted({ posix_spawn: [() => EAGAIN, () => EAGAIN] })
    assert.equal(site.ask('GET /run.sh').status, 503)
    assert.equal(site.ask('GET /run.sh').status, 503)
    assert.ok(!site.lines.join().includes('too many'))
  })

  it('has too few descriptors', () => {
    const site = siteOf(`root ${dir}; cgi .sh;`)
    using _system = scripted({ pipe2: [-EMFILE] })
    assert.equal(site.ask('GET /run.sh').status, 503)
  })
})

describe('a program', () => {
  it('answers an exchange', () => {
    const site = siteOf(`root ${dir}; cgi .sh;`)
    const x = site.ask('GET /run.sh/caf%C3%A9')
    for (let i = 0; i < 200 && !x.record.hasEnded; i++) x.loop.iterate(1000)
    assert.equal(x.status, 200)
    assert.equal(x.answerText, '/café')
    while (x.loop.watched > 0) x.loop.iterate(1000)
  })

  it('is not started any more when nobody waits for it', () => {
    const site = siteOf(`root ${dir}; cgi .sh; cgi_processes 1;`)
    const first = site.ask('GET /run.sh')
    const second = site.ask('GET /run.sh')
    using system = scripted()
    second.abandon()
    for (let i = 0; i < 200 && !first.record.hasEnded; i++) first.loop.iterate(1000)
    while (first.loop.watched > 0) first.loop.iterate(1000)
    assert.equal(system.calls.posix_spawn, 0)
    assert.equal(second.status, 0)
  })
})
