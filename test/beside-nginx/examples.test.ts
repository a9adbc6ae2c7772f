/**
 * Every configuration of `examples/` answers its requests as they say, and, where nginx is installed, as nginx does with the same file:
 * status, fields and content, but for the differences in `intended.ts`.
 */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { killLeftOver } from '../command-process.ts'
import { POLLERS } from '../descriptors.ts'
import { missing } from '../e2e/programs.ts'
import { type Difference, differences, disappointments } from './comparison.ts'
import type { Outcome } from './conversation.ts'
import { Example, exampleFolders, hindrance } from './example.ts'
import { INTENDED, type Intended } from './intended.ts'
import type { Asked } from './requests.ts'

/** Asked by every way of waiting; the others by the best one alone. */
const ON_EVERY_POLLER = 'examples/multi-site'
const FEWEST_REQUESTS = 100
const MOST_LINES = 30

const withoutNginx = missing('nginx')
const found = new Set<Intended>()

interface Held {
  readonly asked: readonly Asked[]
  readonly outcomes: readonly Outcome[]
  readonly failures: readonly string[]
}

const all = new Map<string, Promise<Held>>()

/** Once each. */
function held(name: string, program: 'nginx' | 'veille', poller: string | null): Promise<Held> {
  const key = `${name} ${program} ${poller}`
  const known = all.get(key) ?? hold(name, program, poller)
  all.set(key, known)
  return known
}

async function hold(name: string, program: 'nginx' | 'veille', poller: string | null): Promise<Held> {
  const example = await Example.copy(name)
  const asked = example.requests()
  await example.start(program, poller)
  const outcomes = await example.ask(asked)
  const failures = asked.flatMap((one, i) =>
    disappointments(one, outcomes[i]!, example.folder).map(words => `${said(one)}\n    ${words}`),
  )
  await example.stop()
  return { asked, outcomes, failures }
}

function said({ place, words }: Asked): string {
  return `${place}: ${words}`
}

function isIntended(difference: Difference): boolean {
  const row = INTENDED.find(({ what, covers }) => what === difference.what && covers?.(difference) !== false)
  if (row !== undefined) found.add(row)
  return row !== undefined
}

function differenceLine({ asked, what, nginx, veille }: Difference): string {
  return `${said(asked)}\n    ${what}: nginx ${JSON.stringify(nginx)}, veille ${JSON.stringify(veille)}`
}

function none(lines: readonly string[]): void {
  assert.ok(lines.length === 0, `${lines.length} times:\n${lines.slice(0, MOST_LINES).join('\n')}`)
}

describe('the examples', () => {
  after(killLeftOver)

  for (const name of exampleFolders()) {
    describe(basename(name), { skip: hindrance(name) }, () => {
      for (const poller of name === ON_EVERY_POLLER ? POLLERS : [null]) {
        const words = poller === null ? '' : `, on ${poller}`

        it(`answers as its requests say${words}`, async () => {
          const veille = await held(name, 'veille', poller)
          assert.ok(veille.asked.length >= FEWEST_REQUESTS, `${veille.asked.length} requests are few`)
          none(veille.failures)
        })

        it(`answers as nginx does${words}`, { skip: withoutNginx }, async () => {
          const [nginx, veille] = [await held(name, 'nginx', null), await held(name, 'veille', poller)]
          const unnamed = veille.asked
            .flatMap((one, i) => differences(one, nginx.outcomes[i]!, veille.outcomes[i]!))
            .filter(one => !isIntended(one))
          none(unnamed.map(differenceLine))
        })
      }
    })
  }

  it('show every difference that is intended', { skip: withoutNginx }, () => {
    none(INTENDED.filter(one => !found.has(one)).map(({ heading, what }) => `${heading}: ${what}`))
  })

  it('differ where docs/differences.md says so', () => {
    const text = readFileSync(fileURLToPath(new URL('../../../docs/differences.md', import.meta.url)), 'utf8')
    const headings = new Set(text.match(/^#+ .*$/gm)!.map(line => line.replace(/^#+ /, '')))
    none(INTENDED.map(({ heading }) => heading).filter(heading => !headings.has(heading)))
  })
})
