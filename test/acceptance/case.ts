/**
 * The published acceptance case: what is asked, in which order, and what must come.
 *
 *   for await (const row of playCase(target, sizeAt(1))) …
 *
 * It is the case that students of a well-known school hand their web server to: methods by location, uploads, a CGI program that answers in
 * upper case, a limit of a hundred bytes, then crowds. Each row is one check; a check that fails stops none of the others.
 */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client, type Expected, type Request } from './client.ts'
import { contentOf } from './content.ts'
import { type CrowdReport, crowdBeside, crowdHere } from './crowd.ts'
import { descriptorsOf, peakBytes, programsOf } from './server-memory.ts'
import { FRONT_PAGE, INDEX, NOP_INDEX, NOT_HAPPY, OTHER } from './site.ts'

export interface Target {
  readonly port: number
  /** Where PUT saves. */
  readonly uploads: string
  /** Of the server; null for one that shares the process with the client. */
  readonly pid: number | null
}

/** How often, and how much. */
export interface Size {
  /** Content through the CGI program, and the one with the extra field. */
  readonly largeBytes: number
  readonly secretBytes: number
  readonly putBytes: number
  readonly samePutBytes: number
  /** Requests of each visitor, walker, and carrier. */
  readonly visits: number
  readonly walks: number
  readonly carries: number
  readonly carryBytes: number
  /** Processes for clients; 0: this one. */
  readonly processes: number
}

export interface Row {
  readonly title: string
  /** null: as expected */
  readonly fault: string | null
  readonly ms: number
  /** What else is worth knowing. */
  readonly note: string
}

interface Outcome {
  readonly fault: string | null
  readonly note?: string
}

interface Check {
  readonly title: string
  run(target: Target): Promise<Outcome>
}

export const MEMORY_LIMIT_BYTES = 200_000_000

const VISITORS = 20
const WALKERS = 128
const WRITERS = 20
const CARRIERS = 20

const SECRET = 'as-long-as-nobody-tells'

/** @param scale 1 for the case as it was published */
export function sizeAt(scale: number, processes: number): Size {
  const scaled = (whole: number, least: number): number => Math.max(least, Math.round(whole * scale))
  return {
    largeBytes: scaled(100_000_000, 1_000_000),
    secretBytes: 100_000,
    putBytes: scaled(10_000_000, 300_000),
    samePutBytes: scaled(1_000_000, 100_000),
    visits: scaled(5000, 20),
    walks: scaled(50, 3),
    carries: scaled(5, 2),
    carryBytes: scaled(100_000_000, 300_000),
    processes,
  }
}

export async function* playCase(target: Target, size: Size): AsyncGenerator<Row> {
  const descriptors = target.pid === null ? 0 : descriptorsOf(target.pid)
  for (const check of [
    ...methods(),
    ...folder(),
    ...uploads(size),
    ...programs(size),
    ...limits(),
    ...crowds(size),
  ])
    yield await rowOf(check, target)
  if (target.pid !== null)
    for (const check of remains(target.pid, descriptors)) yield await rowOf(check, target)
}

async function rowOf({ title, run }: Check, target: Target): Promise<Row> {
  const begin = performance.now()
  const { fault, note = '' } = await run(target)
  return { title, fault, ms: performance.now() - begin, note }
}

function asks(request: Request, expected: Expected, title = titleOf(request)): Check {
  return {
    title: `${title}: ${expected.statuses.join(' or ')}`,
    async run({ port }) {
      const client = new Client(port)
      const fault = await client.fault(request, expected)
      client.close()
      return { fault }
    },
  }
}

function titleOf({ method, path, contentBytes }: Request): string {
  return `${method} ${path}${contentBytes === undefined ? '' : `, ${grouped(contentBytes)} bytes`}`
}

function grouped(count: number): string {
  return count.toLocaleString('en-GB')
}

function methods(): Check[] {
  const refused = { statuses: [405], fields: { allow: 'GET' } }
  return [
    asks({ method: 'GET', path: '/' }, { statuses: [200], text: FRONT_PAGE }),
    asks({ method: 'POST', path: '/', contentBytes: 0 }, refused),
    asks({ method: 'HEAD', path: '/' }, refused),
  ]
}

function folder(): Check[] {
  const rows: [path: string, text: string | null][] = [
    ['', INDEX],
    ['/', INDEX],
    ['/youpi.bad_extension', INDEX],
    ['/oulalala', null],
    ['/nop', NOP_INDEX],
    ['/nop/', NOP_INDEX],
    ['/nop/other.pouic', OTHER],
    ['/nop/other.pouac', null],
    ['/Yeah', null],
    ['/Yeah/', null],
    ['/Yeah/not_happy.bad_extension', NOT_HAPPY],
  ]
  return rows.map(([path, text]) =>
    asks(
      { method: 'GET', path: `/directory${path}` },
      text === null ? { statuses: [404] } : { statuses: [200], text },
    ),
  )
}

function uploads(size: Size): Check[] {
  const path = '/put_test/file_should_exist_after'
  return [
    saves(path, 1000, [201]),
    saves(path, size.putBytes, [200, 204]),
    asks({ method: 'GET', path }, { statuses: [405], fields: { allow: 'PUT' } }),
  ]
}

function saves(path: string, contentBytes: number, statuses: readonly number[]): Check {
  const asked = asks({ method: 'PUT', path, contentBytes }, { statuses })
  return {
    title: `${asked.title}, saved`,
    async run(target) {
      const { fault } = await asked.run(target)
      return { fault: fault ?? faultOfFile(target, path, contentBytes) }
    },
  }
}

function faultOfFile({ uploads }: Target, path: string, sizeBytes: number): string | null {
  const saved = join(uploads, path.slice(path.lastIndexOf('/')))
  if (!existsSync(saved)) return 'there is no such file'
  const found = readFileSync(saved)
  return found.equals(contentOf(sizeBytes)) ? null : `the file of ${found.length} bytes is not what was sent`
}

function programs({ largeBytes, secretBytes }: Size): Check[] {
  return [
    upper('/directory/youpi.bla', 0),
    upper('/directory/youpi.bla', largeBytes),
    upper('/directory/youpla.bla', largeBytes),
    upper('/nowhere/at/all.bla', 1000),
    upper('/directory/youpi.bla', secretBytes, SECRET),
  ]
}

/** Back in upper case. The program tells in fields of its own what it was told: the whole path, and the secret. */
function upper(path: string, contentBytes: number, secret?: string): Check {
  const fields = secret === undefined ? [] : [`X-Secret-Header-For-Test: ${secret}`]
  const told = { 'x-path-info': path, 'x-secret': secret ?? 'none' }
  const request = { method: 'POST', path, fields, contentBytes }
  const title = secret === undefined ? titleOf(request) : `${titleOf(request)}, with a secret`
  return asks(request, { statuses: [200], fields: told, upperBytes: contentBytes }, title)
}

function limits(): Check[] {
  const rows: [contentBytes: number, status: number][] = [
    [0, 200],
    [100, 200],
    [200, 413],
    [101, 413],
  ]
  return rows.map(([contentBytes, status]) =>
    asks({ method: 'POST', path: '/post_body', contentBytes }, { statuses: [status] }),
  )
}

function crowds({ visits, walks, carries, carryBytes, samePutBytes, processes }: Size): Check[] {
  const same = { method: 'PUT', path: '/put_test/multiple_same', contentBytes: samePutBytes }
  const carried = { method: 'POST', path: '/directory/youpi.bla', contentBytes: carryBytes }
  const written = crowd(WRITERS, 5, same, { statuses: [200, 201, 204] }, processes)
  return [
    crowd(5, 15, { method: 'GET', path: '/' }, { statuses: [200], text: FRONT_PAGE }, processes),
    crowd(VISITORS, visits, { method: 'GET', path: '/' }, { statuses: [200], text: FRONT_PAGE }, processes),
    crowd(
      WALKERS,
      walks,
      { method: 'GET', path: '/directory/nop' },
      { statuses: [200], text: NOP_INDEX },
      processes,
    ),
    {
      title: `${written.title}, one of them saved`,
      async run(target) {
        const outcome = await written.run(target)
        return { ...outcome, fault: outcome.fault ?? faultOfFile(target, same.path, samePutBytes) }
      },
    },
    crowd(CARRIERS, carries, carried, { statuses: [200], upperBytes: carryBytes }, processes),
  ]
}

function crowd(
  clients: number,
  times: number,
  request: Request,
  expected: Expected,
  processes: number,
): Check {
  return {
    title: `${clients} clients × ${grouped(times)} ${titleOf(request)}`,
    async run({ port }) {
      const all = { port, clients, times, request, expected }
      const report = await (processes === 0 ? crowdHere(all) : crowdBeside(all, processes))
      return { fault: crowdFault(report, clients * times), note: noteOf(report) }
    },
  }
}

function crowdFault({ answers, faults }: CrowdReport, asked: number): string | null {
  if (faults.length > 0) return `${faults.join('; ')} (after ${grouped(answers)} right answers)`
  return answers === asked ? null : `${answers} answers to ${asked} requests`
}

function noteOf({ connections, longestMs }: CrowdReport): string {
  return `${grouped(connections)} connections, longest answer ${grouped(Math.round(longestMs))} ms`
}

/** What the server has needed, and what is left of it all. */
function remains(pid: number, descriptors: number): Check[] {
  return [
    {
      title: `memory of the server under ${grouped(MEMORY_LIMIT_BYTES)} bytes`,
      async run() {
        const peak = peakBytes(pid)
        const fault = peak < MEMORY_LIMIT_BYTES ? null : `${grouped(peak)} bytes at the most`
        return { fault, note: `${Math.round(peak / 1e6)} MB at the most` }
      },
    },
    {
      title: 'no program and no descriptor is left',
      async run() {
        await until(() => programsOf(pid) === 0 && descriptorsOf(pid) <= descriptors)
        const [left, more] = [programsOf(pid), descriptorsOf(pid) - descriptors]
        return { fault: left === 0 && more <= 0 ? null : `${left} programs, ${more} descriptors` }
      },
    },
  ]
}

/** The last connection may be on its way out. */
async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 100 && !condition(); tries++)
    await new Promise(resolve => setTimeout(resolve, 50))
}
