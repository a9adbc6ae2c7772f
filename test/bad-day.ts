/**
 * A configured server with its workers, and what must be so again after whatever is done to it.
 *
 *   const day = new BadDay(family, 3)      a family whose configuration answers /ok by "ok"; files that its workers may hold open
 *   await day.begin()                      started, and asked a few times
 *   await day.crowd(50, 'GET /')           so many clients, who have said that
 *   await day.isSending(50)                so many descriptors are in use more than at first
 *   await day.isOver()                     others are served, the same processes are there with as many descriptors as at first, their memory is
 *                                          bounded, and none of them spins
 */

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import type { NginxFamily } from './process-family.ts'
import { connect, type RawClient } from './raw-client.ts'

const MOST_MEMORY_BYTES = 64 * 1024 * 1024

interface ProcessState {
  readonly pid: number
  readonly descriptors: number
  readonly rssBytes: number
  /** In hundredths of a second. */
  readonly ticks: number
}

function stateOf(pid: number): ProcessState {
  const place = `/proc/${pid}`
  const numbers = readFileSync(`${place}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
    .map(Number)
  return {
    pid,
    descriptors: readdirSync(`${place}/fd`).length,
    rssBytes: 4096 * Number(readFileSync(`${place}/statm`, 'utf8').split(' ')[1]),
    ticks: numbers[11]! + numbers[12]!,
  }
}

export class BadDay {
  readonly family: NginxFamily
  /** By `open_file_cache`, in each worker. */
  private readonly heldFiles: number
  private atStart: readonly ProcessState[] = []

  constructor(family: NginxFamily, heldFiles: number) {
    this.family = family
    this.heldFiles = heldFiles
  }

  get port(): number {
    return this.family.port
  }

  async begin(): Promise<void> {
    this.family.start()
    await this.family.until(() => this.served().catch(() => false), 'it serves')
    await this.family.until(() => this.workers.length === this.workerCount, 'its workers are there')
    // What is loaded and opened with the first requests is not lost later.
    for (let i = 0; i < 10; i++) await this.served()
    await this.family.until(() => this.sleeps(), 'it sleeps')
    this.atStart = this.states()
  }

  private get workerCount(): number {
    return Number(/worker_processes (\d)/.exec(this.family.read('nginx.conf'))![1])
  }

  private get workers(): number[] {
    const { pid } = this.family
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    return children.trim().split(' ').map(Number)
  }

  private states(): ProcessState[] {
    return [this.family.pid, ...this.workers].map(stateOf)
  }

  async served(): Promise<boolean> {
    return (await this.family.request('/ok')) === 'ok'
  }

  /** Half a processor for a while is no sleep. */
  private async sleeps(): Promise<boolean> {
    const ticks = (): number[] => this.states().map(one => one.ticks)
    const before = ticks()
    await new Promise(resolve => setTimeout(resolve, 100))
    return ticks().every((now, i) => now - before[i]! < 5)
  }

  async isOver(): Promise<void> {
    const { family, atStart } = this
    const isAsBefore = (): boolean => {
      const states = this.states()
      const limits = new Map(atStart.map(({ pid, descriptors }) => [pid, descriptors + this.heldFiles]))
      return (
        states.length === atStart.length &&
        states.every(({ pid, descriptors }) => descriptors <= (limits.get(pid) ?? -1))
      )
    }
    await family.until(isAsBefore, `the processes and descriptors of ${JSON.stringify(atStart)}`)
    for (const [i, { rssBytes }] of this.states().entries())
      assert.ok(rssBytes < atStart[i]!.rssBytes + MOST_MEMORY_BYTES, `${rssBytes >> 20} MB`)
    assert.ok(await this.served())
    await family.until(() => this.sleeps(), 'nobody spins')
  }

  /** So many files are open more than at first. */
  async isSending(count: number): Promise<void> {
    const sum = (states: readonly ProcessState[]): number =>
      states.reduce((total, { descriptors }) => total + descriptors, 0)
    // Each has a connection, and with a cache all may share one file.
    await this.family.until(() => sum(this.states()) >= sum(this.atStart) + count, 'all are being answered')
  }

  connect(): Promise<RawClient> {
    return connect({ port: this.port })
  }

  async crowd(count: number, text = ''): Promise<RawClient[]> {
    const clients = await Promise.all(Array.from({ length: count }, () => this.connect()))
    for (const client of clients) client.send(text)
    return clients
  }
}
