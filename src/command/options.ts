/**
 * The options of the command: a table, one row each.
 *
 *   GROUPS                 the rows, in the order of the manual
 *   defaultSettings()      what holds when no option is given
 *   readPort(text)         for `--port` and for `PORT`
 *
 * From the table come the parser (`command-line.ts`), `--help`, "did you mean", and `docs/command.md` (`manual.ts`). A new option
 * is a new row. What an option means is the server's business: rows fill the `ServeOptions` of a program, under the same names.
 */

import { didYouMean, nearest } from '../config/nearest.ts'
import type { ServeOptions } from '../index.ts'
import { formatHost, parseEndpoint } from '../io/address.ts'
import { Mistake, USAGE } from './mistake.ts'

/** What the command line says. */
export interface Settings {
  /** null: the current folder. */
  folder: string | null
  /** Whole addresses, as `--listen` gave them. */
  listen: string[]
  /** As it stands in an address, IPv6 in brackets; null: every address of this machine. */
  host: string | null
  /** null: the default one, or the next that is free. */
  port: number | null
  serve: ServeOptions
  open: boolean
  quiet: boolean
  json: boolean
  graceMs: number
  help: boolean
  version: boolean
}

export function defaultSettings(): Settings {
  return {
    folder: null,
    listen: [],
    host: null,
    port: null,
    serve: {},
    open: false,
    quiet: false,
    json: false,
    graceMs: 10_000,
    help: false,
    version: false,
  }
}

export interface Option {
  readonly long: `--${string}`
  readonly short?: `-${string}`
  /** What follows it, in words of the manual; absent for a flag. */
  readonly argument?: string
  /** It may stand alone; a value follows only after `=`. */
  readonly isOptional?: true
  /** One or two sentences for the manual. */
  readonly words: string
  /** What other tools call it: never understood, but answered with our name. */
  readonly elsewhere?: readonly string[]
  /**
   * @param value null for an option that stands alone
   * @throws {Mistake} what is expected and what was found; the parser puts the option's name before it
   */
  take(settings: Settings, value: string | null): void
}

/** A row whose value is required; `take` gets it as a string. */
function valued(row: Omit<Option, 'take'> & { take(settings: Settings, value: string): void }): Option {
  return { ...row, take: (settings, value) => row.take(settings, value ?? '') }
}

export const GROUPS: readonly { readonly title: string; readonly options: readonly Option[] }[] = [
  {
    title: 'Where it listens',
    options: [
      valued({
        long: '--port',
        short: '-p',
        argument: 'number',
        words:
          'The port; 0 takes a free one. Without it, PORT of the environment, else 8080 or the next one that is free.',
        take: (settings, value) => (settings.port = readPort(value)),
      }),
      valued({
        long: '--host',
        argument: 'address',
        words:
          'The address or name to listen on, such as localhost. Without it, every address of this machine.',
        elsewhere: ['--address', '--bind', '--hostname', '-a', '-H', '-b'],
        take: (settings, value) => (settings.host = readHost(value)),
      }),
      valued({
        long: '--listen',
        short: '-l',
        argument: 'address',
        words:
          'The whole address: a port, host:port, [IPv6]:port or unix:/path. May be repeated; takes the place of --host and --port.',
        take: (settings, value) => settings.listen.push(readEndpoint(value)),
      }),
      {
        long: '--reuse-port',
        words: 'Share the port with other processes that say the same (SO_REUSEPORT); one per core, say.',
        elsewhere: ['--reuseport'],
        take: settings => (settings.serve.reusePort = true),
      },
    ],
  },
  {
    title: 'What it serves',
    options: [
      {
        long: '--spa',
        argument: 'file',
        isOptional: true,
        words:
          'For applications that make their own pages: a navigation to what is not there gets this file, index.html if none is named. A missing asset stays 404.',
        elsewhere: ['--single', '--single-page', '--history', '-s'],
        take: (settings, value) => (settings.serve.spa = readFileName(value ?? 'index.html')),
      },
      valued({
        long: '--base',
        argument: 'path',
        words: 'The prefix under which the folder appears, such as /docs/.',
        elsewhere: ['--base-path', '--prefix', '--base-dir'],
        take: (settings, value) => (settings.serve.base = readBase(value)),
      }),
      valued({
        long: '--index',
        argument: 'name',
        words:
          'The page of a folder, in place of index.html. May be repeated: the first that is there answers.',
        take: (settings, value) => {
          settings.serve.index = [...(settings.serve.index ?? []), readName(value)]
        },
      }),
      {
        long: '--no-listing',
        words: 'A folder without such a page answers 403 instead of a list of its files.',
        elsewhere: ['--no-directory-listing', '--no-autoindex', '-d'],
        take: settings => (settings.serve.listing = false),
      },
      {
        long: '--dotfiles',
        words: 'Serve and list names that begin with a dot. /.well-known/ is always served.',
        elsewhere: ['--hidden', '--dot', '--no-dotfiles'],
        take: settings => (settings.serve.dotfiles = true),
      },
      {
        long: '--follow-links',
        words: 'Let symbolic links lead out of the folder.',
        elsewhere: ['--symlinks', '--follow', '-S'],
        take: settings => (settings.serve.followLinks = true),
      },
      {
        long: '--no-precompressed',
        words: 'Do not send name.br, name.zst or name.gz in place of name to clients that accept them.',
        elsewhere: ['--no-compression', '--no-gzip', '--no-brotli', '-u'],
        take: settings => (settings.serve.precompressed = false),
      },
      {
        long: '--cors',
        words: 'Let pages of every origin read the answers.',
        elsewhere: ['--cross-origin', '-C'],
        take: settings => (settings.serve.cors = true),
      },
      valued({
        long: '--cache',
        argument: 'seconds',
        words:
          'How long browsers keep what they got without asking again: seconds, a whole Cache-Control value such as no-store, or off for none. Without it no-cache: they ask each time, and get 304 while nothing has changed.',
        elsewhere: ['--cache-control', '--max-age', '-c'],
        take: (settings, value) => (settings.serve.cache = readCache(value)),
      }),
    ],
  },
  {
    title: 'What it says',
    options: [
      {
        long: '--open',
        words: 'Show the site in the browser.',
        elsewhere: ['-o', '--browser', '--launch'],
        take: settings => (settings.open = true),
      },
      {
        long: '--quiet',
        words: 'Say nothing but errors.',
        elsewhere: ['--silent', '-q', '--no-request-logging', '-L'],
        take: settings => (settings.quiet = true),
      },
      {
        long: '--json',
        words:
          'Every line is a JSON object: requests, start and stop on stdout, warnings and errors on stderr.',
        take: settings => (settings.json = true),
      },
      {
        long: '--help',
        short: '-h',
        words: 'Show this.',
        elsewhere: ['-?', '--usage'],
        take: settings => (settings.help = true),
      },
      {
        long: '--version',
        short: '-v',
        words: 'Show the version, and what veille found here.',
        elsewhere: ['-V'],
        take: settings => (settings.version = true),
      },
    ],
  },
  {
    title: 'How it works',
    options: [
      valued({
        long: '--poller',
        argument: 'name',
        words: 'Wait for the sockets with select, poll or epoll. Without it epoll.',
        take: (settings, value) => (settings.serve.poller = readPoller(value)),
      }),
      {
        long: '--strict-readiness',
        words:
          'Receive and send only what that wait has announced, one call for each connection in each turn, as examinations of web servers want it. See docs/readiness.md.',
        take: settings => (settings.serve.strictReadiness = true),
      },
      valued({
        long: '--grace',
        argument: 'seconds',
        words: 'When it is stopped, answers that are being sent may take this long. Without it 10.',
        elsewhere: ['--timeout', '--shutdown-timeout'],
        take: (settings, value) => (settings.graceMs = readSeconds(value) * 1000),
      }),
    ],
  },
]

export const OPTIONS: readonly Option[] = GROUPS.flatMap(group => group.options)

function expected(what: string, found: string, suggestion = ''): Mistake {
  return new Mistake(`expected ${what}, found "${found}"${suggestion}`, USAGE)
}

export function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (port <= 65535) return port
  throw expected('a port from 0 to 65535', text)
}

function readEndpoint(text: string): string {
  const endpoint = parseEndpoint(text)
  if (typeof endpoint === 'string') throw new Mistake(endpoint, USAGE)
  return text
}

function readHost(text: string): string {
  const bare = text.replace(/^\[(.*)\]$/, '$1')
  const host = formatHost(bare)
  const problem = bare === '' ? null : parseEndpoint(`${host}:0`)
  if (problem === null || typeof problem === 'string') {
    throw expected('an IPv4 address, an IPv6 address or a name', text)
  }
  return host
}

/** A path of URLs; it ends up from slash to slash. */
function readBase(text: string): string {
  if (/^[^?#%\s:]+$/.test(text)) return `/${text}/`.replace(/\/+/g, '/')
  throw expected('a path such as /docs/', text)
}

/** Relative to the folder, which the server does not leave. */
function readFileName(text: string): string {
  const name = text.replace(/^(\.?\/)+/, '')
  const leavesFolder = name.split('/').includes('..')
  if (name === '' || name.endsWith('/') || leavesFolder)
    throw expected('the name of a file in the folder', text)
  return name
}

function readName(text: string): string {
  if (text !== '' && text !== '.' && text !== '..' && !text.includes('/')) return text
  throw expected('the name of a file, without folders', text)
}

/** RFC 9111 §5.2: directives, each with a value or without, and commas between them. */
const CACHE_CONTROL = /^[a-z-]+(=(\d+|"[^"\\]*"))?(\s*,\s*[a-z-]+(=(\d+|"[^"\\]*"))?)*$/i
/** RFC 9111 §1.2.2: what every cache can count to. */
const MOST_SECONDS = 2 ** 31

function readCache(text: string): number | string | null {
  if (text === 'off') return null
  const what = 'a number of seconds, a value of Cache-Control, or "off"'
  if (/^\d+$/.test(text)) {
    if (Number(text) <= MOST_SECONDS) return Number(text)
    throw expected(`at most ${MOST_SECONDS} seconds`, text)
  }
  const near = nearest(text, ['off', 'no-store', 'no-cache'])
  const isTypo = near !== null && near !== text
  if (isTypo || !CACHE_CONTROL.test(text)) throw expected(what, text, isTypo ? didYouMean(text, [near]) : '')
  return text
}

const POLLERS = ['select', 'poll', 'epoll'] as const

function readPoller(text: string): (typeof POLLERS)[number] {
  const poller = POLLERS.find(name => name === text)
  if (poller !== undefined) return poller
  throw expected('select, poll or epoll', text, didYouMean(text, POLLERS))
}

/** An hour is more than anybody waits; a deadline of days would only be a mistake of units. */
const MOST_GRACE_SECONDS = 3600

function readSeconds(text: string): number {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (seconds <= MOST_GRACE_SECONDS) return seconds
  throw expected(`seconds from 0 to ${MOST_GRACE_SECONDS}`, text)
}
