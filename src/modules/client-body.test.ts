import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { answered } from '../../test/exchange-stub.ts'
import { type Pieces, type Placed, placed, problemsOf } from '../../test/feature-stub.ts'
import { HANDLED, type Module } from '../server/module.ts'
import { storeContent } from '../server/stored-content.ts'
import { clientBody, contentStoreAt } from './client-body.ts'
import { temporaryFoldersOf } from './temporary-folders.ts'

const prefix = `${mkdtempSync(join(tmpdir(), 'veille-body-'))}/`
after(() => rmSync(prefix, { recursive: true }))

function place(pieces: Pieces, modules: readonly Module[] = []): Placed {
  return placed([clientBody], pieces, { surroundings: { prefix, folder: prefix }, modules })
}

function storeIn(pieces: Pieces): ReturnType<typeof contentStoreAt> {
  const { block, site } = place(pieces)
  return contentStoreAt({ kind: 'location', block, site, log: site.log, match: null })
}

describe('client_body_…', () => {
  it('are what is said nearest to the request', () => {
    const store = storeIn({
      http: 'client_body_buffer_size 1k; client_body_in_file_only clean;',
      location: 'client_body_buffer_size 2k; client_body_temp_path body/ 1 2;',
    })
    assert.equal(store.memoryBytes, 2048)
    assert.equal(store.inFile, 'clean')
    assert.equal(store.folder.path, `${prefix}body`)
    assert.deepEqual(store.folder.levels, [1, 2])
  })

  it('are nginx’s when nothing is said', () => {
    const store = storeIn({})
    assert.equal(store.memoryBytes, 16384)
    assert.equal(store.inFile, 'off')
    assert.equal(store.folder.path, `${prefix}client_body_temp`)
  })

  it('name folders that are made at the start, the usual one only where somebody may need it', () => {
    const named = place({ location: 'client_body_temp_path named;' })
    assert.equal(temporaryFoldersOf(named.site).make(null), null)
    assert.equal(statSync(`${prefix}named`).mode & 0o777, 0o700)
    const { site } = place({})
    assert.equal(temporaryFoldersOf(site).make(null), null)
    assert.equal(existsSync(`${prefix}client_body_temp`), false)
    temporaryFoldersOf(site).standard(site, 'deep/client_body_temp')
    assert.equal(temporaryFoldersOf(site).make(null), null)
    assert.ok(existsSync(`${prefix}deep/client_body_temp`))
  })

  it('give one folder one way to spread its files', () => {
    const pieces = { server: 'client_body_temp_path a 1;', location: 'client_body_temp_path a 2;' }
    const { site, block } = place(pieces)
    const around = { kind: 'server', block: block.parent!, site, log: site.log, match: null } as const
    clientBody.bind!(block.parent!.settings(clientBody.table), around)
    clientBody.bind!(block.settings(clientBody.table), { ...around, block })
    assert.deepEqual(
      site.problems.list.map(({ summary }) => summary),
      [`the same path name "${prefix}a" has the different levels than elsewhere`],
    )
  })

  it('refuse levels of no digits', () => {
    const sentence = '"client_body_temp_path" directive invalid value'
    assert.deepEqual(problemsOf([clientBody], { http: 'client_body_temp_path a 0;' }), [sentence])
  })
})

describe('$request_body and $request_body_file', () => {
  function seen(settings: string, content: string): (string | null)[] {
    const told: (string | null)[] = []
    const storing: Module = {
      name: 'storing',
      content(x) {
        storeContent(x, contentStoreAt(here), () => {
          const { variables } = here.site
          told.push(...['request_body', 'request_body_file'].map(name => variables.find(name)!.get(x)))
          x.answer(200, 'ok')
        })
        return HANDLED
      },
    }
    const { location, block, site } = place({ location: settings }, [storing])
    const here = { kind: 'location', block, site, log: site.log, match: null } as const
    temporaryFoldersOf(site).make(null)
    temporaryFoldersOf(site).standard(site, 'client_body_temp').make(null)
    const head = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${content.length}\r\n\r\n`
    answered(head + content, { location })
    return told
  }

  it('have no value where there is no content, or it is in the other place', () => {
    assert.deepEqual(seen('', ''), [null, null])
    assert.deepEqual(seen('', 'a=\xe9'), ['a=\xe9', null])
    assert.deepEqual(seen('client_body_buffer_size 1;', 'ab'), [null, null])
    const [body, file] = seen('client_body_in_file_only clean;', 'ab')
    assert.equal(body, null)
    assert.match(file!, new RegExp(`^${prefix}client_body_temp/\\d{10}$`))
    assert.deepEqual(readdirSync(`${prefix}client_body_temp`), [])
  })
})
