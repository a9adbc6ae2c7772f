/**
 * What the little server has: a page, files that can be uploaded, listed and deleted, programs that are played, sessions.
 *
 *   littleConfiguration(port)     where it all is, in the examiner's words
 *   site.answer(request, isOther, answered)
 */

import { randomBytes } from 'node:crypto'
import { TIMEOUT_MS } from './little-server.ts'

export interface SiteRequest {
  readonly method: string
  readonly target: string
  readonly version: '1.0' | '1.1'
  readonly fields: ReadonlyMap<string, string>
  readonly host: string
  readonly framing: number | 'chunked'
  readonly content: Buffer
}

export interface SiteAnswer {
  readonly status: number
  readonly fields: readonly (readonly [string, string])[]
  readonly content: Buffer
}

export function littleConfiguration(otherPort: number): string {
  return `
page / "hello"
missing /nope "nothing here"
error_page 405 POST / "not allowed"
status /secret 403
type /style.css text/css
large /large.bin
method_not_allowed POST /
method_not_allowed DELETE /style.css
post /post
host example.com / "I am example"
port ${otherPort} / "other port"
limit /limited 1000
upload PUT /files/
upload POST /raw/NAME /files/
upload form /form /files/
delete /files/
redirect /old 301 /new
directory /files
listing /files/ "a b.txt"
cgi /env
cgi_echo /echo
cgi_broken /broken
cgi_endless /endless 2
session /session
head_timeout 2
content_timeout 2
idle_timeout 2
`
}

type Makes = (mistake: string) => boolean
type Answered = (answer: SiteAnswer) => void

const HTML: readonly [string, string] = ['Content-Type', 'text/html; charset=utf-8']
const TEXT: readonly [string, string] = ['Content-Type', 'text/plain']
const KNOWN = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE']
const LARGE = Buffer.alloc(6_000_000, 'large')

function page(status: number, text: string, ...fields: readonly (readonly [string, string])[]): SiteAnswer {
  return { status, fields: [HTML, ...fields], content: Buffer.from(text) }
}

export class LittleSite {
  private readonly makes: Makes
  private readonly files = new Map<string, Buffer>([['a b.txt', Buffer.from('a b')]])
  private readonly timers = new Set<NodeJS.Timeout>()
  private readonly onlySession = randomBytes(16).toString('hex')
  private isBlocked = false
  private count = 0

  constructor(makes: Makes) {
    this.makes = makes
  }

  close(): void {
    for (const timer of this.timers) clearTimeout(timer)
  }

  limitOf({ target }: SiteRequest): number {
    if (this.makes('no-limit')) return Number.POSITIVE_INFINITY
    if (target !== '/limited') return 64 * 1024 * 1024
    return this.makes('limit-off-by-one') ? 999 : 1000
  }

  /** Of a client that may never send the rest. */
  keepHalf({ target }: SiteRequest, bytes: Buffer): void {
    this.files.set(nameIn(target), Buffer.from(bytes))
  }

  answer(request: SiteRequest, isOther: boolean, answered: Answered): void {
    const { makes } = this
    const path = request.target.split('?')[0]!
    if (this.isBlocked) this.later(() => this.answer(request, isOther, answered), 100)
    else if (makes('one-in-ten') && ++this.count % 10 === 0) answered(page(500, 'no'))
    else if (path === '/endless') this.endless(answered)
    else answered(this.answerOf(request, path, isOther))
  }

  private endless(answered: Answered): void {
    if (this.makes('blocked')) this.isBlocked = true
    if (!this.makes('endless')) this.later(() => answered(page(504, 'too late')), TIMEOUT_MS)
  }

  private later(work: () => void, ms: number): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer)
      work()
    }, ms)
    this.timers.add(timer)
  }

  private answerOf(request: SiteRequest, path: string, isOther: boolean): SiteAnswer {
    const { makes } = this
    const { method } = request
    if (makes('traversal') && /etc.*passwd/.test(path)) return page(200, 'root:x:0:0:root:/root:/bin/sh\n')
    if (!KNOWN.includes(method) && !makes('takes-any-method'))
      return page(makes('method-500') ? 500 : 501, 'not implemented')
    if (path === '/' || path === '/style.css') return this.pageOf(request, path, isOther)
    if (path.startsWith('/files') || path.startsWith('/raw/') || path === '/form')
      return this.filesOf(request, path)
    return this.others(request, path)
  }

  private pageOf({ method, host }: SiteRequest, path: string, isOther: boolean): SiteAnswer {
    const { makes } = this
    if (method !== 'GET' && method !== 'HEAD' && !makes('takes-any-method')) {
      const allow: [string, string][] = makes('no-allow') ? [] : [['Allow', 'GET, HEAD']]
      return page(405, makes('no-page-text') ? 'no' : 'not allowed', ...allow)
    }
    if (path === '/style.css')
      return {
        ...page(200, 'p { }'),
        fields: [['Content-Type', makes('wrong-type') ? 'text/plain' : 'text/css']],
      }
    if (host === 'nobody.invalid' && makes('unknown-host-500')) return page(500, 'who?')
    const name = makes('exact-host') ? host : host.toLowerCase().replace(/:\d+$/, '')
    if (name === 'example.com' && !makes('one-host')) return page(200, '<p>I am example</p>')
    if (isOther && !makes('same-port')) return page(200, '<p>other port</p>')
    return page(200, makes('page-text') ? '' : '<p>hello</p>')
  }

  private others(request: SiteRequest, path: string): SiteAnswer {
    const { makes } = this
    const { method, content } = request
    if (path === '/nope' && makes('soft-404')) return page(200, 'nothing here')
    if (path === '/secret') return page(makes('secret-200') ? 200 : 403, 'secret')
    if (path === '/large.bin') return { status: 200, fields: [TEXT], content: LARGE }
    if (path === '/old')
      return page(
        301,
        'moved',
        ...(makes('redirect-without-location')
          ? []
          : [['Location', makes('redirect-elsewhere') ? '/elsewhere' : '/new'] as const]),
      )
    if (path === '/post' || path === '/limited')
      return makes('post-404') ? page(404, 'no') : page(200, method)
    if (path === '/env' || path.startsWith('/env/')) return this.environment(request, path)
    if (path === '/echo')
      return {
        status: 200,
        fields: [TEXT],
        content: makes('echo-adds-newline') ? Buffer.concat([content, Buffer.from('\n')]) : content,
      }
    if (path === '/broken') return page(makes('broken-200') ? 200 : 502, 'broken')
    if (path === '/session') return this.session(request)
    return makes('mute-errors') ? page(404, '') : page(404, '<p>nothing here</p>')
  }

  private environment({ method, target, fields, content, host }: SiteRequest, path: string): SiteAnswer {
    const { makes } = this
    const query = target.split('?')[1] ?? ''
    const variables: [string, string][] = [
      ['REQUEST_METHOD', method],
      ['QUERY_STRING', makes('decoded-query') ? decodeURIComponent(query) : query],
      ['GATEWAY_INTERFACE', makes('no-gateway') ? '' : 'CGI/1.1'],
      ['SERVER_PROTOCOL', 'HTTP/1.1'],
      ['SERVER_PORT', host.split(':')[1] ?? '80'],
      ['SERVER_NAME', host.split(':')[0]!],
      ['REMOTE_ADDR', '127.0.0.1'],
      ['CONTENT_LENGTH', content.length > 0 && !makes('no-content-length') ? String(content.length) : ''],
      ['CONTENT_TYPE', fields.get('content-type') ?? ''],
      ['PATH_INFO', makes('no-path-info') ? '' : path.slice('/env'.length)],
      ['HTTP_X_EVALUATED_BY', makes('no-fields') ? '' : (fields.get('x-evaluated-by') ?? '')],
      ...(makes('httpoxy') ? [['HTTP_PROXY', fields.get('proxy') ?? ''] as [string, string]] : []),
    ]
    const text = variables.map(([name, value]) => `${name}=${value}\n`).join('')
    return { status: 200, fields: [TEXT], content: Buffer.from(text) }
  }

  private session({ fields }: SiteRequest): SiteAnswer {
    const { makes } = this
    const cookie = fields.get('cookie')
    const known = /(?:^|;\s*)id=([0-9a-f]{32})(?:;|$)/.test(cookie ?? '')
    if (cookie !== undefined && !known && makes('cookie-500')) return page(500, 'what?')
    if (known && !makes('new-session-each-time')) return page(200, 'again')
    const id = makes('one-session-for-all') ? this.onlySession : randomBytes(16).toString('hex')
    return page(200, 'first', [
      'Set-Cookie',
      `id=${id}; Path=/${makes('no-httponly') ? '' : '; HttpOnly'}; SameSite=Lax`,
    ])
  }

  private filesOf(request: SiteRequest, path: string): SiteAnswer {
    const { method, target } = request
    const { makes } = this
    if (path === '/files')
      return makes('directory-200')
        ? page(200, 'files')
        : page(301, '', ['Location', `/files/${makes('query-lost') ? '' : target.slice('/files'.length)}`])
    if (path === '/files/' && method !== 'PUT') return this.listing()
    if (path === '/form') return this.form(request)
    const name = nameIn(path)
    if (method === 'PUT' || method === 'POST') return this.store(name, request.content)
    if (method === 'DELETE') return this.remove(name)
    const bytes = this.files.get(name)
    return bytes === undefined ? page(404, 'nothing here') : { status: 200, fields: [TEXT], content: bytes }
  }

  private store(wanted: string, content: Buffer): SiteAnswer {
    const { makes } = this
    // No mistake: whoever never overwrites says what else it is called.
    const name = makes('numbers-files') && this.files.has(wanted) ? `${this.files.size}-${wanted}` : wanted
    const before = this.files.get(name)
    if (makes('uploads-refused')) return page(403, 'no')
    if (content.length === 0 && makes('empty-refused')) return page(400, 'empty')
    const kept = makes('last-byte-lost') ? content.subarray(0, -1) : content
    this.files.set(name, Buffer.concat([...(makes('appends') && before !== undefined ? [before] : []), kept]))
    return page(before === undefined ? 201 : 200, 'stored', [
      'Location',
      `/files/${encodeURIComponent(name)}`,
    ])
  }

  private remove(name: string): SiteAnswer {
    if (this.makes('delete-lies')) return page(200, 'gone')
    return this.files.delete(name)
      ? { status: 204, fields: [], content: Buffer.alloc(0) }
      : page(404, 'nothing here')
  }

  private form({ content, fields }: SiteRequest): SiteAnswer {
    const { makes } = this
    const boundary = /boundary=(\S+)/.exec(fields.get('content-type') ?? '')?.[1]
    if (boundary === undefined) return page(400, 'no form')
    const text = content.toString('latin1')
    if (!text.endsWith(`--${boundary}--\r\n`) && !makes('takes-unended-form')) return page(400, 'no end')
    const parts = text.split(`--${boundary}\r\n`).slice(1)
    const stored = parts.flatMap((part, i) =>
      makes('first-file-only') && i > 0 ? [] : this.storePart(part, boundary),
    )
    if (makes('name-500') && stored.some(name => /[^\w.-]/.test(name))) return page(500, 'strange')
    return page(
      stored.length > 0 ? 201 : 400,
      'stored',
      ...(stored.length === 1 ? [['Location', `/files/${encodeURIComponent(stored[0]!)}`] as const] : []),
    )
  }

  /** @returns the name under which it is stored, if it is a file with one that can be used */
  private storePart(part: string, boundary: string): string[] {
    const at = part.indexOf('\r\n\r\n')
    const name = /filename="([^"]*)"/.exec(part.slice(0, at))?.[1]
    const safe = this.makes('name-500') ? name : name?.split('/').at(-1)?.replaceAll('\0', '_')
    if (safe === undefined || safe === '' || safe === '.' || safe === '..' || safe.length > 255) return []
    const bytes = Buffer.from(
      part.slice(at + 4).replace(new RegExp(`\r\n(--${boundary}--\r\n)?$`), ''),
      'latin1',
    )
    this.store(safe, bytes)
    return [safe]
  }

  private listing(): SiteAnswer {
    const { makes } = this
    const escaped = (text: string): string =>
      makes('unescaped-names') ? text : text.replace(/[&<>"']/g, char => `&#${char.charCodeAt(0)};`)
    const link = (name: string): string =>
      makes('dead-links') ? `/files/x${encodeURIComponent(name)}` : encodeURIComponent(name)
    const items = [...this.files.keys()].map(name =>
      makes('listing-without-links')
        ? `<li>${escaped(name)}`
        : `<li><a href="${link(name)}">${escaped(name)}</a>`,
    )
    return page(200, `<ul>${items.join('')}</ul>`)
  }
}

function nameIn(path: string): string {
  return decodeURIComponent(path.slice(path.lastIndexOf('/') + 1))
}
