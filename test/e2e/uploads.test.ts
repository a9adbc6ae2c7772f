/**
 * Uploads in each of three ways, PUT, POST of the content as it is, and a form, with curl where curl can, by each way of waiting: what comes back
 * is what was sent, and whatever goes wrong leaves neither a file nor a descriptor.
 *
 * The server is in this process: its descriptors can be counted, and calls into the kernel be made to fail.
 */

import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, it, test } from 'node:test'
import { promisify } from 'node:util'
import { ENOSPC } from '../../src/errno.ts'
import { scripted } from '../../src/sys/scripted.ts'
import { type Here, serveHere } from '../configuration-here.ts'
import { openDescriptors } from '../descriptors.ts'
import { freePort } from '../free-ports.ts'
import { forEachWay } from '../pollers.ts'
import { connect, eventually, type RawClient } from '../raw-client.ts'
import { fieldValue, readResponse } from '../responses.ts'
import { makeSite, removeSite } from '../sites.ts'
import { oneServer } from '../two-servers.ts'
import { missing } from './programs.ts'

const run = promisify(execFile)

const SIZES = [0, 1, 65_535, 65_536, 65_537, 10_000_000]
const WRITERS = 20

/** /sys takes no new files, not even from root. */
const CONFIGURATION = `
  events { use POLLER; strict_readiness STRICT; }
  http {
    access_log off; error_log logs/error.log warn;
    client_max_body_size 200m; lingering_timeout 100ms;
    server {
      listen 127.0.0.1:PORT;
      location /put/ { alias files/; dav_methods PUT DELETE; create_full_put_path on; }
      location /flat/ { alias files/; dav_methods PUT; }
      location /post/ { alias files/; upload_store files; upload_delete on; }
      location /small/ { alias files/; client_max_body_size 1m; dav_methods PUT; upload_store files; }
      location /none/ { alias nowhere/; dav_methods PUT; upload_store nowhere; }
      location /sys/ { alias /sys/kernel/; dav_methods PUT; upload_store /sys/kernel; }
      location /read/ { alias files/; }
    }
  }`

const HEAD = 'Host: a\r\n'

forEachWay(
  ({ poller, strictReadiness }) => {
    let folder: string
    let port: number
    let here: Here
    let atStart: number

    before(async () => {
      folder = makeSite({ 'logs/': '', 'files/': '' })
      port = await freePort()
      const text = CONFIGURATION.replace('POLLER', poller)
        .replace('STRICT', strictReadiness ? 'on' : 'off')
        .replace('PORT', String(port))
      writeFileSync(join(folder, 'nginx.conf'), text)
      here = await serveHere(folder, join(folder, 'nginx.conf'))
      // What is opened once, for good, is open from here on.
      await ask('GET /put/none HTTP/1.1\r\nConnection: close\r\n')
    })
    after(async () => {
      await here.close()
      removeSite(folder)
    })

    beforeEach(async () => {
      for (const name of readdirSync(filesFolder())) removeSite(join(filesFolder(), name))
      await settled()
      atStart = openDescriptors()
    })
    afterEach(async () => {
      for (const client of clients.splice(0)) client.destroy()
      await eventually(
        () => openDescriptors() <= atStart,
        () => `${openDescriptors()} descriptors, ${atStart} at first`,
      )
    })

    const clients: RawClient[] = []

    function filesFolder(): string {
      return join(folder, 'files')
    }

    /** Hidden ones too. */
    function files(): string[] {
      return readdirSync(filesFolder(), { recursive: true }).map(String).sort()
    }

    async function settled(): Promise<void> {
      let last = -1
      const isSame = (): boolean => {
        const before = last
        last = openDescriptors()
        return last === before
      }
      await eventually(isSame, () => 'descriptors come and go')
    }

    async function open(): Promise<RawClient> {
      const client = await connect({ port })
      clients.push(client)
      return client
    }

    /** @param head without its `Host` and its empty line */
    async function ask(head: string, content: string | Buffer = '') {
      const client = await open()
      client.send(`${head}${HEAD}\r\n`)
      client.send(content)
      await client.until(bytes => readResponse(bytes, 0) !== null)
      return readResponse(client.bytes, 0)!
    }

    async function curl(...args: string[]): Promise<string> {
      const { stdout } = await run('curl', ['-sS', '--max-time', '60', '-H', 'Expect:', ...args])
      return stdout
    }

    const url = (path: string): string => `http://127.0.0.1:${port}${path}`

    const WAYS: readonly (readonly [name: string, send: (file: string) => string[], path: string])[] = [
      ['PUT', file => ['-T', file, url('/put/x')], '/put/x'],
      ['POST', file => ['--data-binary', `@${file}`, url('/post/x')], '/post/x'],
      [
        'a form',
        file => ['-F', 'comment=a text', '-F', `file=@${file};filename=x`, url('/post/')],
        '/post/x',
      ],
    ]

    for (const [name, send, path] of WAYS) {
      it(`what ${name} has sent comes back the same, whatever its size`, {
        skip: missing('curl'),
      }, async () => {
        for (const size of SIZES) {
          const bytes = randomBytes(size)
          const sent = join(folder, 'sent')
          writeFileSync(sent, bytes)
          assert.equal(await curl('-o', '/dev/null', '-w', '%{http_code}', ...send(sent)), '201', `${size}`)
          await curl('-o', join(folder, 'back'), url(path))
          assert.equal(sha256(readFileSync(join(folder, 'back'))), sha256(bytes), `${size}`)
          assert.equal(await curl('-X', 'DELETE', '-w', '%{http_code}', url(path)), '204')
        }
      })

      it(`the same in chunks`, { skip: missing('curl') }, async () => {
        const bytes = randomBytes(200_000)
        writeFileSync(join(folder, 'sent'), bytes)
        await curl('-H', 'Transfer-Encoding: chunked', '-o', '/dev/null', ...send(join(folder, 'sent')))
        assert.equal(sha256(readFileSync(join(filesFolder(), 'x'))), sha256(bytes))
      })
    }

    it('bytes that look like boundaries, line ends and nothing at all come back', {
      skip: missing('curl'),
    }, async () => {
      const bytes = Buffer.concat(
        ['\0\r\n', '\r\n--', '--------------------------', '\r\n\r\n', '\x1a'].flatMap(text =>
          new Array<Buffer>(5000).fill(Buffer.from(text)),
        ),
      )
      writeFileSync(join(folder, 'sent'), bytes)
      for (const [, send] of WAYS) {
        await curl('-o', '/dev/null', ...send(join(folder, 'sent')))
        assert.ok(readFileSync(join(filesFolder(), 'x')).equals(bytes))
        removeSite(join(filesFolder(), 'x'))
      }
    })

    it('twenty who put one name leave one whole file', async () => {
      const contents = Array.from({ length: WRITERS }, (_, i) => Buffer.alloc(100_000 + 1000 * i, 65 + i))
      const statuses = await Promise.all(
        contents.map(
          async bytes =>
            (await ask(`PUT /put/x HTTP/1.1\r\nContent-Length: ${bytes.length}\r\n`, bytes)).status,
        ),
      )
      assert.equal(statuses.filter(status => status === 201).length, 1)
      assert.equal(statuses.filter(status => status === 204).length, WRITERS - 1)
      assert.deepEqual(files(), ['x'])
      const left = readFileSync(join(filesFolder(), 'x'))
      assert.ok(contents.some(bytes => bytes.equals(left)))
    })

    it('twenty who post one name leave twenty files, all of them whole', async () => {
      const contents = Array.from({ length: WRITERS }, (_, i) => Buffer.alloc(10_000 + 1000 * i, 65 + i))
      await Promise.all(
        contents.map(bytes => ask(`POST /post/x.txt HTTP/1.1\r\nContent-Length: ${bytes.length}\r\n`, bytes)),
      )
      const left = files().map(name => sha256(readFileSync(join(filesFolder(), name))))
      assert.deepEqual(left.sort(), contents.map(sha256).sort())
      assert.deepEqual(files().slice(-2), ['x-9.txt', 'x.txt'])
    })

    const FORM_HEAD = 'Content-Type: multipart/form-data; boundary=b\r\n'
    const PART = '--b\r\nContent-Disposition: form-data; name=f; filename=y\r\n\r\n'
    const STARTS: readonly (readonly [name: string, head: string, start: string])[] = [
      ['PUT', 'PUT /put/deep/x HTTP/1.1\r\n', ''],
      ['POST', 'POST /post/x HTTP/1.1\r\n', ''],
      ['a form', `POST /post/ HTTP/1.1\r\n${FORM_HEAD}`, `${PART}one\r\n${PART}`],
    ]
    const FRAMINGS = [
      ['by length', 'Content-Length: 100000000\r\n'],
      ['in chunks', 'Transfer-Encoding: chunked\r\n'],
    ] as const

    for (const [name, head, start] of STARTS) {
      for (const [how, framing] of FRAMINGS) {
        it(`a client that leaves ${name} half-way leaves nothing, ${how}`, async () => {
          for (const leave of ['destroy', 'reset', 'end'] as const) {
            const client = await open()
            client.send(`${head}${HEAD}${framing}\r\n`)
            const bytes = Buffer.alloc(1_000_000, 'x')
            bytes.write(start)
            const piece = how === 'in chunks' ? [`${bytes.length.toString(16)}\r\n`, bytes, '\r\n'] : [bytes]
            for (let i = 0; i < 5; i++) for (const one of piece) client.send(one)
            // The file is there, without a name, while it is written.
            await eventually(
              () => openDescriptors() > atStart + 2,
              () => 'nothing is written',
            )
            client[leave]()
            await client.gone()
            client.destroy()
            await eventually(
              () => openDescriptors() <= atStart,
              () => `${openDescriptors()} descriptors, ${atStart} at first`,
            )
            assert.deepEqual(files(), [])
          }
        })
      }

      it(`a full disk is 507 for ${name}, which the client can read, and leaves nothing`, async () => {
        const content = Buffer.alloc(1_000_000, 'x')
        content.write(start)
        using _ = scripted({ pwrite: [10, 10, -ENOSPC] })
        const answer = await ask(`${head}Content-Length: ${content.length}\r\n`, content)
        assert.equal(answer.status, 507)
        assert.deepEqual(files(), [])
      })
    }

    it('a disk that is really full is 507 too', { skip: smallDisk(null) }, async () => {
      const disk = filesFolder()
      smallDisk(disk)
      try {
        for (const [, head, start] of STARTS) {
          const content = Buffer.alloc(1_000_000, 'x')
          content.write(start)
          const answer = await ask(`${head}Content-Length: ${content.length}\r\n`, content)
          assert.equal(answer.status, 507)
          assert.deepEqual(files(), [])
          assert.equal((await ask('PUT /put/ok HTTP/1.1\r\nContent-Length: 3\r\n', 'abc')).status, 201)
          assert.equal((await ask('DELETE /put/ok HTTP/1.1\r\n')).status, 204)
        }
      } finally {
        await settled()
        execFileSync('umount', ['-l', disk])
      }
    })

    it('what is missing, forbidden or in the way is told, and the server lives', async () => {
      mkdirSync(join(filesFolder(), 'directory'))
      for (const [line, status] of [
        ['PUT /flat/none/x', 409],
        ['PUT /none/x', 409],
        ['POST /none/x', 404],
        ['PUT /sys/x', 403],
        ['POST /sys/x', 403],
        ['PUT /flat/directory', 409],
        ['PUT /flat/directory/', 409],
        ['POST /read/x', 404],
        ['PUT /read/x', 405],
      ] as const) {
        const answer = await ask(`${line} HTTP/1.1\r\nContent-Length: 3\r\n`, 'abc')
        assert.equal(answer.status, status, line)
      }
      assert.deepEqual(files(), ['directory'])
      assert.equal((await ask('PUT /flat/x HTTP/1.1\r\nContent-Length: 3\r\n', 'abc')).status, 201)
    })

    it('100 is sent only where the content will be read', async () => {
      const expecting = 'Expect: 100-continue\r\n'
      writeFileSync(join(filesFolder(), 'there'), '')
      const client = await open()
      client.send(`PUT /put/x HTTP/1.1\r\n${HEAD}${expecting}Content-Length: 3\r\n\r\n`)
      await client.untilText('HTTP/1.1 100 Continue\r\n\r\n')
      client.send('abc')
      await client.untilText('HTTP/1.1 201 Created')
      for (const [line, more, status] of [
        ['PUT /flat/none/x', '', 409],
        ['PUT /flat/', '', 409],
        ['PUT /flat/there', 'If-None-Match: *\r\n', 412],
        ['PUT /small/x', `Content-Length: 2000000\r\n`, 413],
        ['POST /none/x', '', 404],
        ['POST /post/', 'Content-Type: multipart/form-data\r\n', 400],
        ['PUT /read/x', '', 405],
      ] as const) {
        const length = more.startsWith('Content-Length') ? '' : 'Content-Length: 3\r\n'
        const answer = await ask(`${line} HTTP/1.1\r\n${expecting}${length}${more}`)
        assert.equal(answer.status, status, line)
      }
      assert.deepEqual(files(), ['there', 'x'])
    })

    for (const [how, framing] of FRAMINGS) {
      it(`413 can be read by a client that goes on sending, ${how}`, async () => {
        for (const line of ['PUT /small/x', 'POST /small/x']) {
          const client = await open()
          client.send(`${line} HTTP/1.1\r\n${HEAD}${framing}\r\n`)
          const piece = Buffer.alloc(1_000_000, 'x')
          // As much as the server lets through: it reads on for a while, so that its answer is not lost.
          for (let i = 0; i < 100 && !client.hasEnded; i++) {
            if (how === 'in chunks') client.send(`${piece.length.toString(16)}\r\n`)
            client.send(piece)
            if (how === 'in chunks') client.send('\r\n')
            await new Promise(resolve => setImmediate(resolve))
          }
          await client.until(bytes => readResponse(bytes, 0) !== null)
          const answer = readResponse(client.bytes, 0)!
          assert.equal(answer.status, 413)
          assert.equal(fieldValue(answer, 'connection'), 'close')
          assert.deepEqual(files(), [])
        }
      })
    }

    it('a limit holds to the byte, by length and in chunks', async () => {
      const MEBIBYTE = 1024 * 1024
      for (const [size, status] of [
        [MEBIBYTE, 201],
        [MEBIBYTE + 1, 413],
      ] as const) {
        const bytes = Buffer.alloc(size, 'x')
        const byLength = await ask(`PUT /small/a${size} HTTP/1.1\r\nContent-Length: ${size}\r\n`, bytes)
        assert.equal(byLength.status, status)
        const chunk = Buffer.concat([
          Buffer.from(`${size.toString(16)}\r\n`),
          bytes,
          Buffer.from('\r\n0\r\n\r\n'),
        ])
        const inChunks = await ask(`PUT /small/b${size} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n`, chunk)
        assert.equal(inChunks.status, status)
      }
      assert.deepEqual(files(), [`a${MEBIBYTE}`, `b${MEBIBYTE}`])
    })
  },
  ['poll'],
)

test('a file beyond the limit of the process is refused, and the server lives', {
  skip: missing('prlimit', 'util-linux'),
}, async () => {
  const folder = makeSite({ 'files/': '' })
  const http = 'http { server { listen 127.0.0.1:PORT; location / { alias files/; dav_methods PUT; } } }'
  const server = await oneServer('veille', folder, http)
  try {
    execFileSync('prlimit', ['--pid', String(server.pid), '--fsize=100000'])
    for (const [size, status] of [
      [200_000, 413],
      [100_000, 201],
    ] as const) {
      const client = await connect({ port: server.port })
      client.send(`PUT /x HTTP/1.1\r\n${HEAD}Content-Length: ${size}\r\n\r\n`)
      client.send(Buffer.alloc(size))
      await client.until(bytes => readResponse(bytes, 0) !== null)
      assert.equal(readResponse(client.bytes, 0)!.status, status)
      client.destroy()
    }
    assert.deepEqual(readdirSync(join(folder, 'files')), ['x'])
  } finally {
    await server.close()
    removeSite(folder)
  }
})

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** @param path null to see whether it can be done @returns why it cannot, or false */
function smallDisk(path: string | null): string | false {
  if (process.getuid?.() !== 0) return 'only root mounts a small disk'
  const target = path ?? makeSite({})
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'veille-test', target], { stdio: 'ignore' })
    if (path === null) execFileSync('umount', [target])
    return false
  } catch {
    return 'this system lets nobody mount a small disk'
  } finally {
    if (path === null) removeSite(target)
  }
}
