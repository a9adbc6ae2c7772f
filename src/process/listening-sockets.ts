/**
 * The listening sockets of a master: opened for a configuration, kept for the next one, handed to workers and to a new binary.
 *
 *   sockets.adopt(fds, from)                     those that somebody else has opened: the binary before, a service manager
 *   await sockets.open(listens, workers)         what is missing; a `SocketChange`, or null after telling why
 *   change.commit() / change.discard()           what is no longer wanted is closed / what was opened is closed again
 *   sockets.forWorker(listens, index)            one descriptor an address
 *   sockets.all()                                every descriptor
 *   sockets.close(removesPaths)
 *
 * A socket is known by the text of its address, so over reloads and upgrades no connection that waits in its queue is lost. With
 * `reuseport` there is one socket a worker, and a worker that replaces another takes over the queue of its place.
 */

import { unlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { EADDRINUSE, errnoForLog } from '../errno.ts'
import { formatAddress } from '../io/address.ts'
import { changeListenOptions, DEFAULT_BACKLOG, type ListenFailure } from '../io/listen-options.ts'
import { localAddress, openListener } from '../io/listener.ts'
import type { Log } from '../log.ts'
import { close, type Fd } from '../sys/libc.ts'
import type { ListeningSocket, ListenSpec } from './application.ts'

/** Who has opened a socket: the paths of a service manager's sockets are not ours to remove. */
export type Origin = 'ourselves' | 'the binary before' | 'the service manager'

interface Open {
  readonly fd: Fd
  readonly origin: Origin
}

/** What a round has added. */
interface Opened {
  readonly key: string
  readonly fd: Fd
}

export interface SocketChange {
  commit(): void
  discard(): void
}

/** An address may still be held by a server that is about to end. nginx's numbers. */
const TRIES = 5
export const RETRY_MS = 500

/** Everybody may connect to a Unix socket, as to nginx's; the folder that it is in says who can reach it. */
const SOCKET_MODE = 0o666

export class ListeningSockets {
  /** By address; several with `reuseport`. */
  private readonly byKey = new Map<string, Open[]>()
  private readonly retryMs: number

  constructor(retryMs = RETRY_MS) {
    this.retryMs = retryMs
  }

  adopt(fds: readonly Fd[], origin: Origin): void {
    for (const fd of fds) this.add(formatAddress(localAddress(fd)), { fd, origin })
  }

  /** Addresses that were adopted and that `listens` does not name: `commit` will close them. */
  unwanted(listens: readonly ListenSpec[]): string[] {
    const wanted = new Set(listens.map(({ key }) => key))
    return [...this.byKey.keys()].filter(key => !wanted.has(key))
  }

  /** Every address is tried before it gives up, so that the log names all that are in use; as nginx does, it tries again for a while. */
  async open(listens: readonly ListenSpec[], workers: number, log: Log): Promise<SocketChange | null> {
    const opened: Opened[] = []
    const discard = (): void => {
      for (const { key, fd } of opened) this.drop(key, fd)
    }
    for (let round = 1; round <= TRIES; round++) {
      const outcome = this.openMissing(listens, workers, opened, log)
      if (outcome === 'done') return { commit: () => this.keepOnly(listens, workers), discard }
      if (outcome === 'failed') break
      log.notice(`try again to bind() after ${this.retryMs}ms`)
      await sleep(this.retryMs)
      if (round === TRIES) log.emerg('still could not bind()')
    }
    discard()
    return null
  }

  forWorker(listens: readonly ListenSpec[], index: number): ListeningSocket[] {
    return listens.map(({ key }) => {
      const open = this.byKey.get(key) ?? []
      return { key, fd: open[index % open.length]!.fd }
    })
  }

  all(): Fd[] {
    return [...this.byKey.values()].flat().map(({ fd }) => fd)
  }

  /** @param removesPaths of Unix sockets; a new binary goes on using them */
  close(removesPaths: boolean): void {
    for (const [key, open] of this.byKey) this.closeAt(key, open, removesPaths)
    this.byKey.clear()
  }

  /** One round. What is kept is told its options anew: a reload may have changed them. */
  private openMissing(
    listens: readonly ListenSpec[],
    workers: number,
    opened: Opened[],
    log: Log,
  ): 'done' | 'in use' | 'failed' {
    let outcome: 'done' | 'in use' = 'done'
    for (const spec of listens) {
      const { key, address, options } = spec
      const known = this.byKey.get(key) ?? []
      // Before another one is bound beside them: the kernel wants SO_REUSEPORT on each.
      if (!opened.some(one => one.key === key))
        for (const { fd } of known) tellIgnored(changeListenOptions(fd, address, options), key, log)
      const failure = this.openAt(spec, socketsOf(spec, workers) - known.length, opened, log)
      if (failure === null) continue
      log.emerg(wordsOf(spec, failure))
      if (failure.errno !== EADDRINUSE) return 'failed'
      outcome = 'in use'
    }
    return outcome
  }

  private openAt(
    { key, address, options }: ListenSpec,
    count: number,
    opened: Opened[],
    log: Log,
  ): ListenFailure | null {
    for (let i = 0; i < count; i++) {
      const ignored: ListenFailure[] = []
      const fd = openListener(address, { mode: SOCKET_MODE, ...options }, ignored)
      if (typeof fd !== 'number') return fd
      tellIgnored(ignored, key, log)
      this.add(key, { fd, origin: 'ourselves' })
      opened.push({ key, fd })
    }
    return null
  }

  private keepOnly(listens: readonly ListenSpec[], workers: number): void {
    const wanted = new Map(listens.map(spec => [spec.key, socketsOf(spec, workers)]))
    for (const [key, open] of this.byKey) {
      const count = wanted.get(key) ?? 0
      this.closeAt(key, open.splice(count), count === 0)
      if (count === 0) this.byKey.delete(key)
    }
  }

  private add(key: string, open: Open): void {
    const known = this.byKey.get(key)
    if (known === undefined) this.byKey.set(key, [open])
    else known.push(open)
  }

  private drop(key: string, fd: Fd): void {
    const open = this.byKey.get(key) ?? []
    const at = open.findIndex(one => one.fd === fd)
    this.closeAt(key, open.splice(at, 1), open.length === 0)
    if (open.length === 0) this.byKey.delete(key)
  }

  private closeAt(key: string, open: readonly Open[], removesPath: boolean): void {
    for (const { fd } of open) close(fd)
    const path = key.startsWith('unix:') ? key.slice('unix:'.length) : ''
    if (!removesPath || path === '' || open.some(({ origin }) => origin === 'the service manager')) return
    try {
      unlinkSync(path)
    } catch {
      // Somebody else has removed it.
    }
  }
}

function socketsOf({ options }: ListenSpec, workers: number): number {
  return options.reusePort === true ? workers : 1
}

function tellIgnored(failures: readonly ListenFailure[], key: string, log: Log): void {
  for (const { call, errno } of failures) log.alert(`${call} ${key} failed ${errnoForLog(errno)}, ignored`)
}

function wordsOf({ key, options }: ListenSpec, { call, errno }: ListenFailure): string {
  const reason = errnoForLog(errno)
  if (call === 'bind') return `bind() to ${key} failed ${reason}`
  if (call === 'listen')
    return `listen() to ${key}, backlog ${options.backlog ?? DEFAULT_BACKLOG} failed ${reason}`
  return `${call.includes('(') ? call : `${call}()`} ${key} failed ${reason}`
}
