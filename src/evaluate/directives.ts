/**
 * The words of the configuration file: a table, one row each.
 *
 *   DIRECTIVES      rows: a word, what follows it, what it means, and where it goes
 *   formOf(row)     `limit TARGET BYTES [METHOD]`
 *   wordTable()     the table of docs/evaluate.md
 *
 * A row's arguments are read by kind before `take` sees them, so that what is wrong is told in the same way everywhere. From the table
 * come the reader (`configuration.ts`), "did you mean", and the list in docs/evaluate.md, which a test holds against it.
 */

import type { Subject } from './subject.ts'

/** What an argument must look like, in words and as a pattern. */
export interface Kind {
  /** As it is called in the manual. */
  readonly name: string
  readonly expected: string
  readonly pattern: RegExp
  /** Where only these are right, for "did you mean". */
  readonly words?: readonly string[]
}

const TARGET: Kind = {
  name: 'TARGET',
  expected: 'a target that begins with "/" and has no blank',
  pattern: /^\/[\x21-\x7e]*$/,
}
const METHODS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'PATCH',
  'OPTIONS',
  'TRACE',
  'MKCOL',
  'COPY',
  'MOVE',
  'PROPFIND',
]
const METHOD: Kind = {
  name: 'METHOD',
  expected: 'a method such as POST',
  pattern: new RegExp(`^(${METHODS.join('|')})$`),
  words: METHODS,
}
const STATUS: Kind = { name: 'STATUS', expected: 'a status from 200 to 599', pattern: /^[2-5]\d\d$/ }
const BYTES: Kind = {
  name: 'BYTES',
  expected: 'a number of bytes up to 64m, such as 100 or 8k',
  pattern: /^\d{1,8}[kKmM]?$/,
}
const TEXT: Kind = { name: '"TEXT"', expected: 'a text', pattern: /^/ }
const NAME: Kind = { name: 'NAME', expected: 'the name of a host', pattern: /^[\w.-]+$/ }
const PORT: Kind = { name: 'PORT', expected: 'a port from 1 to 65535', pattern: /^(?!0)\d{1,5}$/ }
const SECONDS: Kind = {
  name: 'SECONDS',
  expected: 'seconds from 1 to 120',
  pattern: /^([1-9]|[1-9]\d|1[01]\d|120)$/,
}
const CLIENTS: Kind = {
  name: 'CLIENTS',
  expected: 'a number of clients from 1 to 1000',
  pattern: /^([1-9]\d{0,2}|1000)$/,
}
const HOW: Kind = {
  name: 'PUT|POST|form',
  expected: 'PUT, POST or form',
  pattern: /^(PUT|POST|form)$/,
  words: ['PUT', 'POST', 'form'],
}
const REQUESTS: Kind = {
  name: 'REQUESTS',
  expected: 'a number of requests from 1 to 99999',
  pattern: /^[1-9]\d{0,4}$/,
}
const WHERE: Kind = {
  name: 'TARGET|nowhere',
  expected: 'a target that begins with "/", or nowhere',
  pattern: /^(\/[\x21-\x7e]*|nowhere)$/,
  words: ['nowhere'],
}
const UPPER: Kind = { name: 'upper', expected: 'upper, or nothing', pattern: /^upper$/, words: ['upper'] }
const LOCATION: Kind = {
  name: 'LOCATION',
  expected: 'a target or a URL',
  pattern: /^(\/|https?:\/\/)[\x21-\x7e]*$/,
}
const TYPE: Kind = {
  name: 'TYPE',
  expected: 'a media type such as text/css',
  pattern: /^[\w.+-]+\/[\w.+-]+$/,
}

export interface Directive {
  readonly word: string
  readonly needed: readonly Kind[]
  readonly optional?: readonly Kind[]
  /** Of the last optional one there may be many. */
  readonly isRepeated?: true
  /** One sentence for the manual. */
  readonly words: string
  /** @param values as they were written, checked; those that may be missing are undefined */
  take(subject: Subject, values: readonly string[]): void
}

const text = (value: string | undefined): string | null => value ?? null

/** k and m count as in nginx. */
function bytes(value: string): number {
  const unit = value.at(-1)!.toLowerCase()
  const scale = unit === 'k' ? 1024 : unit === 'm' ? 1024 ** 2 : 1
  return Number.parseInt(value, 10) * scale
}

/** What comes back comes from the directory of the target; a form's target names no file. */
function comesBackFrom(target: string, at: string | undefined): string | null {
  if (at === undefined) return target.replace(/[^/]*$/, '')
  return at === 'nowhere' ? null : at
}

export const DIRECTIVES: readonly Directive[] = [
  {
    word: 'page',
    needed: [TARGET],
    optional: [TEXT],
    words:
      'GET of it is 200, and the text stands in it. It is asked whenever any answer will do; without this line it is `/`.',
    take: (subject, [target, within]) => (subject.page = { target: target!, text: text(within) }),
  },
  {
    word: 'missing',
    needed: [TARGET],
    optional: [TEXT],
    words: 'Nothing is there: 404, with the text of its own page, if there is one.',
    take: (subject, [target, within]) => subject.missing.push({ target: target!, text: text(within) }),
  },
  {
    word: 'error_page',
    needed: [STATUS, METHOD, TARGET],
    optional: [TEXT],
    words: 'This request is answered by this status, with a page in which the text stands.',
    take: (subject, [status, method, target, within]) =>
      subject.errorPages.push({
        status: Number(status),
        method: method!,
        target: target!,
        text: text(within),
      }),
  },
  {
    word: 'status',
    needed: [TARGET, STATUS],
    words: 'GET of it has this status: a directory without index, a file without permission, …',
    take: (subject, [target, status]) => subject.statuses.push({ target: target!, status: Number(status) }),
  },
  {
    word: 'type',
    needed: [TARGET, TYPE],
    words: 'A file with this media type.',
    take: (subject, [target, type]) => subject.types.push({ target: target!, type: type! }),
  },
  {
    word: 'large',
    needed: [TARGET],
    words: 'A file of some megabytes: for clients that read slowly, or leave.',
    take: (subject, [target]) => subject.large.push(target!),
  },
  {
    word: 'method_not_allowed',
    needed: [METHOD, TARGET],
    words: 'The method is not for this target: 405, with Allow.',
    take: (subject, [method, target]) => subject.notAllowed.push({ method: method!, target: target! }),
  },
  {
    word: 'post',
    needed: [TARGET],
    words: 'POST of any content of up to 64 KiB is answered by 2xx.',
    take: (subject, [target]) => subject.posts.push(target!),
  },
  {
    word: 'host',
    needed: [NAME, TARGET, TEXT],
    words:
      'With this name in Host, GET of the target is 200 and the text stands in it. The text should stand in no other host’s page.',
    take: (subject, [name, target, within]) =>
      subject.hosts.push({ name: name!, target: target!, text: text(within) }),
  },
  {
    word: 'port',
    needed: [PORT, TARGET],
    optional: [TEXT],
    words: 'On this port, too, GET of the target is 200, and the text stands in it.',
    take: (subject, [port, target, within]) =>
      subject.ports.push({ port: Number(port), target: target!, text: text(within) }),
  },
  {
    word: 'limit',
    needed: [TARGET, BYTES],
    optional: [METHOD],
    words:
      'Content of up to so many bytes is taken (2xx), more is 413. The method is POST, unless another is named.',
    take: (subject, [target, size, method]) =>
      subject.limits.push({ target: target!, bytes: bytes(size!), method: method ?? 'POST' }),
  },
  {
    word: 'upload',
    needed: [HOW, TARGET],
    optional: [WHERE],
    words:
      'Files can be uploaded: by PUT, by POST of their bytes, or by a browser’s form. The name of the file goes where NAME stands in the target, for PUT behind it otherwise. They come back from the Location that the server names, else from below the second target; without one from the directory of the first. Several megabytes are sent.',
    take: (subject, [how, target, at]) =>
      subject.uploads.push({
        how: how as 'PUT' | 'POST' | 'form',
        target: target!,
        at: comesBackFrom(target!, at),
      }),
  },
  {
    word: 'delete',
    needed: [TARGET],
    words:
      'What was uploaded and comes back from below it can be removed by DELETE. Only what the examiner itself has uploaded is removed.',
    take: (subject, [target]) => subject.deletes.push(target!),
  },
  {
    word: 'redirect',
    needed: [TARGET, STATUS, LOCATION],
    words: 'The target redirects to this place.',
    take: (subject, [target, status, location]) =>
      subject.redirects.push({ target: target!, status: Number(status), location: location! }),
  },
  {
    word: 'directory',
    needed: [TARGET],
    words: 'A directory: without its last slash it redirects to itself.',
    take: (subject, [target]) => subject.directories.push(target!.replace(/\/?$/, '/')),
  },
  {
    word: 'listing',
    needed: [TARGET],
    optional: [TEXT],
    isRepeated: true,
    words: 'A directory that is listed, and names of files that stand in it.',
    take: (subject, [target, ...names]) => subject.listings.push({ target: target!, names }),
  },
  {
    word: 'cgi',
    needed: [TARGET],
    words: 'A program that prints its environment, a line `NAME=value` per variable.',
    take: (subject, [target]) => subject.cgis.push(target!),
  },
  {
    word: 'cgi_echo',
    needed: [TARGET],
    optional: [UPPER],
    words: 'A program that gives the content of POST back as it is, or in capital letters.',
    take: (subject, [target, upper]) =>
      subject.echoes.push({ target: target!, isUpper: upper !== undefined }),
  },
  {
    word: 'cgi_broken',
    needed: [TARGET],
    words: 'A program that fails: the answer is 500, 502 or 503.',
    take: (subject, [target]) => subject.brokenCgis.push(target!),
  },
  {
    word: 'cgi_endless',
    needed: [TARGET, SECONDS],
    words:
      'A program that never answers: the server gives up after so many seconds, by 504, 502, 500 or 408.',
    take: (subject, [target, seconds]) =>
      subject.endlessCgis.push({ target: target!, seconds: Number(seconds) }),
  },
  {
    word: 'session',
    needed: [TARGET],
    words: 'Gives a visitor without a cookie one of his own, and knows him by it afterwards.',
    take: (subject, [target]) => subject.sessions.push(target!),
  },
  {
    word: 'head_timeout',
    needed: [SECONDS],
    words: 'A client that does not finish its head is let go after so many seconds, and a little.',
    take: (subject, [seconds]) => (subject.headTimeout = Number(seconds)),
  },
  {
    word: 'content_timeout',
    needed: [SECONDS],
    words: 'So is one that does not send the content that it has announced, to the target of a `post` line.',
    take: (subject, [seconds]) => (subject.contentTimeout = Number(seconds)),
  },
  {
    word: 'idle_timeout',
    needed: [SECONDS],
    words: 'So is one that keeps its connection and asks nothing more.',
    take: (subject, [seconds]) => (subject.idleTimeout = Number(seconds)),
  },
  {
    word: 'siege',
    needed: [CLIENTS, REQUESTS],
    words:
      'So many clients with so many requests each, for at most 15 seconds, where the command says `--siege`.',
    take: (subject, [clients, requests]) =>
      (subject.siege = { clients: Number(clients), requests: Number(requests) }),
  },
]

/** `limit TARGET BYTES [METHOD]` */
export function formOf({ word, needed, optional = [], isRepeated }: Directive): string {
  const more = optional.map(({ name }) => `[${name}${isRepeated ? ' …' : ''}]`)
  return [word, ...needed.map(({ name }) => name), ...more].join(' ')
}

/** The table of docs/evaluate.md. */
export function wordTable(): string {
  const rows = DIRECTIVES.map(row => `| \`${formOf(row).replaceAll('|', '\\|')}\` | ${row.words} |\n`)
  return `| line | meaning |\n|---|---|\n${rows.join('')}`
}
