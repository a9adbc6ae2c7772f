import assert from 'node:assert/strict'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, describe, it } from 'node:test'
import type { StubExchange } from '../../test/exchange-stub.ts'
import { eventually } from '../../test/raw-client.ts'
import { problemsIn, type SiteStub, siteOf } from '../../test/site-stub.ts'
import { EACCES, EEXIST, ENOSPC, EXDEV } from '../errno.ts'
import { scripted } from '../sys/scripted.ts'

const directory = mkdtempSync(join(tmpdir(), 'veille-dav-'))
after(() => rmSync(directory, { recursive: true }))
const root = join(directory, 'www')

beforeEach(() => {
  rmSync(root, { recursive: true, force: true })
  mkdirSync(join(root, 'dir', 'deep'), { recursive: true })
  writeFileSync(join(root, 'dir', 'deep', 'b.txt'), 'bbb')
  writeFileSync(join(root, 'a.txt'), 'aaa')
})

const ALL = `root ${root}; dav_methods PUT DELETE MKCOL COPY MOVE;`

function pathOf(name: string): string {
  return join(root, name)
}

function textOf(name: string): string {
  return readFileSync(pathOf(name), 'utf8')
}

interface Ask {
  readonly fields?: Readonly<Record<string, string>>
  readonly content?: string
  readonly site?: SiteStub
}

/** What this process has open of the files of this test. */
function descriptorsBelow(): string[] {
  return readdirSync('/proc/self/fd').flatMap(fd => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`)
      return target.startsWith(directory) ? [target] : []
    } catch {
      return []
    }
  })
}

/** Asked and answered, by threads perhaps; nothing hidden is left, and no descriptor. */
async function ask(line: string, { fields = {}, content = '', site = siteOf(ALL) }: Ask = {}) {
  const all = { Host: 'localhost', 'Content-Length': String(content.length), ...fields }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  const x = site.ask(`${line} HTTP/1.1\r\n${lines.join('')}\r\n${content}`)
  await eventually(
    () => x.record.hasEnded && descriptorsBelow().length === 0,
    () => `not ended, or open: ${descriptorsBelow()}`,
  )
  const hidden = readdirSync(directory, { recursive: true }).filter(name => String(name).includes('.veille-'))
  assert.deepEqual(hidden, [])
  return x
}

async function refuses(line: string, status: number, options: Ask = {}): Promise<StubExchange> {
  const before = readdirSync(root, { recursive: true }).sort()
  const x = await ask(line, options)
  assert.equal(x.status, status, line)
  assert.deepEqual(readdirSync(root, { recursive: true }).sort(), before)
  return x
}

describe('dav_methods', () => {
  it('takes only what it names', async () => {
    const site = siteOf(`root ${root}; dav_methods PUT;`)
    const x = await refuses('DELETE /a.txt', 405, { site })
    assert.equal(x.answerField('allow'), 'GET, HEAD, PUT')
  })

  it('off takes nothing', async () => {
    const site = siteOf({ http: 'dav_methods PUT;', server: `root ${root}; dav_methods off;` })
    await refuses('PUT /new', 405, { site })
  })

  it('is read as nginx reads it', () => {
    assert.deepEqual(problemsIn('dav_methods put Delete;'), [])
    assert.equal(problemsIn('dav_methods GET;')[0]!.summary, 'invalid value "GET"')
    assert.equal(problemsIn('dav_methods PUT PUT;')[0]!.summary, 'duplicate value "PUT"')
    assert.equal(problemsIn('dav_access user:x;')[0]!.summary, 'invalid value "user:x"')
    assert.equal(problemsIn('dav_access other:r;')[0]!.summary, 'invalid value "other:r"')
  })
})

describe('PUT', () => {
  it('makes a file, for its owner alone', async () => {
    const x = await ask('PUT /new%20file', { content: 'abc' })
    assert.equal(x.status, 201)
    assert.equal(x.answerField('location'), 'http://localhost/new%20file')
    assert.equal(textOf('new file'), 'abc')
    assert.equal(statSync(pathOf('new file')).mode & 0o777, 0o600)
  })

  it('makes an empty file of no content', async () => {
    assert.equal((await ask('PUT /new')).status, 201)
    assert.equal(textOf('new'), '')
  })

  it('replaces a file, and tells how it will be served', async () => {
    const site = siteOf(ALL)
    const x = await ask('PUT /a.txt', { content: 'bb', site })
    assert.equal(x.status, 204)
    assert.equal(x.answerField('location'), null)
    assert.equal(textOf('a.txt'), 'bb')
    assert.equal(site.ask('GET /a.txt').answerField('etag'), x.answerField('etag'))
  })

  it('gives the rights that dav_access names, to folders too', async () => {
    const site = siteOf(`${ALL} create_full_put_path on; dav_access group:rw all:r;`)
    assert.equal((await ask('PUT /x/y/z', { content: 'abc', site })).status, 201)
    assert.equal(statSync(pathOf('x/y/z')).mode & 0o777, 0o664)
    assert.equal(statSync(pathOf('x/y')).mode & 0o777, 0o775 & ~process.umask())
  })

  it('makes no folder when the content does not come to its end', () => {
    const site = siteOf(`${ALL} create_full_put_path on;`)
    const x = site.ask('PUT /x/y/z HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc')
    // The stub ends every content; this one is given up before.
    assert.equal(x.status, 201)
    using _ = scripted({ pwrite: [-ENOSPC] })
    const full = site.ask('PUT /u/v/w HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc')
    assert.equal(full.status, 507)
    assert.equal(existsSync(pathOf('u')), false)
  })

  it('believes the Date of the client', async () => {
    await ask('PUT /dated', { content: 'a', fields: { Date: 'Sat, 01 Jan 2000 00:00:00 GMT' } })
    assert.equal(statSync(pathOf('dated')).mtimeMs, Date.UTC(2000, 0, 1))
  })

  it('replaces a link, not what it leads to', async () => {
    symlinkSync('a.txt', pathOf('link'))
    assert.equal((await ask('PUT /link', { content: 'new' })).status, 204)
    assert.equal(textOf('a.txt'), 'aaa')
    assert.ok(lstatSync(pathOf('link')).isFile())
  })

  it('goes through no link that disable_symlinks forbids', async () => {
    symlinkSync('dir', pathOf('link'))
    const site = siteOf(`${ALL} disable_symlinks on from=$document_root;`)
    await refuses('PUT /link/new', 403, { site, content: 'a' })
    assert.equal((await ask('PUT /dir/new', { site, content: 'a' })).status, 201)
  })

  for (const [line, status] of [
    ['PUT /dir/', 409],
    ['PUT /', 409],
    ['PUT /dir', 409],
    ['PUT /none/new', 409],
    ['PUT /a.txt/new', 409],
    [`PUT /${'x'.repeat(256)}`, 414],
  ] as const) {
    it(`${line.slice(0, 20)} is ${status}`, async () => void (await refuses(line, status, { content: 'a' })))
  }

  it('takes no part of a file', async () => {
    const fields = { 'Content-Range': 'bytes 0-0/3' }
    await refuses('PUT /a.txt', 400, { content: 'x', fields })
    assert.equal(textOf('a.txt'), 'aaa')
  })

  it('honours preconditions', async () => {
    const etag = siteOf(ALL).ask('GET /a.txt').answerField('etag')!
    await refuses('PUT /a.txt', 412, { content: 'x', fields: { 'If-None-Match': '*' } })
    await refuses('PUT /new', 412, { content: 'x', fields: { 'If-Match': '*' } })
    await refuses('PUT /a.txt', 412, { content: 'x', fields: { 'If-Match': '"other"' } })
    assert.equal(textOf('a.txt'), 'aaa')
    assert.equal((await ask('PUT /a.txt', { content: 'x', fields: { 'If-Match': etag } })).status, 204)
    assert.equal((await ask('PUT /new', { content: 'x', fields: { 'If-None-Match': '*' } })).status, 201)
  })

  it('of two who make a file tells one that there is one now', async () => {
    using _ = scripted({
      linkat: [
        () => {
          writeFileSync(pathOf('new'), 'first')
          return -EEXIST
        },
      ],
    })
    const x = await ask('PUT /new', { content: 'second', fields: { 'If-None-Match': '*' } })
    assert.equal(x.status, 412)
    assert.equal(textOf('new'), 'first')
  })

  it('tells that the disk is full, and leaves nothing', async () => {
    const site = siteOf(ALL)
    using _ = scripted({ pwrite: [2, -ENOSPC] })
    await refuses('PUT /new', 507, { content: 'abc', site })
    assert.match(site.lines.at(-1)!, /^crit: pwrite\(\) "\S+\/new" failed \(28: No space left on device\)$/)
  })

  it('tells that it has no right', async () => {
    using _ = scripted({ openat: [-EACCES] })
    await refuses('PUT /new', 403, { content: 'abc' })
  })
})

describe('DELETE', () => {
  it('removes a file, once', async () => {
    assert.equal((await ask('DELETE /a.txt')).status, 204)
    assert.equal(existsSync(pathOf('a.txt')), false)
    await refuses('DELETE /a.txt', 404)
  })

  it('removes a collection with all that is in it', async () => {
    symlinkSync('../a.txt', pathOf('dir/link'))
    symlinkSync('..', pathOf('dir/up'))
    assert.equal((await ask('DELETE /dir/')).status, 204)
    assert.deepEqual(readdirSync(root), ['a.txt'])
  })

  it('removes a link, not what it leads to', async () => {
    symlinkSync('dir', pathOf('link'))
    await refuses('DELETE /link/', 409)
    assert.equal((await ask('DELETE /link')).status, 204)
    assert.ok(existsSync(pathOf('dir/deep/b.txt')))
  })

  it('puts a collection back that it may not remove', async () => {
    using _ = scripted({ renameat: [-EACCES] })
    await refuses('DELETE /dir/', 403)
  })

  it('respects min_delete_depth', async () => {
    const site = siteOf(`${ALL} min_delete_depth 3;`)
    await refuses('DELETE /dir/deep/', 409, { site })
    assert.equal((await ask('DELETE /dir/deep/b.txt', { site })).status, 204)
  })

  it('honours preconditions', async () => {
    await refuses('DELETE /a.txt', 412, { fields: { 'If-Match': '"other"' } })
    assert.equal((await ask('DELETE /a.txt', { fields: { 'If-Match': '*' } })).status, 204)
  })

  for (const [line, status, fields] of [
    ['DELETE /', 403, {}],
    ['DELETE /none', 404, {}],
    ['DELETE /none/none', 404, {}],
    ['DELETE /dir', 409, {}],
    ['DELETE /a.txt/', 409, {}],
    ['DELETE /a.txt/x', 409, {}],
    ['DELETE /a.txt', 400, { Depth: '1' }],
    ['DELETE /dir/', 400, { Depth: '0' }],
  ] as const) {
    const more = JSON.stringify(fields)
    it(`${line} ${more} is ${status}`, async () => void (await refuses(line, status, { fields })))
  }

  it('takes no content', async () => {
    await refuses('DELETE /a.txt', 415, { content: 'x' })
  })
})

describe('MKCOL', () => {
  it('makes a collection', async () => {
    const x = await ask('MKCOL /new/')
    assert.equal(x.status, 201)
    assert.equal(x.answerField('location'), 'http://localhost/new/')
    assert.equal(statSync(pathOf('new')).mode & 0o777, 0o700)
  })

  it('names what else may be done where something is already', async () => {
    const x = await refuses('MKCOL /dir/', 405)
    assert.equal(x.answerField('allow'), 'GET, HEAD, DELETE, COPY, MOVE')
  })

  for (const [line, status] of [
    ['MKCOL /new', 409],
    ['MKCOL /none/new/', 409],
    ['MKCOL /a.txt/new/', 409],
  ] as const) {
    it(`${line} is ${status}`, async () => void (await refuses(line, status)))
  }

  it('takes no content', async () => void (await refuses('MKCOL /new/', 415, { content: '<x/>' })))
})

for (const method of ['COPY', 'MOVE'] as const) {
  const isMove = method === 'MOVE'
  const to = (Destination: string, more: Record<string, string> = {}): Ask => ({
    fields: { Destination, ...more },
  })

  describe(method, () => {
    it('of a file makes another one', async () => {
      const x = await ask(`${method} /a.txt`, to('/dir/new%20name'))
      assert.equal(x.status, 201)
      assert.equal(x.answerField('location'), 'http://localhost/dir/new%20name')
      assert.equal(textOf('dir/new name'), 'aaa')
      assert.equal(existsSync(pathOf('a.txt')), !isMove)
    })

    it('replaces a file unless it is told not to', async () => {
      await refuses(`${method} /a.txt`, 412, to('/dir/deep/b.txt', { Overwrite: 'F' }))
      assert.equal((await ask(`${method} /a.txt`, to('/dir/deep/b.txt', { Overwrite: 'T' }))).status, 204)
      assert.equal(textOf('dir/deep/b.txt'), 'aaa')
    })

    it('of a collection takes all that is in it', async () => {
      symlinkSync('deep/b.txt', pathOf('dir/link'))
      assert.equal((await ask(`${method} /dir/`, to('/other/'))).status, 201)
      assert.equal(textOf('other/deep/b.txt'), 'bbb')
      assert.ok(lstatSync(pathOf('other/link')).isSymbolicLink())
      assert.equal(existsSync(pathOf('dir')), !isMove)
    })

    it('replaces a collection with all that was in it', async () => {
      mkdirSync(pathOf('other/old'), { recursive: true })
      assert.equal((await ask(`${method} /dir/`, to('/other/'))).status, 204)
      assert.deepEqual(readdirSync(pathOf('other')), ['deep'])
    })

    it('takes an absolute URI of this host, and no other', async () => {
      await refuses(`${method} /a.txt`, 400, to('http://other/new'))
      assert.equal((await ask(`${method} /a.txt`, to('https://LOCALHOST:8443/new'))).status, 201)
    })

    it('does not leave its location', async () => {
      const site = siteOf(`${ALL} location /private/ { deny all; } location ~ \\.php$ { return 403; }`)
      for (const path of ['/private/x', '/x.php', '/dir/%2e%2e/x.php']) {
        await refuses(`${method} /a.txt`, 403, { ...to(path), site })
      }
    })

    it('is refused by what does not fit', async () => {
      await refuses(`${method} /a.txt`, 400)
      for (const [path, destination, status] of [
        ['/a.txt', 'new', 400],
        ['/a.txt', '/../new', 400],
        ['/a.txt', '/new/', 409],
        ['/a.txt', '/dir', 409],
        ['/a.txt', '/none/new', 409],
        ['/none', '/new', 404],
        ['/none/none', '/new', 404],
        ['/dir', '/new', 400],
        ['/a.txt/', '/new/', 404],
        ['/dir/', '/a.txt/', 409],
        ['/a.txt', '/a.txt', 403],
        ['/dir/', '/dir/', 403],
        ['/dir/', '/dir/deep/new/', 403],
        ['/dir/deep/', '/dir/', 403],
        ['/dir/', '/', 403],
      ] as const) {
        await refuses(`${method} ${path}`, status, to(destination))
      }
      await refuses(`${method} /a.txt`, 400, to('/new', { Overwrite: 'yes' }))
      await refuses(`${method} /dir/`, 400, to('/new/', { Depth: '1' }))
      await refuses(`${method} /a.txt`, 412, to('/new', { 'If-Match': '"other"' }))
      await refuses(`${method} /a.txt`, 415, { ...to('/new'), content: 'x' })
    })
  })
}

describe('COPY', () => {
  it('of a link copies what is served there', async () => {
    symlinkSync('a.txt', pathOf('link'))
    assert.equal((await ask('COPY /link', { fields: { Destination: '/new' } })).status, 201)
    assert.ok(lstatSync(pathOf('new')).isFile())
    assert.equal(textOf('new'), 'aaa')
  })

  it('with depth 0 makes an empty collection', async () => {
    assert.equal((await ask('COPY /dir/', { fields: { Destination: '/new/', Depth: '0' } })).status, 201)
    assert.deepEqual(readdirSync(pathOf('new')), [])
  })
})

describe('MOVE', () => {
  it('to another file system copies, and then removes', async () => {
    {
      using _ = scripted({ renameat: [-EXDEV] })
      assert.equal((await ask('MOVE /dir/', { fields: { Destination: '/new/' } })).status, 201)
    }
    assert.equal(textOf('new/deep/b.txt'), 'bbb')
    assert.equal(existsSync(pathOf('dir')), false)
    using _ = scripted({ renameat: [-EXDEV] })
    assert.equal((await ask('MOVE /a.txt', { fields: { Destination: '/new.txt' } })).status, 201)
    assert.equal(textOf('new.txt'), 'aaa')
    assert.equal(existsSync(pathOf('a.txt')), false)
  })
})
