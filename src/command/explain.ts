/**
 * `veille explain`: what a configuration does with a request, step by step, without a server.
 *
 *   await explain(['-c', 'site.conf', 'http://example.org/a?b=c', '-H', 'Accept-Language: fr'], write)
 *
 * The request goes through the very code that would answer it: an exchange whose answer is told instead of sent. Files are
 * looked for, so the answer is the one that would come now; nothing listens, and no log is written.
 */

import { resolve } from 'node:path'
import { renderDiagnostic, visible } from '../config/diagnostic.ts'
import { isRefusal, OK, refusalOf } from '../http/refusals.ts'
import type { RequestHead } from '../http/request-head.ts'
import { checkRequest, RequestFacts } from '../http/request-rules.ts'
import { ASTERISK_FORM, type Target } from '../http/target.ts'
import { type Address, formatAddress, inetAddress, isAddress } from '../io/address.ts'
import type { Endpoint } from '../server/endpoint.ts'
import { Exchange } from '../server/exchange.ts'
import { Phases } from '../server/phases.ts'
import type { SiteSocket } from '../site/endpoints.ts'
import { DiskFiles } from '../site/files.ts'
import { INSTALLED, layoutBelow } from '../site/layout.ts'
import { readConfiguration } from '../site/reading.ts'
import { ToldAnswer } from './explain-answer.ts'
import { Mistake, USAGE } from './mistake.ts'

interface Question {
  configuration: string | null
  prefix: string | null
  globals: string | null
  method: string
  fields: string[]
  from: string
  url: string | null
}

const USAGE_TEXT =
  'usage: veille explain [-c file] [-p prefix] [-g directives] [-X method] [-H "Name: value"]... [--from address] URL'

/** @returns the exit code */
export async function explain(args: readonly string[], write: (text: string) => void): Promise<number> {
  const question = readQuestion(args)
  const { scheme, authority, target } = readUrl(question.url)
  if (scheme === 'https') throw new Mistake('veille has no TLS yet, so nothing answers for https')
  const invocation = invocationOf(question)
  const reading = readConfiguration(invocation, new DiskFiles())
  for (const problem of reading.problems.list) process.stderr.write(renderDiagnostic(problem))
  if (reading.problems.hasErrors) return 1
  const { host, port } = splitAuthority(authority)
  const { socket, endpoint, local } = socketFor(reading.site.sockets, host, port)
  const { configurationPath } = invocation
  write(`${question.method} http://${authority}${target}\n`)
  write(`as ${configurationPath} has it\n\n`)
  const told = ask(question, endpoint, authority, target, local)
  await told.ended
  const folder = configurationPath.slice(0, configurationPath.lastIndexOf('/') + 1)
  const as = endpoint === socket.endpoint ? '' : `, as ${formatAddress(local)}`
  for (const words of [`comes in at ${formatAddress(socket.address)}${as}`, ...told.steps])
    write(`  ${lineOf(words, folder)}\n`)
  write(`\n${told.summary()}`)
  return 0
}

/** Lines of the configuration are named from its folder on. */
function lineOf(words: string, folder: string): string {
  return visible(words.replaceAll(`(${folder}`, '('))
}

/** @throws {Mistake} */
function readQuestion(args: readonly string[]): Question {
  const question: Question = {
    configuration: null,
    prefix: null,
    globals: null,
    method: 'GET',
    fields: [],
    from: '127.0.0.1',
    url: null,
  }
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!
    if (!arg.startsWith('-')) {
      if (question.url !== null) throw new Mistake(`explain takes one URL; ${USAGE_TEXT}`, USAGE)
      question.url = arg
      continue
    }
    const value = args[++i]
    if (value === undefined) throw new Mistake(`${arg} takes a value; ${USAGE_TEXT}`, USAGE)
    if (arg === '-c') question.configuration = value
    else if (arg === '-p') question.prefix = value
    else if (arg === '-g') question.globals = value
    else if (arg === '-X') question.method = value
    else if (arg === '-H') question.fields.push(value)
    else if (arg === '--from') question.from = value
    else throw new Mistake(`explain has no option ${arg}; ${USAGE_TEXT}`, USAGE)
  }
  if (!isAddress(question.from)) throw new Mistake(`--from takes an address, found "${question.from}"`, USAGE)
  return question
}

/** The target stays as it was written: a parser of URLs would tidy it up. */
function readUrl(url: string | null): { scheme: string; authority: string; target: string } {
  if (url === null) throw new Mistake(USAGE_TEXT, USAGE)
  const match = /^(https?):\/\/([^/?#]+)(.*)$/i.exec(url)
  if (match === null) throw new Mistake(`"${url}" is no URL: expected http://host/path`, USAGE)
  const [, scheme, authority, rest] = match
  const target = rest!.replace(/#.*$/s, '')
  return {
    scheme: scheme!.toLowerCase(),
    authority: authority!,
    target: target.startsWith('/') ? target : `/${target}`,
  }
}

function invocationOf({ configuration, prefix, globals }: Question) {
  const path = configuration === null ? null : resolve(configuration)
  const below = prefix === null ? INSTALLED : layoutBelow(resolve(prefix))
  const layout =
    prefix === null && path !== null ? { ...below, prefix: path.slice(0, path.lastIndexOf('/') + 1) } : below
  return { layout, configurationPath: path ?? below.configurationPath, globals, isForeground: false }
}

function splitAuthority(authority: string): { host: string; port: number } {
  const match = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(authority)
  if (match === null) throw new Mistake(`"${authority}" is no host and port`, USAGE)
  return { host: match[1]!.replace(/^\[|\]$/g, ''), port: match[2] === undefined ? 80 : Number(match[2]) }
}

interface Chosen {
  readonly socket: SiteSocket
  readonly endpoint: Endpoint
  readonly local: Address
}

/** A name could lead to any of our addresses: then the first one with this port is meant. */
function socketFor(sockets: readonly SiteSocket[], host: string, port: number): Chosen {
  const withPort = sockets.filter(({ address }) => 'port' in address && address.port === port)
  const isIp = isAddress(host)
  const own = withPort.find(({ address }) => isIp && 'host' in address && address.host === host)
  const socket = own ?? withPort.find(({ address }) => !isIp || isWildcard(address))
  if (socket === undefined) {
    throw new Mistake(
      `nobody listens on port ${port}${isIp ? ` of ${host}` : ''}; ${whatThereIs(sockets, host, isIp)}`,
    )
  }
  const local = isIp ? inetAddress(host, port) : socket.address
  return { socket, local, endpoint: socket.others?.get(formatAddress(local)) ?? socket.endpoint }
}

function whatThereIs(sockets: readonly SiteSocket[], host: string, isIp: boolean): string {
  const there = sockets.map(({ address }) => formatAddress(address))
  if (there.length === 0) return 'the configuration has no server'
  const first = sockets.find(({ address }) => 'port' in address)?.address
  const hint = first !== undefined && 'port' in first && !isIp ? `: try http://${host}:${first.port}/` : ''
  return `there is ${there.join(', ')}${hint}`
}

function isWildcard(address: Address): boolean {
  return 'host' in address && (address.host === '0.0.0.0' || address.host === '::')
}

function ask(
  question: Question,
  endpoint: Endpoint,
  authority: string,
  target: string,
  local: Address,
): ToldAnswer {
  const lines = [`${question.method} ${target} HTTP/1.1`, `Host: ${authority}`, ...question.fields]
  const bytes = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
  const told = new ToldAnswer(inetAddress(question.from, 50_000), local)
  const head = endpoint.heads.take()
  const end = head.parse(bytes, 0, bytes.length)
  const facts = new RequestFacts()
  const code = isRefusal(end) ? end : end < 0 ? OK : checkRequest(head, false, facts)
  if (code !== OK) {
    const { status, words } = refusalOf(code)
    told.refuse(status, words)
    return told
  }
  const phases = new Phases((module, error) => told.steps.push(`module ${module} fails: ${String(error)}`))
  const x = exchangeOf(head, facts.target, facts.framing, told, phases, endpoint)
  x.tracer = words => told.steps.push(words)
  x.isTraced = true
  endpoint.hosts.assign(x)
  phases.run(x)
  return told
}

function exchangeOf(
  head: RequestHead,
  target: Target,
  length: number,
  told: ToldAnswer,
  phases: Phases,
  endpoint: Endpoint,
): Exchange {
  const isAboutServer = target.form === ASTERISK_FORM
  return new Exchange(
    head,
    target,
    length,
    performance.now(),
    told,
    phases,
    endpoint.hosts.fallback,
    isAboutServer,
  )
}
