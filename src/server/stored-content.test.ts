import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { openDescriptors } from '../../test/descriptors.ts'
import { exchangeOf, locationWith, type StubExchange } from '../../test/exchange-stub.ts'
import { recordingLog } from '../../test/recording-log.ts'
import { EACCES, EDQUOT, ENOENT, ENOSPC } from '../errno.ts'
import { TemporaryFolder } from '../io/temporary-folder.ts'
import { scripted } from '../sys/scripted.ts'
import type { ContentConsumer } from './responder.ts'
import { type ContentStore, type StoredContent, storeContent, storedContentOf } from './stored-content.ts'

const directory = mkdtempSync(join(tmpdir(), 'veille-content-'))
after(() => rmSync(directory, { recursive: true }))

const folder = new TemporaryFolder(join(directory, 'body'), [])
folder.make(null)
const STORE: ContentStore = { memoryBytes: 100, folder, inFile: 'off' }

/** An exchange whose content the test gives, in pieces. */
class Upload {
  readonly log = recordingLog('info')
  readonly x: StubExchange
  stored: StoredContent | null = null
  private consumer: ContentConsumer | null = null

  /** @param length of the content, as announced; null: it comes in chunks */
  constructor(length: number | null, store: ContentStore) {
    const framing = length === null ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`
    const location = locationWith([], { log: this.log })
    this.x = exchangeOf(`POST / HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n`, { location })
    this.x.record.readContent = (_x, consumer) => {
      this.consumer = consumer
    }
    storeContent(this.x, store, content => {
      this.stored = content
    })
  }

  give(...pieces: string[]): this {
    for (const piece of pieces) {
      // What is given is valid during the call only.
      const bytes = Buffer.from(piece)
      this.consumer!.onContent(bytes)
      bytes.fill('!')
    }
    return this
  }

  finish(): void {
    this.consumer!.onContentEnd()
  }

  end(): StoredContent {
    this.finish()
    assert.ok(this.stored !== null)
    return this.stored
  }
}

function textOf(content: StoredContent): string {
  if (content.bytes !== null) return String(content.bytes)
  const bytes = content.file!.read(content.sizeBytes + 1)
  assert.ok(typeof bytes !== 'number')
  return String(bytes)
}

describe('a stored content', () => {
  for (const isChunked of [false, true]) {
    for (const size of [0, 1, 99, 100]) {
      it(`of ${size} bytes is in memory${isChunked ? ', in chunks' : ''}`, () => {
        const text = 'x'.repeat(size)
        const upload = new Upload(isChunked ? null : size, STORE)
        const content = (size === 0 ? upload : upload.give(...text)).end()
        assert.equal(content.sizeBytes, size)
        assert.equal(content.file, null)
        assert.equal(textOf(content), text)
      })
    }

    it(`of 101 bytes is in a file without a name${isChunked ? ', in chunks' : ''}`, () => {
      const text = '0123456789'.repeat(10)
      const upload = new Upload(isChunked ? null : 101, STORE)
      const before = openDescriptors()
      const content = upload.give(...text, '!').end()
      assert.equal(content.bytes, null)
      assert.equal(content.path, null)
      assert.equal(textOf(content), `${text}!`)
      assert.deepEqual(readdirSync(folder.path), [])
      assert.deepEqual(upload.log.lines, [
        `warn: a client request body is buffered to a temporary file ${folder.path}`,
      ])
      upload.x.answer(200, 'ok')
      assert.equal(content.file, null)
      assert.equal(openDescriptors(), before)
    })
  }

  it('goes to the file from its first byte when its length says so', () => {
    const upload = new Upload(1000, STORE).give('a')
    using system = scripted()
    upload.give('b')
    assert.equal(system.calls.pwrite, 1)
    upload.x.drop()
  })

  it('has a file with a name for as long as the exchange lasts', () => {
    const upload = new Upload(3, { ...STORE, inFile: 'clean' })
    const { path } = upload.give('abc').end()
    assert.equal(readFileSync(path!, 'utf8'), 'abc')
    upload.x.answer(204, null)
    assert.equal(existsSync(path!), false)
  })

  it('leaves its file to others', () => {
    const upload = new Upload(3, { ...STORE, inFile: 'on' })
    const { path } = upload.give('abc').end()
    upload.x.answer(204, null)
    assert.equal(readFileSync(path!, 'utf8'), 'abc')
    rmSync(path!)
  })

  it('leaves nothing of what did not come to its end', () => {
    for (const inFile of ['off', 'clean', 'on'] as const) {
      const upload = new Upload(1000, { ...STORE, inFile })
      const before = openDescriptors()
      upload.give('abc').x.drop()
      assert.equal(openDescriptors(), before)
    }
    assert.deepEqual(readdirSync(folder.path), [])
  })

  it('is the same for whoever asks for it again', () => {
    const upload = new Upload(3, STORE)
    assert.equal(storedContentOf(upload.x), null)
    const content = upload.give('abc').end()
    let again: StoredContent | null = null
    storeContent(upload.x, STORE, other => {
      again = other
    })
    assert.equal(again, content)
    assert.equal(storedContentOf(upload.x), content)
  })

  it('is released before the end, once', () => {
    const content = new Upload(1000, STORE).give('a'.repeat(1000)).end()
    const before = openDescriptors()
    content.release()
    content.release()
    assert.equal(openDescriptors(), before - 1)
  })

  for (const [errno, status] of [
    [ENOSPC, 507],
    [EDQUOT, 507],
    [EACCES, 500],
  ] as const) {
    it(`that cannot be written is answered with ${status}, and what follows is ignored`, () => {
      const upload = new Upload(300, STORE)
      const before = openDescriptors()
      upload.give('a'.repeat(100))
      {
        using _ = scripted({ pwrite: [-errno] })
        upload.give('b')
      }
      assert.equal(upload.x.status, status)
      assert.equal(openDescriptors(), before)
      upload.give('c').finish()
      assert.equal(upload.stored, null)
      assert.match(upload.log.lines.at(-1)!, /^crit: pwrite\(\) "\S+" failed \(\d+: /)
    })
  }

  it('that was in memory and cannot be moved to a file is answered too', () => {
    const upload = new Upload(null, STORE).give('a'.repeat(100))
    using _ = scripted({ pwrite: [-ENOSPC] })
    upload.give('b')
    assert.equal(upload.x.status, 507)
  })

  it('without a folder is answered with 500, and nginx’s line', () => {
    const gone = new TemporaryFolder(join(directory, 'gone'), [])
    const upload = new Upload(300, { ...STORE, folder: gone }).give('a')
    assert.equal(upload.x.status, 500)
    assert.deepEqual(upload.log.lines, [
      `crit: open() "${gone.path}" failed (${ENOENT}: No such file or directory)`,
    ])
  })

  it('written in several turns is whole', () => {
    const upload = new Upload(300, STORE).give('a'.repeat(100))
    {
      using _ = scripted({
        pwrite: [(real, args) => (real as (...all: unknown[]) => number)(args[0], args[1], 1, args[3])],
      })
      upload.give('bcd')
    }
    assert.equal(textOf(upload.end()), `${'a'.repeat(100)}bcd`)
  })
})
