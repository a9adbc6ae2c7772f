/**
 * Every point can be passed, and every point can be failed: a little server that does all right, and one for each mistake.
 */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { littleServer } from '../../../test/little-server.ts'
import { littleConfiguration } from '../../../test/little-site.ts'
import { didYouMean } from '../../config/nearest.ts'
import { readSubject } from '../configuration.ts'
import { Examination, type Row } from '../examination.ts'
import type { Patience } from '../examiner.ts'
import type { Section } from '../point.ts'
import { SECTIONS } from './index.ts'

/** What should come comes at once here; what should not is waited for in vain. */
const HURRY: Patience = { answerMs: 3000, quietMs: 30, aliveMs: 1000, byteMs: 0, graceMs: 1500 }
/** A machine with much to do must not make right answers wrong. */
const LEISURE: Patience = { ...HURRY, answerMs: 20_000, aliveMs: 20_000, graceMs: 20_000 }

/** @param ids null: all of them */
function onlyPoints(section: Section, ids: readonly string[] | null): Section {
  return {
    ...section,
    points: subject => section.points(subject).filter(({ id }) => ids === null || ids.includes(id)),
  }
}

async function rowsOf(
  ports: { port: number; otherPort: number },
  sections: readonly string[],
  ids: readonly string[] | null,
  patience: Patience,
  pid: number | null = null,
): Promise<Row[]> {
  const { subject, mistakes } = readSubject(littleConfiguration(ports.otherPort), 'little', didYouMean)
  assert.deepEqual(mistakes, [])
  const place = { host: '127.0.0.1', port: ports.port, authority: `127.0.0.1:${ports.port}` }
  const chosen = SECTIONS.filter(({ name }) => sections.includes(name)).map(section =>
    onlyPoints(section, ids),
  )
  const examination = new Examination({ place, subject, patience, hasSiege: false, pid }, chosen, 600_000)
  await examination.begin()
  const rows: Row[] = []
  for await (const row of examination.rows()) rows.push(row)
  return rows
}

function told(rows: readonly Row[]): string {
  return rows
    .map(
      ({ point, asked, expected, came, why }) =>
        `${point.id}: ${JSON.stringify({ asked: asked.at(-1)?.en.slice(0, 300), expected: expected.at(-1)?.en, came: came.at(-1)?.en, why: why.en })}`,
    )
    .join('\n')
}

/** Mistakes, in which sections they show, and which points must fail. */
const MISTAKES: readonly (readonly [mistake: string, sections: string, ids: string])[] = [
  ['page-text', 'methods', 'get'],
  ['no-type', 'methods', 'content-type'],
  ['no-date', 'methods', 'date'],
  ['old-date', 'methods', 'date'],
  ['head-with-content', 'methods', 'head'],
  [
    'takes-any-method',
    'methods',
    'unknown-method lower-case-method trace method-not-allowed-1 method-not-allowed-2',
  ],
  ['method-500', 'methods', 'unknown-method lower-case-method trace connect options options-asterisk'],
  ['no-allow', 'methods', 'method-not-allowed-1 method-not-allowed-2'],
  ['waits-for-length', 'methods', 'post-without-length'],
  ['post-404', 'methods', 'post'],
  ['soft-404', 'errors', 'missing missing-head'],
  ['mute-errors', 'errors', 'missing bad-request-page'],
  ['no-page-text', 'errors', 'error-page'],
  ['secret-200', 'errors', 'status'],
  ['needs-host', 'hosts', 'http-1.0-without-host'],
  ['one-host', 'hosts', 'host host-spelling'],
  ['exact-host', 'hosts', 'host-spelling'],
  ['unknown-host-500', 'hosts', 'unknown-host'],
  ['same-port', 'hosts', 'port'],
  ['redirect-elsewhere', 'redirects', 'redirect redirect-head'],
  ['redirect-without-location', 'redirects', 'redirect redirect-head'],
  ['directory-200', 'redirects', 'directory directory-query'],
  ['query-lost', 'redirects', 'directory-query'],
  ['wrong-type', 'redirects', 'type'],
  ['listing-without-links', 'listing', 'listing listing-links listing-names'],
  ['dead-links', 'listing', 'listing listing-links listing-names'],
  ['unescaped-names', 'listing', 'listing-names'],
  ['limit-off-by-one', 'limits', 'limit-within limit-within-chunked'],
  ['no-limit', 'limits', 'limit-beyond limit-beyond-chunked limit-at-once limit-without-end limit-readable'],
  ['reads-before-413', 'limits', 'limit-at-once'],
  ['resets-after-413', 'limits', 'limit-readable'],
  ['no-chunks', 'limits', 'limit-within-chunked limit-beyond-chunked'],
  ['uploads-refused', 'uploads', 'upload-at-once-1 upload-again-2 upload-1-3'],
  ['empty-refused', 'uploads', 'upload-0-1 upload-0-2'],
  [
    'last-byte-lost',
    'uploads',
    'upload-1-1 upload-65535-2 upload-65536-3 upload-65537-1 upload-4000000-2 upload-chunked-3 upload-again-1 upload-at-once-1 upload-two-3',
  ],
  ['appends', 'uploads', 'upload-again-1 upload-again-2 upload-at-once-1 upload-at-once-2'],
  ['keeps-half', 'uploads', 'upload-cut-1 upload-cut-2'],
  ['first-file-only', 'uploads', 'upload-two-3'],
  ['takes-unended-form', 'uploads', 'upload-unended-3'],
  ['name-500', 'uploads', 'upload-names-3'],
  ['delete-lies', 'uploads', 'delete'],
  ['decoded-query', 'cgi', 'cgi-get'],
  ['no-content-length', 'cgi', 'cgi-post'],
  ['no-gateway', 'cgi', 'cgi-server'],
  ['no-fields', 'cgi', 'cgi-fields'],
  ['httpoxy', 'cgi', 'cgi-proxy'],
  ['no-path-info', 'cgi', 'cgi-path-info'],
  [
    'echo-adds-newline',
    'cgi',
    'cgi-echo-0 cgi-echo-0-chunked cgi-echo-1 cgi-echo-1-chunked cgi-echo-65537 cgi-echo-65537-chunked cgi-echo-1000000 cgi-echo-1000000-chunked',
  ],
  ['broken-200', 'cgi', 'cgi-broken'],
  ['endless', 'cgi', 'cgi-endless'],
  ['blocked', 'cgi', 'cgi-endless cgi-left'],
  ['no-httponly', 'sessions', 'session-first'],
  ['new-session-each-time', 'sessions', 'session-second'],
  ['one-session-for-all', 'sessions', 'session-others'],
  ['cookie-500', 'sessions', 'session-strange'],
  ['no-leading-crlf', 'malformed', 'leading-crlf'],
  ['no-absolute', 'malformed', 'absolute-target'],
  [
    'says-200',
    'malformed methods',
    'long-method no-target relative-target space-in-target nul-in-target raw-utf-8 escaped-nul bad-escape http-2.0 http-lower http-x h2-preface tls-hello long-target no-host two-hosts bad-host no-colon space-before-colon no-name long-field length-word length-negative length-plus length-empty length-huge two-lengths coding-unknown coding-not-last coding-twice chunk-word chunk-negative chunk-huge chunk-without-end',
  ],
  [
    'says-500',
    'malformed',
    'bare-lf bare-cr nul-in-value two-spaces http-0.9 folded-line many-fields random mutated endless-head chunk-long-line',
  ],
  ['smuggles', 'malformed', 'length-and-coding'],
  ['stays-open', 'malformed', 'length-and-coding length-word chunk-word'],
  ['no-chunks', 'malformed', 'chunk-extension chunk-zeros chunk-empty chunk-tiny'],
  ['endless-head', 'malformed', 'endless-head'],
  ['one-packet', 'pieces', 'byte-by-byte two-packets byte-by-byte-post byte-by-byte-chunked'],
  ['forgets-pipelined', 'pieces', 'pipelined pipelined-100 content-of-get behind-content'],
  ['ignores-content-of-get', 'pieces', 'content-of-get'],
  ['closes-always', 'connections', 'keep-alive keep-alive-100 stays-after-error'],
  ['never-closes', 'connections', 'close close-http-1.0'],
  ['promises-keep-alive', 'connections', 'keep-alive-http-1.0'],
  ['drops-half-closed', 'connections', 'half-close'],
  ['no-continue', 'connections', 'expect'],
  ['continues-anyway', 'connections', 'expect-too-large'],
  ['expect-500', 'connections', 'expect-other'],
  [
    'traversal',
    'traversal',
    'climbs-dots climbs-dots-below climbs-escaped-dots climbs-escaped-slash climbs-backslash climbs-double-escape climbs-without-slash climbs-overlong climbs-absolute climbs-zero',
  ],
  ['one-at-a-time', 'slow', 'half-requests hanging'],
  ['no-timeouts', 'slow', 'head-timeout silent content-timeout idle-timeout'],
  ['cuts-slow-readers', 'slow', 'slow-reader'],
  ...['silent', 'line', 'head', 'request', 'content', 'chunk', 'pipelined', 'answer'].map(
    stage => [`dies-of-${stage}`, 'disconnects', `vanishes-${stage}`] as const,
  ),
  ['dies-of-many', 'disconnects', 'many-connections'],
  ['one-in-ten', 'siege', 'siege siege-kept'],
]

/** Those of which the process knows. */
const LEAKS: readonly (readonly [mistake: string, ids: string])[] = [
  ['leaks-memory', 'memory'],
  ['leaks-descriptors', 'descriptors'],
  ['leaves-children', 'children'],
  ['busy', 'idle'],
]

const ALL = SECTIONS.map(({ name }) => name)

it('a server that does everything right passes every point', async () => {
  const server = await littleServer([])
  try {
    const rows = await rowsOf(server, ALL, null, LEISURE)
    assert.equal(told(rows.filter(({ verdict }) => verdict === 'failed')), '')
    const left = rows.filter(({ verdict }) => verdict === 'unexamined').map(({ point }) => point.id)
    assert.deepEqual(left, ['memory', 'descriptors', 'children', 'idle'])
  } finally {
    await server.close()
  }
})

it('a server that gives a number to the second file of a name has none left', async () => {
  const server = await littleServer(['numbers-files'])
  const names = async (): Promise<string> => (await fetch(`http://127.0.0.1:${server.port}/files/`)).text()
  try {
    const before = await names()
    const rows = await rowsOf(server, ['uploads'], null, LEISURE)
    assert.equal(told(rows.filter(({ verdict }) => verdict !== 'passed')), '')
    assert.equal(await names(), before)
  } finally {
    await server.close()
  }
})

describe('a server that makes a mistake fails the point', { concurrency: 16 }, () => {
  for (const [mistake, sections, ids] of MISTAKES) {
    it(`${mistake}: ${ids.slice(0, 60)}`, async () => {
      const server = await littleServer([mistake])
      try {
        const rows = await rowsOf(server, sections.split(' '), ids.split(' '), HURRY)
        const passed = rows.filter(
          ({ point, verdict }) => ids.split(' ').includes(point.id) && verdict !== 'failed',
        )
        assert.equal(told(passed), '')
      } finally {
        await server.close()
      }
    })
  }
})

describe('a server that keeps too much fails the point', { concurrency: 3 }, () => {
  async function rowsOfProcess(mistake: string | null, ids: readonly string[]): Promise<Row[]> {
    const program = fileURLToPath(new URL('../../../test/little-server.js', import.meta.url))
    const args = mistake === null ? [program] : [program, mistake]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      const [line] = await once(child.stdout, 'data')
      const [port, otherPort] = String(line).trim().split(' ').map(Number)
      return await rowsOf({ port: port!, otherPort: otherPort! }, ['siege'], ids, LEISURE, child.pid!)
    } finally {
      child.kill('SIGKILL')
    }
  }

  for (const [mistake, id] of LEAKS) {
    // Children are left by a siege before it is asked how many there are.
    it(`${mistake}: ${id}`, async () => {
      const rows = await rowsOfProcess(mistake, id === 'children' ? ['siege', id] : [id])
      assert.equal(rows.find(({ point }) => point.id === id)!.verdict, 'failed')
    })
  }

  it('and one that does not passes', async () => {
    const rows = await rowsOfProcess(
      null,
      LEAKS.map(([, id]) => id),
    )
    assert.equal(told(rows.filter(({ verdict }) => verdict !== 'passed')), '')
  })
})

it('there is a mistake for every point', () => {
  const { subject } = readSubject(littleConfiguration(1), 'little', didYouMean)
  const bare = (id: string): string => id.replace(/-[1-3]$/, '')
  const failed = new Set(
    [...MISTAKES.flatMap(([, , ids]) => ids.split(' ')), ...LEAKS.map(([, id]) => id)].map(bare),
  )
  const ids = SECTIONS.flatMap(section => section.points(subject).map(({ id }) => bare(id)))
  assert.deepEqual(
    [...new Set(ids)].filter(id => !failed.has(id)),
    [],
  )
})
