/**
 * A folder in all the states that a folder can be in: files that change while they are sent, names that are odd, links that lead
 * elsewhere, things that are no files, permissions that are missing.
 */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { forEachWay } from '../pollers.ts'
import { connect } from '../raw-client.ts'
import { fieldValue, readAll, readResponse } from '../responses.ts'
import { inOwnProcess } from '../server-process.ts'
import { type Serving, serving } from '../serving.ts'
import { makeSite, removeSite, sparseFile } from '../sites.ts'
import { stoppedClock } from '../stopped-clock.ts'

const LARGE_BYTES = 32 * 1024 * 1024
/** What an attacker would try, and what people really call their files. */
const NAMES = [
  'a space',
  ' leading',
  'trailing ',
  '#1',
  'why?',
  'a&b',
  '100%',
  '%41',
  'a;b=c',
  'a+b',
  '<b>',
  '"quoted"',
  "it's",
  'a:b',
  '~',
  'été',
  '日本語',
  '😀',
  '..b',
  'b..',
  '...',
  '-rf',
  '*',
  '[x]',
  '{x}',
  '|',
  '^',
  '`',
  '$HOME',
  '@',
  '=',
  ',',
  '!',
  '(1)',
  'x'.repeat(255),
]

async function get(s: Serving, path: string, fields = ''): Promise<ReturnType<typeof readAll>[number]> {
  const text = await s.ask(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${fields}\r\n`)
  const [response] = readAll(Buffer.from(text, 'latin1'))
  assert.ok(response)
  return response
}

forEachWay(way => {
  const options = { ...way }

  test('odd names: each is served, and the listing links them right', () =>
    serving({ ...options, dotfiles: true }, async s => {
      for (const name of NAMES) writeFileSync(join(s.root, name), `content of ${name}`)
      for (const name of NAMES) {
        const { status, content } = await get(s, `/${encodeURIComponent(name)}`)
        assert.equal(`${status} ${content}`, `200 content of ${name}`)
      }
      const html = (await get(s, '/')).content.toString()
      const links = [...html.matchAll(/<a [^>]*href="([^"]*)"/g)].map(([, href]) =>
        href!.replaceAll('&amp;', '&'),
      )
      const reached = new Set<string>()
      for (const link of links) {
        const { pathname, search, hash } = new URL(link, s.url)
        assert.equal(search + hash, '', link)
        reached.add((await get(s, pathname)).content.toString())
      }
      for (const name of NAMES)
        assert.ok(reached.has(`content of ${name}`), `the listing does not lead to ${name}`)
      const json = (await get(s, '/', 'Accept: application/json\r\n')).content.toString()
      for (const name of NAMES)
        assert.ok(json.includes(JSON.stringify(name)), `the JSON does not name ${name}`)
    }))

  test('a file that shrinks while it is sent: the connection is cut, and no length is wrong', () =>
    serving(options, async s => {
      sparseFile(s.root, 'large', LARGE_BYTES)
      const client = await s.connect()
      client.send('GET /large HTTP/1.1\r\nHost: x\r\n\r\n')
      await client.untilText('\r\n\r\n')
      client.socket.pause()
      truncateSync(join(s.root, 'large'), 1000)
      client.socket.resume()
      await client.gone()
      assert.equal(
        readResponse(client.bytes, 0),
        null,
        'less came than was announced, and then the connection ended',
      )
      await s.connectionsAre(0)
    }))

  test('a file that grows while it is sent: as much as was announced', () =>
    serving(options, async s => {
      sparseFile(s.root, 'large', LARGE_BYTES)
      const client = await s.connect()
      client.send('GET /large HTTP/1.1\r\nHost: x\r\n\r\nGET /early HTTP/1.1\r\nHost: x\r\n\r\n')
      await client.untilText('\r\n\r\n')
      truncateSync(join(s.root, 'large'), 2 * LARGE_BYTES)
      await client.untilText('early')
      const [large, early] = readAll(client.bytes)
      assert.equal(large!.content.length, LARGE_BYTES)
      assert.equal(early!.content.toString(), 'early')
    }))

  test('a file that is deleted while it is sent is sent to its end', () =>
    serving(options, async s => {
      sparseFile(s.root, 'large', LARGE_BYTES)
      const client = await s.connect()
      client.send('GET /large HTTP/1.1\r\nHost: x\r\n\r\n')
      await client.untilText('\r\n\r\n')
      rmSync(join(s.root, 'large'))
      await client.until(bytes => readResponse(bytes, 0) !== null)
    }))

  test('what is neither file nor directory is refused at once, and not listed', () =>
    serving(options, async s => {
      execFileSync('mkfifo', [join(s.root, 'pipe')])
      symlinkSync('pipe', join(s.root, 'link-to-pipe'))
      const unix = createServer().listen(join(s.root, 'socket'))
      await new Promise(resolve => unix.once('listening', resolve))
      for (const name of ['pipe', 'link-to-pipe', 'socket'])
        assert.equal((await get(s, `/${name}`)).status, 403, name)
      assert.doesNotMatch((await get(s, '/')).content.toString(), /href="[^"]*(pipe|socket)/)
      await new Promise(resolve => unix.close(resolve))
    }))

  test('links: inside they are followed, outside refused, broken ones are not there', () =>
    serving({ ...options, files: { 'inside.txt': 'inside', 'sub/file.txt': 'file' } }, async s => {
      const links = {
        relative: 'inside.txt',
        absolute: join(s.root, 'inside.txt'),
        directory: 'sub',
        up: 'sub/../inside.txt',
        outside: '/etc/passwd',
        'outside-directory': '/etc',
        'outside-relative': '../../../../../../../etc/passwd',
        parent: '..',
        broken: 'nowhere',
        loop: 'loop',
      }
      for (const [name, target] of Object.entries(links)) symlinkSync(target, join(s.root, name))
      const statuses: Record<string, number> = {}
      for (const name of Object.keys(links)) statuses[name] = (await get(s, `/${name}`)).status
      assert.deepEqual(statuses, {
        relative: 200,
        absolute: 200,
        directory: 301,
        up: 200,
        outside: 403,
        'outside-directory': 403,
        'outside-relative': 403,
        parent: 403,
        broken: 404,
        loop: 404,
      })
      assert.equal((await get(s, '/directory/file.txt')).content.toString(), 'file')
      for (const path of ['/outside-directory/passwd', '/outside-directory/', '/parent/'])
        assert.equal((await get(s, path)).status, 403, path)
      assert.doesNotMatch((await get(s, '/')).content.toString(), /href="[^"]*(outside|parent|broken|loop)/)
    }))

  test('links may lead anywhere when the operator says so', () =>
    serving({ ...options, followLinks: true }, async s => {
      symlinkSync('/etc/passwd', join(s.root, 'outside'))
      assert.match((await get(s, '/outside')).content.toString(), /^root:/m)
    }))

  test('a listing of ten thousand files comes whole, and others are served beside it', () =>
    serving(options, async s => {
      mkdirSync(join(s.root, 'many'))
      for (let i = 0; i < 10_000; i++) writeFileSync(join(s.root, 'many', `file ${i}.txt`), '')
      const client = await s.connect()
      client.send('GET /many/ HTTP/1.1\r\nHost: x\r\n\r\n')
      await s.check()
      await client.until(bytes => bytes.includes('\r\n\r\n') && readResponse(bytes, 0) !== null)
      assert.equal(client.text.split('href="./file%20').length - 1, 10_000)
    }))

  test('a change is seen after a second, and a validator is never that of other bytes', t =>
    serving({ ...options, files: { 'a.txt': 'one' } }, async s => {
      const pass = stoppedClock(t)
      const first = await get(s, '/a.txt')
      writeFileSync(join(s.root, 'a.txt'), 'another')
      await pass(0.9)
      const remembered = await get(s, '/a.txt')
      assert.equal(remembered.content.toString(), 'one')
      assert.equal(fieldValue(remembered, 'etag'), fieldValue(first, 'etag'))
      await pass(0.1)
      const now = await get(s, '/a.txt')
      assert.equal(now.content.toString(), 'another')
      assert.notEqual(fieldValue(now, 'etag'), fieldValue(first, 'etag'))
      rmSync(join(s.root, 'a.txt'))
      await pass(1)
      assert.equal((await get(s, '/a.txt')).status, 404)
    }))

  test('without permission: 403, and the server goes on', { skip: notRoot() }, async () => {
    const root = makeSite({
      'secret.txt': 'secret',
      'open.txt': 'open',
      'locked/file.txt': 'file',
      'unlisted/file.txt': 'file',
      'unreadable-index/index.html': 'index',
    })
    chmodSync(root, 0o755)
    for (const name of ['secret.txt', 'locked', 'unreadable-index/index.html']) chmodSync(join(root, name), 0)
    chmodSync(join(root, 'unlisted'), 0o711)
    const statuses: Record<string, string> = {}
    await inOwnProcess({ root, ...way }, { uid: 65534 }, async child => {
      for (const path of [
        'open.txt',
        'secret.txt',
        'locked/file.txt',
        'locked/',
        'unlisted/',
        'unlisted/file.txt',
        'unreadable-index/',
      ]) {
        const client = await connect({ port: child.port })
        client.send(`GET /${path} HTTP/1.0\r\n\r\n`)
        statuses[path] = (await client.atEnd()).toString('latin1', 9, 12)
        client.end()
      }
    })
    removeSite(root)
    assert.deepEqual(statuses, {
      'open.txt': '200',
      'secret.txt': '403',
      'locked/file.txt': '403',
      'locked/': '403',
      'unlisted/': '403',
      'unlisted/file.txt': '200',
      'unreadable-index/': '403',
    })
  })
})

/** Whoever may read everything can be refused nothing: the child gives its rights away, which only root can. */
function notRoot(): string | false {
  return process.getuid?.() === 0 ? false : 'only root can start a server that gives its rights away'
}
