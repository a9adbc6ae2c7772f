/**
 * A file to which lines are added, by this process and perhaps by others.
 *
 *   const file = new LogFile('/var/log/access.log', trouble)
 *   file.open()                 0, or `-errno`; what is written before waits for it
 *   file.write(line)            collects lines; they leave together, at the end of this turn of Node or before
 *   file.flush()                they leave now
 *   file.reopen(owner)          the name is opened anew: somebody has moved the file away
 *   file.tellLoss(), file.close()
 *
 * Lines are octets: each character is one byte. Several processes may write into one file: only whole lines leave, each batch in
 * one write(2), and O_APPEND puts that at the end, whoever wrote before (open(2)).
 *
 * A disk that is full, a quota, a reader that has gone: the server goes on. What cannot be written is lost and counted; `trouble`
 * hears of it once, and again when lines go through, how many did not. A pipe whose reader is behind does not hold the loop: up to
 * `MOST_WAITING_BYTES` wait for it.
 */

import { fchmodSync, fchownSync, fstatSync } from 'node:fs'
import { EAGAIN, EINTR, ENXIO, errnoForLog } from '../errno.ts'
import {
  F_DUPFD_CLOEXEC,
  F_GETFL,
  F_SETFL,
  O_APPEND,
  O_CLOEXEC,
  O_CREAT,
  O_NOCTTY,
  O_NONBLOCK,
  O_WRONLY,
} from '../sys/constants.ts'
import { close, type Fd, fcntl, fstat, open, write } from '../sys/libc.ts'
import { isRegularFile, newStatus, statusOf } from './file.ts'

/** Who takes lines. */
export interface LineSink {
  /** @param line without its end, as octets */
  write(line: string): void
}

/** What else is there to be flushed, opened anew and closed with the logs of a configuration. */
export interface Attached {
  flush(): void
  reopen(): void
  close(): void
}

/** Who is told what becomes of a log, in a whole sentence. */
export interface Trouble {
  /** From now on lines are lost. */
  onTrouble(words: string): void
  /** Lines go through again. */
  onRecovery(words: string): void
}

/** When so much is there, it does not wait for more. */
const BATCH_BYTES = 64 * 1024
/** How far a reader may be behind. */
export const MOST_WAITING_BYTES = 1024 * 1024
/** A pipe takes so much as a whole or not at all (pipe(7), PIPE_BUF), so that no line of another process comes between. */
const PIPE_BATCH_BYTES = 4096
/** How often a full pipe is tried. */
const RETRY_MS = 20

const FLAGS = O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
const LINE_FEED = 10
const UNOPENED = -1
const CLOSED = -2

export class LogFile implements LineSink {
  /** Absolute; of a borrowed descriptor, its name. */
  readonly path: string
  private readonly trouble: Trouble
  private fd: Fd = UNOPENED
  private isBorrowed = false
  private isRegular = true
  /** What has not left yet, and how many lines that is. */
  private waiting = ''
  private waitingLines = 0
  private isScheduled = false
  /** A pipe has said that it is full. */
  private isStuck = false
  /** What was lost since lines went through last. */
  private lostLines = 0
  /** What was written last is a part of a line. */
  private isTorn = false

  constructor(path: string, trouble: Trouble) {
    this.path = path
    this.trouble = trouble
  }

  /** @returns 0, or `-errno` */
  open(): number {
    if (this.fd >= 0) return 0
    const fd = openLog(this.path)
    if (fd < 0) return fd
    this.use(fd)
    return 0
  }

  /** Takes a descriptor that is open, such as 2: it is neither opened anew nor closed. */
  borrow(fd: Fd): this {
    this.isBorrowed = true
    this.use(fd)
    return this
  }

  private use(fd: Fd): void {
    this.fd = fd
    const status = newStatus()
    this.isRegular = fstat(fd, status) >= 0 && isRegularFile(status)
    if (this.waiting !== '') this.schedule()
  }

  /**
   * What was written so far goes where the file is now, what follows to a file of the old name.
   * @param owner the user id that has to own the file, so that workers can open it too; null to leave that as it is
   * @returns 0; or `-errno`, and the file stays as it was
   */
  reopen(owner: number | null = null): number {
    if (this.isBorrowed) return 0
    this.flush()
    const fd = openLog(this.path)
    if (fd < 0) return fd
    if (this.fd >= 0) close(this.fd)
    this.use(fd)
    return owner === null ? 0 : giveTo(fd, owner)
  }

  /** Whether the name still leads to the file that is open. */
  get isCurrent(): boolean {
    const [named, open] = [newStatus(), newStatus()]
    if (statusOf(this.path, named) < 0 || fstat(this.fd, open) < 0) return false
    return named.ino === open.ino && named.dev === open.dev
  }

  write(line: string): void {
    this.add(`${line}\n`, 1)
  }

  /** @param octets whole lines with their ends, or what a compressor has made of them */
  add(octets: string, lines: number): void {
    if (this.fd === CLOSED) return
    const mustWait = this.isStuck || this.fd === UNOPENED
    if (mustWait && this.waiting.length + octets.length > MOST_WAITING_BYTES) {
      this.lose(lines, `the reader of "${this.path}" is too far behind, lines are lost`)
      return
    }
    this.waiting += octets
    this.waitingLines += lines
    if (this.waiting.length >= BATCH_BYTES && !mustWait) this.flush()
    else this.schedule()
  }

  private schedule(): void {
    if (this.isScheduled || this.fd < 0) return
    this.isScheduled = true
    const run = (): void => {
      this.isScheduled = false
      this.flush()
    }
    if (this.isStuck) setTimeout(run, RETRY_MS).unref()
    else setImmediate(run)
  }

  flush(): void {
    if (this.waiting === '' || this.fd < 0) return
    const bytes = Buffer.from(this.isTorn ? `\n${this.waiting}` : this.waiting, 'latin1')
    let at = 0
    let n = 0
    while (at < bytes.length && (n >= 0 || n === -EINTR)) {
      n = write(this.fd, bytes.subarray(at, this.endOfBatch(bytes, at)))
      if (n > 0) at += n
    }
    if (at === bytes.length) this.noteWritten()
    else if (n === -EAGAIN) this.wait(bytes, at)
    else this.giveUp(bytes, at, n)
  }

  private noteWritten(): void {
    this.waiting = ''
    this.waitingLines = 0
    this.isTorn = false
    this.isStuck = false
    if (this.lostLines > 0) this.recover()
  }

  /** Where the next write ends: behind the last line that fits; a line that fits nowhere goes alone. */
  private endOfBatch(bytes: Buffer, at: number): number {
    if (this.isRegular || bytes.length - at <= PIPE_BATCH_BYTES) return bytes.length
    const end = bytes.lastIndexOf(LINE_FEED, at + PIPE_BATCH_BYTES - 1) + 1
    if (end > at) return end
    return bytes.indexOf(LINE_FEED, at) + 1 || bytes.length
  }

  private wait(bytes: Buffer, at: number): void {
    this.waiting = bytes.toString('latin1', at)
    this.isTorn = false
    this.isStuck = true
    this.schedule()
  }

  private giveUp(bytes: Buffer, at: number, errno: number): void {
    // Of several lines, those that had left before.
    const written = bytes.subarray(0, at).filter(byte => byte === LINE_FEED).length
    const lines = Math.max(1, this.waitingLines - written)
    if (at > 0) this.isTorn = bytes[at - 1] !== LINE_FEED
    this.waiting = ''
    this.waitingLines = 0
    this.isStuck = false
    this.lose(lines, `write() to "${this.path}" failed ${errnoForLog(errno)}, lines are lost`)
  }

  private lose(lines: number, words: string): void {
    const isFirst = this.lostLines === 0
    this.lostLines += lines
    if (isFirst) this.trouble.onTrouble(words)
  }

  private recover(): void {
    const lost = this.takeLoss()
    this.trouble.onRecovery(`"${this.path}" can be written again, ${lost} lost`)
  }

  private takeLoss(): string {
    const lost = this.lostLines === 1 ? '1 line was' : `${this.lostLines} lines were`
    this.lostLines = 0
    return lost
  }

  /** Before the end, as long as somebody can be told. */
  tellLoss(): void {
    this.flush()
    if (this.lostLines > 0) this.trouble.onRecovery(`"${this.path}" is closed, ${this.takeLoss()} lost`)
  }

  /** What does not leave now never will. */
  close(): void {
    this.flush()
    if (this.fd >= 0 && !this.isBorrowed) close(this.fd)
    this.fd = CLOSED
    this.waiting = ''
  }
}

/** As nginx does when it reopens as root: workers run as another user. @returns 0 or `-errno` */
function giveTo(fd: Fd, owner: number): number {
  try {
    const { uid, mode } = fstatSync(fd)
    if (uid !== owner) fchownSync(fd, owner, -1)
    if ((mode & 0o600) !== 0o600) fchmodSync(fd, (mode & 0o7777) | 0o600)
    return 0
  } catch (error) {
    return (error as NodeJS.ErrnoException & { errno: number }).errno
  }
}

/** What stands for a descriptor that we already have. */
const OWN: ReadonlyMap<string, Fd> = new Map([
  ['/dev/stdout', 1],
  ['/dev/stderr', 2],
])

/**
 * A socket has no name by which it could be opened (open(2), ENXIO), and under systemd, or where Node is the parent, the standard output
 * is one: its descriptor serves as well.
 * @returns a descriptor, or `-errno`
 */
function openLog(path: string): Fd {
  const fd = open(path, FLAGS, 0o644)
  const own = OWN.get(path)
  if (fd !== -ENXIO || own === undefined) return fd
  const copy = fcntl(own, F_DUPFD_CLOEXEC, 3)
  if (copy >= 0) fcntl(copy, F_SETFL, fcntl(copy, F_GETFL) | O_NONBLOCK)
  return copy
}
