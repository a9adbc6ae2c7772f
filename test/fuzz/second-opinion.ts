/**
 * What another well-known parser makes of the same bytes: llhttp, strict, as it stands in node:http.
 *
 *   const opinion = await secondOpinion()
 *   opinion.port                        where it listens
 *   opinion.requestsOf(clientPort)      the messages that it has accepted on that connection, in order
 *   await opinion.close()
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A complete message: what two parsers must agree on. */
export interface Accepted {
  readonly method: string
  readonly target: string
  /** null for what the server answers by itself, without handing the content to anybody. */
  readonly content: string | null
  /** The digit behind `HTTP/1.`. */
  readonly versionMinor: number
}

export interface SecondOpinion {
  readonly port: number
  /** They are forgotten by that. */
  requestsOf(clientPort: number): Accepted[]
  close(): Promise<void>
}

export async function secondOpinion(): Promise<SecondOpinion> {
  const byPort = new Map<number, Accepted[]>()
  const accept = (request: IncomingMessage, response: ServerResponse): void => {
    const port = request.socket.remotePort!
    const parts: Buffer[] = []
    request.on('data', (bytes: Buffer) => parts.push(bytes))
    request.on('end', () => {
      const list = byPort.get(port) ?? []
      byPort.set(port, list)
      const content = Buffer.concat(parts).toString('latin1')
      const versionMinor = request.httpVersionMinor
      list.push({ method: request.method!, target: request.url!, content, versionMinor })
    })
    // Set by hand, or node:http would not keep a connection of HTTP/1.0.
    response.setHeader('Content-Length', 0)
    response.end()
  }
  const server = createServer({ insecureHTTPParser: false, requireHostHeader: false }, accept)
  server.on('checkContinue', (request, response) => {
    response.writeContinue()
    accept(request, response)
  })
  server.on('checkExpectation', accept)
  server.on('connect', (_request, socket) => socket.destroy())
  // Later, because what was accepted before is told a moment after it was.
  server.on('clientError', (_error, socket) => setImmediate(() => socket.destroy()))
  // A client that has closed its side still waits for its answers; otherwise node:http drops them.
  Object.assign(server, { httpAllowHalfOpen: true })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    requestsOf(clientPort) {
      const list = byPort.get(clientPort) ?? []
      byPort.delete(clientPort)
      return list
    },
    close() {
      server.closeAllConnections()
      return new Promise(resolve => server.close(() => resolve()))
    },
  }
}
