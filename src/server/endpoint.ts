/**
 * A listening address as its connections see it: whose hosts are there, and the limits that hold before a host is known.
 */

import { type HeadLimits, RequestHead } from '../http/request-head.ts'
import type { Hosts } from './routing.ts'

/** What holds for all connections of a listening address: whose head it is stands in the head only. */
export interface Endpoint {
  readonly hosts: Hosts
  readonly heads: HeadPool
  /** From the first byte of a head (of the first head: from the connection's begin) to its last. */
  readonly headTimeoutMs: number
  /** Each connection begins with who it comes from (PROXY protocol). */
  readonly speaksProxyProtocol: boolean
}

/** Heads of one size limit that wait for a connection whose request arrives in pieces. */
export class HeadPool {
  private readonly limits: HeadLimits
  private readonly free: RequestHead[] = []

  constructor(limits: HeadLimits) {
    this.limits = limits
  }

  take(): RequestHead {
    return this.free.pop() ?? new RequestHead(this.limits)
  }

  give(head: RequestHead): void {
    head.reset()
    if (this.free.length < MOST_FREE_HEADS) this.free.push(head)
  }
}

const MOST_FREE_HEADS = 64
