/**
 * From what was asked for to a server that listens: which addresses, the next free port, and in words why it cannot be.
 *
 *   await openServer(settings, options, inherited)      { server, busyPort }, or a `Mistake`
 */

import { type RunningServer, ServeError, type ServeOptions, serve } from '../index.ts'
import { Mistake } from './mistake.ts'
import type { Settings } from './options.ts'

/** Where nothing says otherwise. How many ports behind it are tried when it is in use. */
export const DEFAULT_PORT = 8080
const NEXT_PORTS = 10

export interface Opened {
  server: RunningServer
  /** The default port, when it was in use and another one was taken. */
  busyPort: number | null
}

/**
 * @param inherited listening sockets that a service manager has passed on
 * @throws {Mistake}
 */
export async function openServer(
  settings: Settings,
  options: ServeOptions,
  inherited: readonly number[],
): Promise<Opened> {
  const open = (listen: string[]): Promise<RunningServer> =>
    serve({ ...options, listen, listenFds: inherited })
  const { host, port, listen } = settings
  try {
    if (listen.length > 0) return { server: await open(listen), busyPort: null }
    if (port !== null) return { server: await open([endpoint(host, port)]), busyPort: null }
    if (host === null && inherited.length > 0) return { server: await open([]), busyPort: null }
    return await firstFree(candidate => open([endpoint(host, candidate)]))
  } catch (error) {
    throw error instanceof ServeError ? explained(error, settings) : error
  }
}

function endpoint(host: string | null, port: number): string {
  return host === null ? String(port) : `${host}:${port}`
}

async function firstFree(open: (port: number) => Promise<RunningServer>): Promise<Opened> {
  const last = DEFAULT_PORT + NEXT_PORTS
  for (let port = DEFAULT_PORT; port <= last; port++) {
    try {
      return { server: await open(port), busyPort: port === DEFAULT_PORT ? null : DEFAULT_PORT }
    } catch (error) {
      if (!(error instanceof ServeError && error.code === 'EADDRINUSE')) throw error
    }
  }
  throw new Mistake(`the ports ${DEFAULT_PORT} to ${last} are all in use; choose another one with --port`)
}

/** The server names the call that failed; a user wants to know what to do. */
function explained({ code, message }: ServeError, { listen, host, port }: Settings): Mistake {
  if (code === 'EADDRINUSE' && listen.length === 0) {
    return new Mistake(
      `port ${port} is already in use; choose another one, or none: then veille takes one that is free`,
    )
  }
  if (code === 'EACCES' && !message.includes('unix:')) {
    return new Mistake(`${message}; ports below 1024 are for administrators`)
  }
  if (code === 'EADDRNOTAVAIL') return new Mistake(`${message}; this machine does not have that address`)
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    const name = host ?? message.split(' ').at(-1)
    return new Mistake(`cannot listen on "${name}": no address is known for this name`)
  }
  return new Mistake(message)
}
