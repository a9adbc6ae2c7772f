import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { type SiteStub, siteOf } from '../../test/site-stub.ts'

const dir = mkdtempSync(join(tmpdir(), 'veille-static-'))
const DATE = 'Sun, 02 Feb 2020 03:04:05 GMT'
const LATER = 'Sun, 02 Feb 2020 03:04:06 GMT'
mkdirSync(join(dir, 'folder é'))
mkdirSync(join(dir, 'x'))
for (const name of ['page.html', '.hidden']) write(name, `This is ${name}.`)
write('large', 'l'.repeat(100_000))
symlinkSync('page.html', join(dir, 'link'))
symlinkSync('loop', join(dir, 'loop'))
execFileSync('mkfifo', [join(dir, 'fifo')])
after(() => rmSync(dir, { recursive: true }))

function write(name: string, content: string, seconds = Date.parse(DATE) / 1000): void {
  writeFileSync(join(dir, name), content)
  utimesSync(join(dir, name), seconds, seconds)
}

function site(server = ''): SiteStub {
  return siteOf(`root ${dir}; ${server}`)
}

function get(path: string, ...fields: string[]): string {
  return [`GET ${path} HTTP/1.1`, 'Host: localhost', ...fields, '', ''].join('\r\n')
}

describe('a file', () => {
  it('is sent with what describes it', () => {
    const x = site().ask('GET /page.html')
    assert.equal(x.answerText, 'This is page.html.')
    assert.deepEqual(
      x.answerFields.filter(([name]) => name !== 'ETag' && name !== 'Server'),
      [
        ['Content-Type', 'text/html'],
        ['Last-Modified', DATE],
        ['Accept-Ranges', 'bytes'],
      ],
    )
    assert.match(x.answerField('etag')!, /^"[0-9a-f]+-12"$/)
  })

  it('may be large, and hidden', () => {
    assert.equal(site().ask('GET /large').answerBytes.length, 100_000)
    assert.equal(site().ask('GET /.hidden').answerText, 'This is .hidden.')
  })

  it('is what it is now', () => {
    const made = site()
    write('changing', 'one')
    assert.equal(made.ask('GET /changing', { startedAt: 1 }).answerText, 'one')
    write('changing', 'two', 1)
    assert.equal(made.ask('GET /changing', { startedAt: 2 }).answerText, 'two')
  })

  it('takes GET and HEAD, and says so to others', () => {
    for (const request of ['POST /page.html', 'DELETE /none', 'PUT /folder/', 'OPTIONS /page.html']) {
      const x = site().ask(request)
      assert.equal(x.status, 405, request)
      assert.equal(x.answerField('allow'), 'GET, HEAD', request)
    }
    assert.equal(site().ask('POST /none').status, 404)
  })

  it('has no entity tag with etag off', () => {
    assert.equal(site('etag off;').ask('GET /page.html').answerField('etag'), null)
  })

  it('counts as unchanged as if_modified_since says', () => {
    const statuses = (server: string): number[] =>
      [DATE, LATER].map(date => site(server).ask(get('/page.html', `If-Modified-Since: ${date}`)).status)
    assert.deepEqual(statuses(''), [304, 200])
    assert.deepEqual(statuses('if_modified_since before;'), [304, 304])
    assert.deepEqual(statuses('if_modified_since off;'), [200, 200])
  })

  it('has as many ranges as max_ranges says', () => {
    const status = (server: string, range: string): number =>
      site(server).ask(get('/page.html', `Range: bytes=${range}`)).status
    assert.equal(status('', '0-1,3-4'), 206)
    assert.equal(status('max_ranges 1;', '0-1,3-4'), 200)
    assert.equal(status('max_ranges 1;', '0-1'), 206)
    const none = site('max_ranges 0;').ask(get('/page.html', 'Range: bytes=0-1'))
    assert.deepEqual([none.status, none.answerField('accept-ranges')], [200, null])
  })

  it('as the page of an error is whole', () => {
    const made = site('error_page 404 /page.html;')
    const x = made.ask(get('/none', 'Range: bytes=0-1', `If-Modified-Since: ${DATE}`))
    assert.deepEqual([x.status, x.answerText], [404, 'This is page.html.'])
    assert.equal(x.answerField('last-modified'), null)
  })
})

describe('a directory', () => {
  const location = (path: string, server = ''): string | null => {
    const x = site(server).ask(`GET ${path}`)
    assert.equal(x.status, 301)
    return x.answerField('location')
  }
  it('is led to its slash, with its query', () => {
    assert.equal(location('/folder%20%C3%A9'), 'http://localhost/folder%20%C3%A9/')
    assert.equal(location('/x?a=b%20c'), 'http://localhost/x/?a=b%20c')
    assert.equal(location('/x', 'absolute_redirect off;'), '/x/')
    assert.equal(location('/x?"<\xC3\xA9\xE9%zz', 'absolute_redirect off;'), '/x/?%22%3C%C3%A9%E9%zz')
  })

  it('never leads to another host', () => {
    assert.equal(location('/two', 'rewrite ^ //x break; absolute_redirect off;'), '/.//x/')
    assert.equal(location('/two', 'rewrite ^ //x break;'), 'http://localhost//x/')
  })
})

describe('what cannot be sent', () => {
  const refused = (path: string, status: number, line: string, server = ''): void => {
    it(`${path}: ${status} ${line}`, () => {
      const made = site(server)
      assert.equal(made.ask(`GET ${path}`).status, status)
      assert.deepEqual(
        made.lines.map(text => text.replaceAll(dir, 'DIR')),
        line === '' ? [] : [line],
      )
    })
  }
  refused('/none', 404, 'error: open() "DIR/none" failed (2: No such file or directory)')
  refused('/page.html/x', 404, 'error: open() "DIR/page.html/x" failed (20: Not a directory)')
  refused('/none', 404, '', 'log_not_found off;')
  refused('/loop', 403, 'error: open() "DIR/loop" failed (40: Too many levels of symbolic links)')
  refused('/x/', 403, 'error: directory index of "DIR/x/" is forbidden')
  refused('/x/', 404, 'error: directory index of "DIR/x/" is not found', 'directory_without_index 404;')
  refused('/x/', 404, '', 'directory_without_index 404; log_not_found off;')
  refused('/fifo', 404, 'crit: "DIR/fifo" is not a regular file')
  refused(
    '/link',
    403,
    'error: open() "DIR/link" failed (40: Too many levels of symbolic links)',
    'disable_symlinks on;',
  )
})

describe('open_file_cache', () => {
  it('believes what it has seen', () => {
    const made = site('open_file_cache max=10; open_file_cache_valid 5s; open_file_cache_errors on;')
    write('cached', 'one')
    assert.equal(made.ask('GET /cached', { startedAt: 0 }).answerText, 'one')
    assert.equal(made.ask('GET /later', { startedAt: 0 }).status, 404)
    write('cached', 'two', 1)
    write('later', 'there')
    assert.equal(made.ask('GET /cached', { startedAt: 5000 }).answerText, 'one')
    assert.equal(made.ask('GET /later', { startedAt: 5000 }).status, 404)
    assert.equal(made.ask('GET /cached', { startedAt: 5001 }).answerText, 'two')
    assert.equal(made.ask('GET /later', { startedAt: 5001 }).answerText, 'there')
  })

  it('is off in a place that says so', () => {
    const made = site('open_file_cache max=10; location /x { } location / { open_file_cache off; }')
    write('uncached', 'one')
    assert.equal(made.ask('GET /uncached', { startedAt: 0 }).answerText, 'one')
    write('uncached', 'two', 1)
    assert.equal(made.ask('GET /uncached', { startedAt: 1 }).answerText, 'two')
  })
})

describe('disable_symlinks', () => {
  it('lets links be in the part of the path that from names', () => {
    symlinkSync(dir, `${dir}/x/here`)
    const made = siteOf(`
      location /all/ { alias ${dir}/x/here/; disable_symlinks on; }
      location /from/ { alias ${dir}/x/here/; disable_symlinks on from=${dir}/x/here; }
      location /root/ { alias ${dir}/x/here/; disable_symlinks on from=$document_root; }
      location /owner/ { alias ${dir}/x/here/; disable_symlinks if_not_owner; }`)
    assert.equal(made.ask('GET /all/page.html').status, 403)
    assert.equal(made.ask('GET /from/page.html').status, 200)
    assert.equal(made.ask('GET /root/page.html').status, 200)
    assert.equal(made.ask('GET /root/link').status, 403)
    assert.equal(made.ask('GET /owner/link').status, 200)
  })
})

describe('each step on the way to a file', () => {
  const told = (path: string, server: string): string[] => {
    const made = siteOf(`root ${dir}; ${server}`, 'debug')
    made.ask(`GET ${path}`)
    return made.lines
      .filter(line => /^debug: .*(file|index|director)/.test(line))
      .map(line => line.replace('debug: ', '').replaceAll(dir, 'DIR'))
  }
  it('is told to a log that wants to know', () => {
    assert.deepEqual(told('/page.html', ''), ['the file "DIR/page.html" is there'])
    assert.deepEqual(told('/none', 'log_not_found off;'), [
      'the file "DIR/none" cannot be had (2: No such file or directory)',
    ])
    assert.deepEqual(told('/x', ''), ['"DIR/x" is a directory, whose path ends in a slash'])
    assert.deepEqual(told('/x/', ''), ['index: "DIR/x/index.html" is not there'])
    assert.deepEqual(told('/none', 'location / { try_files $uri $uri/ /page.html; }').slice(0, 3), [
      'try_files: the file "DIR/none" is not there',
      'try_files: the directory "DIR/none" is not there',
      'try_files: none of them is there, so the last one says what happens',
    ])
  })
})
