/** Each check of the acceptance case passes where the behaviour is right, and fails where it is not. */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { playCase, type Size } from './case.ts'
import { FAULTS, type Fault, referenceServer } from './reference-server.ts'

/** Contents of more than one lap, and crowds that come once. */
const SMALL: Size = {
  ...{ largeBytes: 300_000, secretBytes: 100_000, putBytes: 300_000, samePutBytes: 10_000 },
  ...{ visits: 1, walks: 1, carries: 1, carryBytes: 110_000, processes: 0 },
}

/** By title, the checks that must see it, and no other may. */
const SEEN_BY: Readonly<Record<Fault, RegExp>> = {
  'head is allowed': /^HEAD \//,
  'allow is missing': /^(HEAD|POST) \/[,:]/,
  'another front page': /GET \/:?/,
  'an index everywhere': /^GET \/directory\/(oulalala|nop\/other.pouac|Yeah\/?):/,
  'no redirection': /GET \/directory(\/nop)?(:|$)/,
  'put is not saved': /saved$/,
  'put appends': /saved$/,
  'get is put': /^GET \/put_test/,
  'a byte stays small': /\.bla, [\d,]{6,}/,
  'a byte is lost': /\.bla, [\d,]{6,}/,
  'a byte is doubled': /\.bla, [\d,]{6,}/,
  'the secret is lost': /secret/,
  'only files are programs': /youpla|nowhere/,
  'one byte too many': /post_body, 101/,
  'one byte too few': /post_body, 100/,
  'chunks end early': /\.bla, \d\d\d,\d/,
  'some are refused': /./,
  resets: /\.bla, \d\d\d,\d/,
}

describe('the acceptance case', () => {
  let folder = ''
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'veille-acceptance-'))
  })
  after(() => rmSync(folder, { recursive: true }))

  async function failures(fault: Fault | null): Promise<string[]> {
    const uploads = mkdtempSync(join(folder, 'uploads-'))
    const server = await referenceServer(uploads, fault)
    const failed: string[] = []
    try {
      for await (const row of playCase({ port: server.port, uploads, pid: null }, SMALL))
        if (row.fault !== null) failed.push(row.title)
    } finally {
      server.close()
    }
    return failed
  }

  it('passes where all is right', async () => {
    assert.deepEqual(await failures(null), [])
  })

  for (const fault of FAULTS)
    it(`notices: ${fault}`, async () => {
      const failed = await failures(fault)
      assert.ok(failed.length > 0, 'some check fails')
      for (const title of failed) assert.match(title, SEEN_BY[fault])
    })
})
