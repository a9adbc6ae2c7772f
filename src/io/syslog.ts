/**
 * Lines sent to a syslog server, one datagram each, as RFC 3164 describes them and nginx sends them:
 *
 *   <190>Nov 23 14:03:07 myhost nginx: the line
 *
 *   parseSyslog('server=unix:/dev/log,tag=web')      a `SyslogTarget`, or a sentence that says what is wrong
 *   const sender = new SyslogSender(target, trouble)
 *   sender.write(line)                               with the target's severity
 *   sender.send(severity, line)
 *
 * Nothing waits for the server: what the socket does not take is lost and counted, as is the nature of datagrams; `trouble` hears
 * of it once, and again when lines go through. The socket is opened with the first line, and anew when a server has come back.
 * Only while a name is being looked up for the first time, a few lines are kept.
 */

import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { EAGAIN, EINTR, EMSGSIZE, ENOBUFS, errnoForLog } from '../errno.ts'
import { LEVELS } from '../log.ts'
import { SOCK_CLOEXEC, SOCK_DGRAM, SOCK_NONBLOCK } from '../sys/constants.ts'
import { close, connect, type Fd, send, socket } from '../sys/libc.ts'
import {
  type Address,
  type Endpoint,
  formatHost,
  inetAddress,
  parseEndpoint,
  sockaddrOf,
  unixAddress,
} from './address.ts'
import type { Attached, LineSink, Trouble } from './log-file.ts'
import { syslogTime } from './log-time.ts'

export interface SyslogTarget {
  readonly server: Endpoint
  /** An index of `FACILITIES`. */
  readonly facility: number
  /** An index of `LEVELS`: the levels of nginx are the severities of syslog, in the same order. */
  readonly severity: number
  readonly tag: string
  /** Without it, as a receiver on the same machine may expect. */
  readonly hasHostname: boolean
}

/** In the order of their numbers (RFC 3164 §4.1.1), under the names that nginx gives them. */
export const FACILITIES =
  'kern user mail daemon auth intern lpr news uucp clock authpriv ftp ntp audit alert cron local0 local1 local2 local3 local4 local5 local6 local7'.split(
    ' ',
  )
const DEFAULT_PORT = 514
/** RFC 3164 §4.1.3 */
const MOST_TAG_LENGTH = 32

type Draft = { -readonly [K in keyof SyslogTarget]?: SyslogTarget[K] }

/** @param text what follows `syslog:` @returns a sentence of nginx for a mistake */
export function parseSyslog(text: string): SyslogTarget | string {
  const draft: Draft = {}
  for (const word of text.split(',')) {
    const mistake = readParameter(draft, word)
    if (mistake !== null) return mistake
  }
  if (draft.server === undefined) return 'no syslog server specified'
  return {
    server: draft.server,
    facility: draft.facility ?? FACILITIES.indexOf('local7'),
    severity: draft.severity ?? LEVELS.indexOf('info'),
    tag: draft.tag ?? 'nginx',
    hasHostname: draft.hasHostname ?? true,
  }
}

function readParameter(draft: Draft, word: string): string | null {
  const [name = '', value] = splitAtEqualsSign(word)
  if (name === 'nohostname' && value === undefined) {
    draft.hasHostname = false
    return null
  }
  if (value === undefined || !Object.hasOwn(PARAMETERS, name)) return `unknown syslog parameter "${word}"`
  if (draft[name as keyof Draft] !== undefined) return `duplicate syslog "${name}"`
  return PARAMETERS[name]!(draft, value)
}

function splitAtEqualsSign(word: string): string[] {
  const at = word.indexOf('=')
  return at < 0 ? [word] : [word.slice(0, at), word.slice(at + 1)]
}

const PARAMETERS: Readonly<Record<string, (draft: Draft, value: string) => string | null>> = {
  server(draft, value) {
    const hasPort = value.startsWith('unix:') || /^(?:\[[^\]]*\]|[^:[]*):/.test(value)
    const server = parseEndpoint(hasPort ? value : `${value}:${DEFAULT_PORT}`)
    if (typeof server === 'string') return `${server} in syslog server "${value}"`
    if (!('path' in server) && server.host === null) return `no host in syslog server "${value}"`
    if (!('path' in server) && server.port === 0) return `invalid port in syslog server "${value}"`
    draft.server = server
    return null
  },
  facility(draft, value) {
    draft.facility = FACILITIES.indexOf(value)
    return draft.facility < 0 ? `unknown syslog facility "${value}"` : null
  },
  severity(draft, value) {
    draft.severity = (LEVELS as readonly string[]).indexOf(value)
    return draft.severity < 0 ? `unknown syslog severity "${value}"` : null
  },
  tag(draft, value) {
    draft.tag = value
    if (value.length > MOST_TAG_LENGTH) return `syslog tag length exceeds ${MOST_TAG_LENGTH}`
    if (/^\w*$/.test(value)) return null
    return 'syslog "tag" only allows alphanumeric characters and underscore'
  },
}

/** What is kept while a name is looked up. */
const MOST_KEPT_LINES = 200

export class SyslogSender implements LineSink, Attached {
  private readonly target: SyslogTarget
  private readonly trouble: Trouble
  /** What follows the time: `myhost nginx: `. */
  private readonly origin: string
  private fd: Fd = -1
  /** null before a name is looked up. */
  private address: Address | null
  private isLookingUp = false
  private kept: Buffer[] = []
  private lostLines = 0

  constructor(target: SyslogTarget, trouble: Trouble) {
    this.target = target
    this.trouble = trouble
    this.origin = `${target.hasHostname ? `${hostname().toLowerCase()} ` : ''}${target.tag}: `
    this.address = addressWithoutLookup(target.server)
  }

  write(line: string): void {
    this.send(this.target.severity, line)
  }

  /** @param severity an index of `LEVELS` */
  send(severity: number, line: string): void {
    const priority = 8 * this.target.facility + severity
    const datagram = Buffer.from(`<${priority}>${syslogTime(Date.now())} ${this.origin}${line}`, 'latin1')
    if (this.address !== null) this.sendOrLose(datagram)
    else this.keep(datagram)
  }

  private keep(datagram: Buffer): void {
    if (this.kept.length < MOST_KEPT_LINES) this.kept.push(datagram)
    else this.lose('the name is not found yet')
    if (!this.isLookingUp) void this.lookUp()
  }

  private async lookUp(): Promise<void> {
    const { server } = this.target
    if ('path' in server || server.host === null) return
    this.isLookingUp = true
    const { lookup } = await import('node:dns/promises')
    try {
      const found = await lookup(server.host)
      this.address = inetAddress(found.address, server.port)
      for (const datagram of this.kept) this.sendOrLose(datagram)
    } catch (error) {
      for (const _ of this.kept) this.lose(`host not found (${(error as NodeJS.ErrnoException).code})`)
    }
    this.kept = []
    this.isLookingUp = false
  }

  /** Twice where the socket is not new: its error may be of a datagram before (udp(7)), or the server is another one now. */
  private sendOrLose(datagram: Buffer): void {
    const isNew = this.fd < 0
    let failure = this.trySend(datagram)
    if (failure !== null && this.fd < 0 && !isNew) failure = this.trySend(datagram)
    if (failure !== null) this.lose(failure)
    else if (this.lostLines > 0) this.recover()
  }

  /** @returns null, or what went wrong; the socket is closed then, unless the fault is this datagram's alone */
  private trySend(datagram: Buffer): string | null {
    const refused = this.fd < 0 ? this.open(this.address!) : null
    if (refused !== null) return refused
    let n = -EINTR
    while (n === -EINTR) n = send(this.fd, datagram, datagram.length)
    if (n >= 0) return null
    if (n !== -EAGAIN && n !== -ENOBUFS && n !== -EMSGSIZE) this.disconnect()
    return failureOf('send', n)
  }

  private open(address: Address): string | null {
    const fd = socket(address.family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC)
    if (fd < 0) return failureOf('socket', fd)
    const r = connect(fd, sockaddrOf(address))
    if (r >= 0) {
      this.fd = fd
      return null
    }
    close(fd)
    return failureOf('connect', r)
  }

  private lose(reason: string): void {
    this.lostLines++
    if (this.lostLines === 1) this.trouble.onTrouble(`syslog server ${this.name}: ${reason}, lines are lost`)
  }

  private recover(): void {
    const lost = this.lostLines === 1 ? '1 line was' : `${this.lostLines} lines were`
    this.lostLines = 0
    this.trouble.onRecovery(`syslog server ${this.name} takes lines again, ${lost} lost`)
  }

  private get name(): string {
    const { server } = this.target
    return 'path' in server ? `unix:${server.path}` : `${formatHost(server.host ?? '')}:${server.port}`
  }

  // Attached

  flush(): void {}

  /** A name may lead elsewhere now. */
  reopen(): void {
    this.disconnect()
    this.address = addressWithoutLookup(this.target.server)
  }

  close(): void {
    this.disconnect()
    this.kept = []
  }

  private disconnect(): void {
    if (this.fd >= 0) close(this.fd)
    this.fd = -1
  }
}

/** @returns null for a name */
function addressWithoutLookup(server: Endpoint): Address | null {
  if ('path' in server) return unixAddress(server.path)
  const { host, port } = server
  return host !== null && isIP(host) !== 0 ? inetAddress(host, port) : null
}

function failureOf(call: string, errno: number): string {
  return `${call}() failed ${errnoForLog(errno)}`
}
