/**
 * The requests of an example (`examples/NAME/requests.txt`) and what must come back. This is the grammar of such a file.
 *
 *   readRequests(name, text)      all of them, in order, with alternatives written out; throws, with the line, on what it does not know
 *
 *   # Words                       a comment; begins a new connection, as each of the next four lines does
 *   host www.example.com          the Host of the requests below; `host none`: no such field
 *   port 8081                     where they go: a port of the configuration, perhaps with an address (127.0.0.2:8081), or unix:/a/path
 *   from 127.0.0.9                the client's own address
 *   touch site/closed             before the next request, a file is made in the copy of the example; `remove` takes it away
 *   GET /a | Accept: text/css => 200 | Content-Type: text/css | file site/a.css
 *   + HEAD /a => 200              sent in one piece with the one before, without waiting for an answer
 *   {GET,HEAD} /{a,b}.html => 301 | Location: /new/{2}       four requests; {2} is the alternative taken in the second braces
 *   POST /form | content "a=b" => 405
 *   GET / HTTP/1.0 => closed      the connection ends without an answer
 *
 * Requests stand on one connection, each waits for the answer before, and a new connection is made when the server has closed the old
 * one. In a request `<300 times a>` stands for that text, `<tag>` for the ETag that the same server has given this target of this host last.
 * Facts: a status; a field with its value, where `…` is any text and `(none)` says that the field is not there; a text in quotes
 * that the content holds; `file PATH`, whose bytes it is, from the folder of the example.
 */

export interface Asked {
  /** `requests.txt:12`. */
  readonly place: string
  /** As written, with its alternatives chosen. */
  readonly words: string
  readonly method: string
  readonly target: string
  readonly version: string
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly content: string
  /** null: of no matter. */
  readonly client: string | null
  /** A port, or an address and a port, of the configuration; null: the first one. */
  readonly port: string | null
  /** Goes out together with the one before. */
  readonly isPipelined: boolean
  /** Stands at the beginning of a connection. */
  readonly isFirst: boolean
  /** What happens before. */
  readonly changes: readonly Change[]
  readonly expected: Facts
}

export interface Change {
  readonly kind: 'touch' | 'remove'
  /** From the folder of the example. */
  readonly path: string
}

export interface Facts {
  /** null: the connection ends without an answer. */
  readonly status: number | null
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly texts: readonly string[]
  readonly file: string | null
}

const SETTING = /^(host|port|from) (\S+)$/
const CHANGE = /^(touch|remove) (\S+)$/
const REQUEST_LINE = /^(\S+) (\S+)(?: (HTTP\/1\.[01]))?$/
const FIELD = /^([^\s:"]+):(?: (.*))?$/

export function readRequests(name: string, text: string): Asked[] {
  const asked: Asked[] = []
  const settings: Record<string, string | null> = { host: 'localhost', port: null, from: null }
  let isFirst = true
  let changes: Change[] = []
  for (const [index, line] of text.split('\n').entries()) {
    const place = `${name}:${index + 1}`
    if (line.trim() === '') continue
    const [, setting, value] = SETTING.exec(line) ?? []
    const [, kind, path] = CHANGE.exec(line) ?? []
    if (setting !== undefined) settings[setting] = value === 'none' ? null : value!
    if (kind !== undefined) changes.push({ kind: kind as Change['kind'], path: path! })
    if (setting !== undefined || kind !== undefined || line.startsWith('#')) {
      isFirst = true
      continue
    }
    for (const words of alternatives(line)) {
      asked.push({ ...readRequest(place, words, settings), isFirst, changes })
      isFirst = false
      changes = []
    }
  }
  return asked
}

/** @returns the line with each choice of what stands in its braces: the first varies slowest */
function alternatives(line: string): string[] {
  const [request = '', ...facts] = line.split(' => ')
  const parts = request.split(/\{([^{}]*,[^{}]*)\}/)
  let chosen: { text: string; values: string[] }[] = [{ text: '', values: [] }]
  for (const [i, part] of parts.entries()) {
    const choices = i % 2 === 0 ? [part] : part.split(',')
    chosen = chosen.flatMap(({ text, values }) =>
      choices.map(one => ({ text: text + one, values: i % 2 === 0 ? values : [...values, one] })),
    )
  }
  return chosen.map(({ text, values }) =>
    [text, ...facts.map(one => one.replace(/\{(\d)\}/g, (_, n) => values[Number(n) - 1] ?? ''))].join(' => '),
  )
}

function readRequest(
  place: string,
  words: string,
  { host, port, from }: Record<string, string | null>,
): Omit<Asked, 'isFirst' | 'changes'> {
  const [request = '', facts, ...more] = words.split(' => ')
  if (facts === undefined || more.length > 0) throw new Error(`${place}: one "=>" stands in a line`)
  const isPipelined = request.startsWith('+ ')
  const [line = '', ...parts] = request.replace(/^\+ /, '').trim().split(' | ')
  const [, method, target, version = 'HTTP/1.1'] = REQUEST_LINE.exec(filled(line.trim())) ?? []
  if (method === undefined || target === undefined) throw new Error(`${place}: not a request: ${line}`)
  const fields: [string, string][] = []
  let content = ''
  for (const part of parts) {
    const [, name, value = ''] = FIELD.exec(part.trim()) ?? []
    const [, quoted] = /^content "(.*)"$/.exec(part.trim()) ?? []
    if (name !== undefined) fields.push([name, filled(value)])
    else if (quoted !== undefined) content = filled(quoted)
    else throw new Error(`${place}: neither a field nor content: ${part}`)
  }
  if (host != null && !fields.some(([name]) => name.toLowerCase() === 'host')) fields.unshift(['Host', host])
  if (content !== '') fields.push(['Content-Length', String(Buffer.byteLength(content))])
  return {
    place,
    words: host == null ? words : `${words} (${host})`,
    method,
    target,
    version,
    fields: fields.filter(([name, value]) => !(name.toLowerCase() === 'host' && value === '(none)')),
    content,
    client: from ?? null,
    port: port ?? null,
    isPipelined,
    expected: readFacts(place, facts),
  }
}

function filled(text: string): string {
  return text.replace(/<(\d+) times (.*?)>/g, (_, count, one: string) => one.repeat(Number(count)))
}

function readFacts(place: string, text: string): Facts {
  const [status = '', ...parts] = text.split(' | ').map(part => part.trim())
  if (!/^(\d{3}|closed)$/.test(status)) throw new Error(`${place}: not a status: ${status}`)
  const fields: [string, string][] = []
  const texts: string[] = []
  let file: string | null = null
  for (const part of parts) {
    const [, name, value = ''] = FIELD.exec(part) ?? []
    if (name !== undefined) fields.push([name, value])
    else if (/^".*"$/.test(part)) texts.push(part.slice(1, -1))
    else if (part.startsWith('file ')) file = part.slice(5)
    else throw new Error(`${place}: not a fact: ${part}`)
  }
  return { status: status === 'closed' ? null : Number(status), fields, texts, file }
}
