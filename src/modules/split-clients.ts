/**
 * `split_clients`: a variable that takes each of its values for a share of the clients, always the same one for the same text
 * (`ngx_http_split_clients_module.c`).
 */

import { blockRow, type Call } from '../config/directive.ts'
import type { Directive } from '../config/parser.ts'
import type { Template } from '../config/template.ts'
import { octetsOf } from '../http/octets.ts'
import { defineFeature, type SiteContext } from '../server/feature.ts'
import type { Getter } from '../server/variables.ts'
import { checkRow, type DefinedVariable, defineVariable, readVariableName } from './defined-variable.ts'
import { murmurHash2 } from './murmur-hash.ts'

interface SplitRule extends DefinedVariable {
  readonly source: Template
  readonly shares: readonly Share[]
}

export interface Share {
  /** Hashes below it belong to this share, or to one before. */
  readonly below: number
  readonly value: string
}

const table = {
  split_clients: blockRow<SplitRule>({
    in: ['http'],
    syntax: 'text $variable { share value; ... }',
    takes: [2, 2],
    block: 'rows',
    doc: 'Defines the variable by a hash (MurmurHash2) of the text, which may hold variables: each line gives a share of all hashes, such as 0.5%, the value behind it; * has what is left. Shares have up to two decimals, and come to 100% at most; whoever is in none gets an empty value. Values are texts without variables.',
    read: readSplit,
  }),
}

export const splitClients = defineFeature({
  name: 'split-clients',
  nginxModules: ['ngx_http_split_clients_module'],
  table,
  declare(site) {
    for (const rule of site.http.settings(table).split_clients) {
      defineVariable(site, rule, getterOf(rule, site))
    }
  },
})

// Reading

function readSplit(call: Call): SplitRule | undefined {
  const source = call.template(0)
  const name = readVariableName(call, 1)
  const lines = call.rows.filter(row => checkRow(call, row, 'split_clients'))
  const parts = lines.map(row => ({ hundredths: readPercent(call, row), value: row.args[0]!.text }))
  const known = parts.flatMap(({ hundredths, value }) =>
    hundredths === undefined ? [] : [{ hundredths, value }],
  )
  const shares = sharesOf(known)
  if (shares === null) {
    call.fail(
      null,
      'percent total is greater than 100%',
      `the shares come to more than 100%${starAdvice(lines)}`,
    )
  }
  if (name === undefined || shares === null) return undefined
  const doc = `Defined with split_clients, by ${source.text}.`
  return { name, place: call.args[1]!.place, doc, isVolatile: false, source, shares }
}

function starAdvice(lines: readonly Directive[]): string {
  const star = lines.findIndex(({ name }) => name === '*')
  return star >= 0 && star < lines.length - 1 ? '; * is all that is left, so it stands last' : ''
}

/** @returns hundredths of a percent, null for `*`, undefined for what is wrong */
function readPercent(call: Call, { name, place }: Directive): number | null | undefined {
  if (name === '*') return null
  const found = /^(\d*)(?:\.(\d{0,2}))?%$/.exec(name)
  const [, whole = '', decimals = ''] = found ?? []
  const hundredths = found === null ? 0 : Number(whole) * 100 + Number(decimals.padEnd(2, '0'))
  if (hundredths > 0) return hundredths
  return call.fail(
    place,
    `invalid percent value "${name}"`,
    'expected a share such as 10% or 0.25%, with two decimals at most, or * for what is left',
  )
}

const WHOLE = 10_000
const HASHES = 0xffffffff

/**
 * nginx rounds each share down by itself, so that a whole of several shares may miss some of the last hashes.
 * @param parts in hundredths of a percent, null for all that is left
 * @returns null when they come to more than the whole
 */
export function sharesOf(
  parts: readonly { readonly hundredths: number | null; readonly value: string }[],
): Share[] | null {
  let [sum, below] = [0, 0]
  const shares: Share[] = []
  for (const { hundredths, value } of parts) {
    sum = hundredths === null ? WHOLE : sum + hundredths
    if (sum > WHOLE) return null
    below = hundredths === null ? Number.POSITIVE_INFINITY : below + Math.floor((hundredths * HASHES) / WHOLE)
    shares.push({ below, value })
  }
  return shares
}

// Looking up

function getterOf({ source, shares }: SplitRule, site: SiteContext): Getter {
  const octets = compileOctets(source, site)
  return x => {
    const hash = murmurHash2(octets.map(part => (typeof part === 'string' ? part : part(x))).join(''))
    return shares.find(({ below }) => hash < below)?.value ?? ''
  }
}

/** The hash is one of octets, and those of an address would not survive being made text. */
function compileOctets(
  template: Template,
  site: SiteContext,
): (string | ((x: Parameters<Getter>[0]) => string))[] {
  return template.parts.map(part => {
    if (typeof part === 'string') return octetsOf(part)
    const row = site.variables.find(part.variable)
    if (row?.isOctets === true) return x => row.get(x) ?? ''
    const value = site.compile({ ...template, parts: [part] })
    return x => octetsOf(value.of(x))
  })
}
