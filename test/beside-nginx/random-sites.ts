/**
 * Random configurations on both servers, with random requests: what is refused, and what is answered.
 *
 *   await compareRandomSites(seed, { servers: 15, requests: 20 })     lines: what is not the same; [] when all is
 *
 *   node dist/test/beside-nginx/random-sites.js 7 20      twenty seeds from 7 on, one after the other
 */

import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { nginxSentence } from '../nginx-answers.ts'
import { type Random, randomFrom } from '../pieces.ts'
import { problemsIn } from '../site-stub.ts'
import { oneServer } from '../two-servers.ts'
import { type Difference, differences } from './comparison.ts'
import { hold, type Outcome } from './conversation.ts'
import { INTENDED } from './intended.ts'
import { RANDOM_FILES, RANDOM_MAPS, randomRequests, randomServer } from './random-site.ts'
import { readRequests } from './requests.ts'

export interface RandomSize {
  readonly servers: number
  /** To each of them. */
  readonly requests: number
}

const MODIFIED = new Date('2026-01-02T03:04:05Z')
const PROGRAMS = ['nginx', 'veille'] as const

export async function compareRandomSites(seed: number, size: RandomSize): Promise<string[]> {
  const random = randomFrom(Math.imul(seed, 0x9e3779b1))
  for (let i = 0; i < 8; i++) random(2) // the first numbers of neighbouring states are alike
  const prefix = mkdtempSync(join(tmpdir(), 'veille-random-'))
  try {
    for (const [name, content] of Object.entries(RANDOM_FILES)) writeFile(join(prefix, 'html', name), content)
    const lines: string[] = []
    const servers = acceptedServers(random, size.servers, lines)
    lines.push(...(await compare(prefix, servers, random, size.requests)))
    return lines.map(line => `seed ${seed}: ${line}`)
  } finally {
    rmSync(prefix, { recursive: true })
  }
}

function writeFile(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  utimesSync(path, MODIFIED, MODIFIED)
}

/** @param lines is told where only one of the two refuses */
function acceptedServers(random: Random, count: number, lines: string[]): string[] {
  const servers: string[] = []
  while (servers.length < count) {
    const server = `root html;\n${randomServer(random)}`
    const theirs = nginxSentence(server, RANDOM_MAPS)
    // Whether an error follows is not told.
    if (theirs?.startsWith('warn: ') === true) continue
    const isTheirs = theirs === null
    const ours = problemsIn({ server, http: RANDOM_MAPS }).filter(({ severity }) => severity === 'error')
    if (isTheirs && ours.length === 0) servers.push(server)
    else if (isTheirs || ours.length === 0) {
      const words = ours.map(({ summary }) => summary).join('; ')
      lines.push(`nginx says ${theirs ?? 'nothing'}, veille says ${words || 'nothing'}:\n${server}`)
    }
  }
  return servers
}

async function compare(
  prefix: string,
  servers: readonly string[],
  random: Random,
  requests: number,
): Promise<string[]> {
  const blocks = servers.map(
    (text, i) => `server { listen 127.0.0.1:PORT; server_name s${i}.example;\n${text}\n}`,
  )
  const http = `http { types { text/html html; text/plain txt; }\n${RANDOM_MAPS}\n${blocks.join('\n')}\n}`
  const text = servers.map((_, i) => randomRequests(random, `s${i}.example`, requests)).join('\n')
  const asked = readRequests('random', text)
  const found: Outcome[][] = []
  for (const program of PROGRAMS) {
    const server = await oneServer(program, prefix, http)
    const outcomes = await hold(
      asked,
      () => ({ port: server.port }),
      () => {},
    )
    await server.close()
    found.push(outcomes.map(one => withoutPort(one, server.port)))
  }
  return asked.flatMap((one, i) =>
    differences(one, found[0]![i]!, found[1]![i]!)
      .filter(difference => !isIntended(difference))
      .map(({ what, nginx, veille }) => {
        const server = servers[Math.floor(i / requests)]
        return `${one.words.replace(' => 200', '')}\n  ${what}: nginx ${nginx}, veille ${veille}\n${server}`
      }),
  )
}

function withoutPort({ response, hasClosed }: Outcome, port: number): Outcome {
  if (response === null) return { response, hasClosed }
  const replaced = (value: string): string => value.replaceAll(`:${port}`, ':PORT')
  const fields = response.fields.map(([name, value]) => [name, replaced(value)] as const)
  return { response: { ...response, fields }, hasClosed }
}

function isIntended(difference: Difference): boolean {
  return INTENDED.some(({ what, covers }) => what === difference.what && covers?.(difference) !== false)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [first = 1, count = 10] = process.argv.slice(2).map(Number)
  for (let seed = first; seed < first + count; seed++) {
    const lines = await compareRandomSites(seed, { servers: 25, requests: 25 })
    console.log([...lines, `seed ${seed}: ${lines.length} differences`].join('\n'))
  }
}
