/**
 * Ports of the loopback interface that are free, for servers in processes of their own, which cannot say what they were given.
 *
 *   const [a, b] = await freePorts(2)
 *   const port = await freePort()
 *
 * They lie below those that the system gives to clients and to servers that ask for any (ip_local_port_range, 32768 and up), so nobody
 * takes them before the server does; but for another test that looks for some at the same moment, which chance keeps away. All have
 * five digits.
 */

import { createServer, type Server } from 'node:net'

const LOWEST = 20_000
const HIGHEST = 32_000
const TRIES = 1000

export async function freePort(): Promise<number> {
  return (await freePorts(1))[0]!
}

/** All are held until the last is found, so that they are not the same. */
export async function freePorts(count: number): Promise<number[]> {
  const servers: Server[] = []
  const ports: number[] = []
  for (let i = 0; ports.length < count; i++) {
    if (i === TRIES) throw new Error(`no port from ${LOWEST} to ${HIGHEST} is free`)
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST))
    const server = await listening(port)
    if (server === null) continue
    servers.push(server)
    ports.push(port)
  }
  await Promise.all(servers.map(server => new Promise(done => server.close(done))))
  return ports
}

/** @returns null when somebody has it, at this address or at all of them */
function listening(port: number): Promise<Server | null> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(null))
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}
