/**
 * Single requests on a connection, whole and broken, to veille with a configuration, and to nginx beside it: what comes back, and
 * whether the connection stays. Where the two differ, docs/differences.md says why.
 */

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { connect } from '../raw-client.ts'
import { type OneServer, oneServer } from '../two-servers.ts'
import { PROBE, WIRE_GROUPS, WIRE_HTTP, type WireRow } from '../wire-cases.ts'
import { missing } from './programs.ts'

const DIFFERENCES = fileURLToPath(new URL('../../../docs/differences.md', import.meta.url))

/** @returns the statuses, and `open` when what stands behind the request was answered too */
async function outcomeOf(port: number, bytes: string): Promise<string> {
  const client = await connect({ port })
  client.send(bytes + PROBE)
  await client.gone()
  const { text } = client
  client.destroy()
  if (!text.startsWith('HTTP/')) return text === '' ? 'closed' : '0.9'
  const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status!)
  // The probe is the only request that gets 204, but for OPTIONS *, which comes before it.
  const hasStayed = statuses.at(-1) === '204' && (statuses.length > 1 || bytes === '')
  return (hasStayed ? [...statuses.slice(0, -1), 'open'] : statuses).join(' ')
}

async function outcomesOf(port: number, rows: readonly WireRow[]): Promise<string[]> {
  const found: string[] = []
  for (const [words, bytes] of rows) found.push(`${words}: ${await outcomeOf(port, bytes)}`)
  return found
}

for (const program of ['veille', 'nginx'] as const) {
  describe(`requests as bytes, to ${program}`, { skip: program === 'nginx' && missing('nginx') }, () => {
    const prefix = mkdtempSync(join(tmpdir(), 'veille-wire-'))
    let server: OneServer
    before(async () => {
      mkdirSync(join(prefix, 'html/sub'), { recursive: true })
      for (const name of ['index.html', 'sub/index.html', 'a b.txt'])
        writeFileSync(join(prefix, 'html', name), 'hello\n')
      server = await oneServer(program, prefix, WIRE_HTTP)
    })
    after(async () => {
      await server.close()
      rmSync(prefix, { recursive: true })
    })

    for (const { heading, rows } of WIRE_GROUPS) {
      it(heading, async () => {
        const expected = rows.map(
          ([words, , nginx, veille = nginx]) => `${words}: ${program === 'nginx' ? nginx : veille}`,
        )
        assert.deepEqual(await outcomesOf(server.port, rows), expected)
      })
    }
  })
}

describe('what differs on the wire', () => {
  it('has its reasons in docs/differences.md', () => {
    const text = readFileSync(DIFFERENCES, 'utf8')
    for (const { heading } of WIRE_GROUPS) assert.match(text, new RegExp(`^#+ ${heading}$`, 'm'))
  })
})
