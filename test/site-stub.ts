/**
 * A site of a configuration without sockets, for tests of what a configuration does: all features, the real routing, and exchanges
 * as `exchange-stub.ts` makes them.
 *
 *   const site = siteOf('location / { return 200 "hello"; }')     in http { server { … } }
 *   site.ask('GET /')                                             answered
 *   site.problems, site.lines                                     warnings; lines of the error log, `level: words`
 *   problemsIn('return abc;')                                     all that is wrong
 *
 * A mistake in the text fails the test, unless that asks for it.
 */

import assert from 'node:assert/strict'
import { evaluate } from '../src/config/block.ts'
import { type Diagnostic, Problems } from '../src/config/diagnostic.ts'
import { parseConfiguration } from '../src/config/parser.ts'
import { LogFiles } from '../src/io/log-files.ts'
import { createLog, type Level } from '../src/log.ts'
import { FEATURES } from '../src/modules/features.ts'
import { serverLineOf } from '../src/modules/server-tokens.ts'
import { coreVariables } from '../src/server/core-variables.ts'
import type { Hosts } from '../src/server/routing.ts'
import { TABLES } from '../src/site/reading.ts'
import { buildSite } from '../src/site/site.ts'
import { exchangeOf, type StubExchange, type StubOptions } from './exchange-stub.ts'

export interface SiteText {
  readonly server: string
  /** Beside that server, in `http`. */
  readonly http?: string
}

export interface SiteStub {
  readonly hosts: Hosts
  readonly problems: readonly Diagnostic[]
  /** What was logged so far, from `least` on. */
  readonly lines: string[]
  ask(request: string, options?: StubOptions): StubExchange
}

export function siteOf(text: string | SiteText, least: Level = 'notice'): SiteStub {
  const site = build(text, least)
  const errors = site.problems.filter(({ severity }) => severity === 'error')
  assert.deepEqual(
    errors.map(({ summary }) => summary),
    [],
  )
  return site
}

/** Errors and warnings. */
export function problemsIn(text: string | SiteText): readonly Diagnostic[] {
  return build(text, 'emerg').problems
}

function build(given: string | SiteText, least: Level): SiteStub {
  const { server, http = '' } = typeof given === 'string' ? { server: given } : given
  const text = `events {}\nhttp {\n${http}\nserver {\nlisten 80; server_name localhost second.test;\n${server}\n}\n}\n`
  const problems = new Problems()
  const surroundings = { prefix: '/nowhere/', folder: '/nowhere/' }
  const files = { read: () => ({ text }), glob: () => [] }
  const { tree } = parseConfiguration('/nowhere/nginx.conf', files, problems)
  const main = evaluate(tree, { tables: TABLES, elsewhere: new Map() }, surroundings, problems)
  const lines: string[] = []
  const log = createLog(least, (level, words) => lines.push(`${level}: ${words}`))
  const { sockets } = buildSite(main, {
    features: FEATURES,
    variables: coreVariables(),
    problems,
    surroundings,
    log,
    logFiles: new LogFiles(),
    accessLogPath: '/nowhere/access.log',
    resolve: () => [],
    logOf: () => log,
    serverLineOf,
  })
  const hosts = sockets[0]?.endpoint.hosts
  return {
    get hosts() {
      return hosts ?? assert.fail('the site listens nowhere')
    },
    problems: problems.list,
    lines,
    ask(request, options = {}) {
      const x = exchangeOf(request, { hosts: this.hosts, ...options })
      x.run()
      return x
    },
  }
}
