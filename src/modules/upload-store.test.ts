import assert from 'node:assert/strict'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, describe, it } from 'node:test'
import type { StubExchange } from '../../test/exchange-stub.ts'
import { problemsIn, type SiteStub, siteOf } from '../../test/site-stub.ts'
import { EACCES, EDQUOT, EMFILE, ENOSPC } from '../errno.ts'
import { scripted } from '../sys/scripted.ts'

const directory = mkdtempSync(join(tmpdir(), 'veille-upload-'))
after(() => rmSync(directory, { recursive: true }))
const store = join(directory, 'in')

beforeEach(() => {
  rmSync(store, { recursive: true, force: true })
  mkdirSync(store)
})

const PLAIN = `location /files/ { alias ${store}/; upload_store ${store}; }`

interface Sent {
  readonly fields?: Readonly<Record<string, string>>
  readonly content?: string
  readonly text?: string
}

function send(line: string, { fields = {}, content = '', text = PLAIN }: Sent = {}): StubExchange {
  return ask(siteOf(text), line, fields, content)
}

function ask(
  site: SiteStub,
  line: string,
  fields: Readonly<Record<string, string>>,
  content: string,
): StubExchange {
  const all = { Host: 'localhost', 'Content-Length': String(content.length), ...fields }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return site.ask(`${line} HTTP/1.1\r\n${lines.join('')}\r\n${content}`)
}

type FormPart = readonly [disposition: string, content: string]

function form(...parts: FormPart[]): string {
  const all = parts.map(([disposition, content]) => {
    return `--b\r\nContent-Disposition: form-data; ${disposition}\r\nContent-Type: text/plain\r\n\r\n${content}\r\n`
  })
  return `${all.join('')}--b--\r\n`
}

const FORM = { 'Content-Type': 'multipart/form-data; boundary=b' }

function sendForm(parts: readonly FormPart[], more: Sent = {}): StubExchange {
  return send('POST /files/', { ...more, fields: { ...FORM, ...more.fields }, content: form(...parts) })
}

/** Names and contents of what is in the folder; hidden files too. */
function stored(): Record<string, string> {
  return Object.fromEntries(
    readdirSync(store)
      .sort()
      .map(name => [name, readFileSync(join(store, name), 'utf8')]),
  )
}

interface Told {
  readonly files: { name: string; url: string; size: number; replaced: boolean }[]
  readonly fields: { name: string; value: string }[]
}

function told(x: StubExchange): Told {
  return JSON.parse(x.answerText) as Told
}

function refuses(x: StubExchange, status: number): void {
  assert.equal(x.status, status)
  assert.deepEqual(stored(), {})
}

describe('a POST to upload_store', () => {
  it('is a file of the name in its path', () => {
    const x = send('POST /files/a%20b.txt', { content: 'abc' })
    assert.equal(x.status, 201)
    assert.equal(x.answerField('location'), 'http://localhost/files/a%20b.txt')
    assert.equal(x.answerField('content-type'), 'application/json')
    assert.deepEqual(told(x), {
      files: [{ name: 'a b.txt', url: '/files/a%20b.txt', size: 3, replaced: false }],
      fields: [],
    })
    assert.deepEqual(stored(), { 'a b.txt': 'abc' })
    assert.equal(statSync(join(store, 'a b.txt')).mode & 0o777, 0o600)
  })

  it('that a page of another site has sent is refused, unless it may', () => {
    const fields = { Origin: 'http://elsewhere.example' }
    const x = send('POST /files/a.txt', { content: 'abc', fields })
    assert.equal(x.status, 403)
    assert.deepEqual(stored(), {})
    const text = PLAIN.replace('}', 'upload_cross_origin on; }')
    assert.equal(send('POST /files/a.txt', { content: 'abc', fields, text }).status, 201)
    assert.equal(
      send('POST /files/b.txt', { content: 'abc', fields: { Origin: 'http://localhost' } }).status,
      201,
    )
    assert.deepEqual(stored(), { 'a.txt': 'abc', 'b.txt': 'abc' })
  })

  it('is a file of the name in Content-Disposition, or of one that nobody can guess', () => {
    const fields = { 'Content-Disposition': "attachment; filename*=utf-8''..%2F%c3%a9.txt" }
    send('POST /files/', { content: 'abc', fields })
    assert.deepEqual(stored(), { 'é.txt': 'abc' })
    const x = send('POST /files/', { content: 'abc' })
    assert.match(told(x).files[0]!.name, /^upload-[0-9a-f]{16}$/)
  })

  it('may forget the slash of its location', () => {
    const text = `location /files { alias ${store}; upload_store ${store}; }`
    const x = send('POST /files', { content: 'abc', text })
    assert.match(told(x).files[0]!.url, /^\/files\/upload-/)
  })

  it('is empty without content', () => {
    assert.equal(send('POST /files/a').status, 201)
    assert.deepEqual(stored(), { a: '' })
  })

  it('takes no other name, but adds a number', () => {
    for (const content of ['1', '2', '3']) send('POST /files/a.txt', { content })
    assert.deepEqual(stored(), { 'a.txt': '1', 'a-1.txt': '2', 'a-2.txt': '3' })
  })

  it('replaces what is there if it may', () => {
    const text = `${PLAIN} upload_overwrite on;`
    assert.equal(send('POST /files/a.txt', { content: '1', text }).status, 201)
    const x = send('POST /files/a.txt', { content: '2', text })
    assert.equal(x.status, 200)
    assert.equal(told(x).files[0]!.replaced, true)
    assert.deepEqual(stored(), { 'a.txt': '2' })
  })

  it('does not take the place of a directory', () => {
    mkdirSync(join(store, 'a'))
    assert.equal(send('POST /files/a', { content: '1' }).status, 201)
    assert.deepEqual(readdirSync(store), ['a', 'a-1'])
    assert.equal(send('POST /files/a', { content: '1', text: `${PLAIN} upload_overwrite on;` }).status, 409)
  })

  it('makes its names safe', () => {
    send('POST /files/.htaccess', { content: '1' })
    send(`POST /files/${'x'.repeat(300)}.txt`, { content: '1' })
    assert.deepEqual(readdirSync(store).sort(), ['htaccess', `${'x'.repeat(236)}.txt`])
  })

  it('answers with a page where one is preferred', () => {
    const x = send('POST /files/%3Cb%3E.txt', { content: 'a', fields: { Accept: 'text/html,*/*;q=0.8' } })
    assert.equal(x.answerField('content-type'), 'text/html; charset=utf-8')
    assert.match(x.answerText, /<a href="\/files\/%3Cb%3E\.txt">&lt;b&gt;\.txt<\/a> <small>1 byte</)
  })

  it('goes where the path leads, with on', () => {
    mkdirSync(join(store, 'inner'))
    const text = `location /files/ { alias ${store}/; upload_store on; }`
    const x = send('POST /files/inner/a.txt', { content: 'abc', text })
    assert.equal(x.answerField('location'), 'http://localhost/files/inner/a.txt')
    assert.equal(readFileSync(join(store, 'inner', 'a.txt'), 'utf8'), 'abc')
    assert.equal(send('POST /files/none/a.txt', { content: 'abc', text }).status, 404)
  })

  it('goes to a folder that is computed, and not out of it', () => {
    mkdirSync(join(store, 'x'))
    const text = `location /files/ { upload_store ${store}/$arg_to /seen/; }`
    const x = send('POST /files/a.txt?to=x', { content: 'abc', text })
    assert.equal(x.answerField('location'), 'http://localhost/seen/a.txt')
    assert.equal(readFileSync(join(store, 'x', 'a.txt'), 'utf8'), 'abc')
    assert.equal(send('POST /files/a.txt?to=../..', { content: 'abc', text }).status, 403)
  })

  it('has the rights that dav_access names', () => {
    send('POST /files/a', { text: `${PLAIN} dav_access group:r all:r;` })
    assert.equal(statSync(join(store, 'a')).mode & 0o777, 0o644)
  })

  it('goes through no link that disable_symlinks forbids', () => {
    symlinkSync('in', join(directory, 'link'))
    const text = `location /files/ { upload_store ${directory}/link; disable_symlinks on; }`
    refuses(send('POST /files/a', { text }), 403)
    rmSync(join(directory, 'link'))
  })

  it('without a folder is 404, and leaves the other methods alone', () => {
    refuses(send('POST /files/a', { text: `location /files/ { upload_store ${store}/none; }` }), 404)
    writeFileSync(join(store, 'a'), 'here')
    assert.equal(send('GET /files/a').answerText, 'here')
    assert.equal(send('DELETE /files/a').answerField('allow'), 'GET, HEAD, POST')
    assert.deepEqual(stored(), { a: 'here' })
  })

  for (const [errno, status] of [
    [ENOSPC, 507],
    [EDQUOT, 507],
    [EACCES, 403],
  ] as const) {
    it(`that cannot be written is ${status}`, () => {
      const site = siteOf(PLAIN)
      using _ = scripted({ pwrite: [1, -errno] })
      refuses(ask(site, 'POST /files/a', {}, 'abc'), status)
      assert.match(site.lines.at(-1)!, /pwrite\(\) "\S+\/in" failed/)
    })
  }

  it('without a descriptor is 503', () => {
    const site = siteOf(PLAIN)
    using _ = scripted({ openat: [-EMFILE] })
    refuses(ask(site, 'POST /files/a', {}, 'abc'), 503)
  })
})

describe('a form', () => {
  it('leaves its files, and tells its other fields', () => {
    const x = sendForm([
      ['name="one"; filename="a.txt"', 'A\r\n--\r\n'],
      ['name="comment"', 'h\xc3\xa9'],
      ['name="two"; filename="b.txt"', ''],
    ])
    assert.equal(x.status, 201)
    assert.equal(x.answerField('location'), 'http://localhost/files/a.txt')
    assert.deepEqual(stored(), { 'a.txt': 'A\r\n--\r\n', 'b.txt': '' })
    assert.deepEqual(
      told(x).files.map(({ url, size }) => [url, size]),
      [
        ['/files/a.txt', 7],
        ['/files/b.txt', 0],
      ],
    )
    assert.deepEqual(told(x).fields, [{ name: 'comment', value: 'hé' }])
  })

  it('may have two files of one name', () => {
    for (const text of [PLAIN, `${PLAIN} upload_overwrite on;`]) {
      rmSync(store, { recursive: true })
      mkdirSync(store)
      const parts: FormPart[] = [
        ['name=f; filename=a.txt', '1'],
        ['name=f; filename=a.txt', '2'],
      ]
      sendForm(parts, { text })
      assert.deepEqual(stored(), { 'a.txt': '1', 'a-1.txt': '2' })
    }
  })

  it('has names that do no harm', () => {
    const names = ['../x', '..\\\\y', '/etc/z', 'n\xc3\xa9', '.dot', '..', 'a%0d%0ab', 'q%22q']
    sendForm(
      names
        .map((name): FormPart => [`name=f; filename="${name}"`, ''])
        .concat([['name=f; filename=z.txt', '1']]),
    )
    const made = Object.keys(stored())
    assert.deepEqual(made.filter(name => !name.startsWith('upload-')).sort(), [
      'a__b',
      'dot',
      'né',
      'q"q',
      'x',
      'y',
      'z',
      'z.txt',
    ])
    assert.equal(made.length, names.length + 1)
  })

  it('in which nothing was chosen is refused, and so is one without files', () => {
    refuses(sendForm([['name=f; filename=""', '']]), 400)
    refuses(sendForm([['name=comment', 'text']]), 400)
    refuses(sendForm([]), 400)
  })

  it('may hold a file without a name', () => {
    const x = sendForm([
      ['name=f; filename=""', 'text'],
      ['name=g; filename=""', ''],
    ])
    assert.match(told(x).files[0]!.name, /^upload-/)
    assert.equal(told(x).files.length, 1)
  })

  it('that is not whole leaves nothing', () => {
    const whole = form(['name=f; filename=a.txt', 'abc'], ['name=f; filename=b.txt', 'abc'])
    for (const content of [whole.slice(0, -6), whole.slice(0, 150), whole.replace('\r\n--b--', '\r\n--bx')]) {
      refuses(send('POST /files/', { fields: FORM, content }), 400)
    }
  })

  it('with a part that is none leaves nothing', () => {
    const good: FormPart = ['name=f; filename=a.txt', 'abc']
    for (const bad of ['filename=b.txt', 'name=a; name=b', 'name="a'])
      refuses(sendForm([good, [bad, 'x']]), 400)
    const content = form(good).replace('form-data;', 'attachment;')
    refuses(send('POST /files/', { fields: FORM, content }), 400)
  })

  it('without a boundary is refused', () => {
    refuses(send('POST /files/', { fields: { 'Content-Type': 'multipart/form-data' }, content: 'x' }), 400)
  })

  it('has files and fields up to a number and a size', () => {
    const files = (count: number): FormPart[] =>
      Array.from({ length: count }, (_, i) => [`name=f; filename=${i}`, ''])
    refuses(sendForm(files(101)), 413)
    refuses(
      sendForm([
        ['name=f; filename=a', ''],
        ['name=c', 'x'.repeat(65_537)],
      ]),
      413,
    )
    assert.equal(sendForm(files(100)).status, 201)
    assert.equal(readdirSync(store).length, 100)
  })

  it('of which one file cannot be written, or cannot get its name, leaves none', () => {
    const parts: FormPart[] = [
      ['name=f; filename=a.txt', 'abc'],
      ['name=f; filename=b.txt', 'abc'],
    ]
    const site = siteOf(PLAIN)
    {
      using _ = scripted({ pwrite: [3, -ENOSPC] })
      refuses(ask(site, 'POST /files/', FORM, form(...parts)), 507)
    }
    {
      using _ = scripted({
        openat: [(real, args) => (real as (...all: unknown[]) => number)(...args), -EACCES],
      })
      refuses(ask(site, 'POST /files/', FORM, form(...parts)), 403)
    }
    {
      using _ = scripted({
        linkat: [(real, args) => (real as (...all: unknown[]) => number)(...args), -EDQUOT],
      })
      refuses(ask(site, 'POST /files/', FORM, form(...parts)), 507)
    }
  })
})

describe('upload_delete', () => {
  const text = `${PLAIN.replace(' }', ' upload_delete on; }')}`

  it('removes a file, once', () => {
    writeFileSync(join(store, 'a b.txt'), 'abc')
    assert.equal(send('DELETE /files/a%20b.txt', { text }).status, 204)
    refuses(send('DELETE /files/a%20b.txt', { text }), 404)
  })

  it('knows the names of uploads only', () => {
    writeFileSync(join(store, '.htaccess'), '')
    mkdirSync(join(store, 'inner'))
    writeFileSync(join(store, 'inner', 'a'), '')
    assert.equal(send('DELETE /files/.htaccess', { text }).status, 404)
    assert.equal(send('DELETE /files/inner', { text }).status, 409)
    assert.equal(send('DELETE /files/inner/', { text }).status, 409)
    assert.equal(send('DELETE /files/inner/a', { text }).status, 404)
    assert.equal(send('DELETE /files/', { text }).status, 409)
    assert.deepEqual(readdirSync(store, { recursive: true }).sort(), ['.htaccess', 'inner', 'inner/a'])
  })

  it('leaves collections to dav_methods', () => {
    mkdirSync(join(store, 'inner'))
    // Collections are removed by threads: what is seen here is that somebody else answers.
    const both = `${text} dav_methods DELETE;`
    assert.equal(send('DELETE /files/inner', { text: both }).status, 409)
    writeFileSync(join(store, 'a'), '')
    assert.equal(send('DELETE /files/a', { text: both }).status, 204)
    assert.equal(send('PUT /files/a', { text: both }).answerField('allow'), 'GET, HEAD, DELETE, POST')
  })
})

describe('a configuration of uploads', () => {
  it('says where and from where', () => {
    const summaries = (text: string): string[] => problemsIn(text).map(({ summary }) => summary)
    assert.deepEqual(summaries('upload_store /srv/in /files/;'), [])
    assert.deepEqual(summaries('upload_store on /files/;'), ['invalid parameter "/files/"'])
    assert.deepEqual(summaries('upload_store /srv/in files;'), ['invalid parameter "files"'])
    assert.deepEqual(summaries('upload_store /srv/in /files;'), ['invalid parameter "/files"'])
  })

  it('is warned of files that would be run', () => {
    const text = 'cgi .py /usr/bin/python3; location /up/ { upload_store /srv/in; }'
    assert.match(problemsIn(text)[0]!.summary, /are run when their name ends in "\.py"/)
    assert.deepEqual(problemsIn(text.replace('upload_store', 'cgi off; upload_store')), [])
  })
})
