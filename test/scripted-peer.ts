/**
 * A FastCGI server that does what a test tells it, to the byte.
 *
 *   const peer = await FastcgiPeer.listen(request => request.reply('Status: 200\n\nhello'))
 *   peer.address                          for fastcgi_pass
 *   peer.requests, peer.connectionCount   what has come
 *   await peer.close()
 *
 *   request.params, request.content       as they were told, once both streams are over
 *   request.send(bytes)                   raw; each call is one write
 *   request.reply('…')                    one STDOUT record and END_REQUEST
 *   request.hangUp()                      closes; reset() cuts
 *
 *   stdout('…'), stderr('…'), endRequest()   records, perhaps with padding
 */

import { createServer, type Server, type Socket } from 'node:net'

export interface RecordFields {
  readonly version?: number
  readonly id?: number
  readonly padding?: number
}

export function recordOf(type: number, content: Buffer | string, fields: RecordFields = {}): Buffer {
  const { version = 1, id = 1, padding = 0 } = fields
  const body = Buffer.from(content)
  const header = Buffer.from([version, type, 0, 0, 0, 0, padding, 0])
  header.writeUInt16BE(id, 2)
  header.writeUInt16BE(body.length, 4)
  return Buffer.concat([header, body, Buffer.alloc(padding, 0x21)])
}

export function stdout(content: Buffer | string, fields?: RecordFields): Buffer {
  return recordOf(6, content, fields)
}

export function stderr(content: string, fields?: RecordFields): Buffer {
  return recordOf(7, content, fields)
}

export function endRequest(protocolStatus = 0, fields?: RecordFields): Buffer {
  return recordOf(3, Buffer.from([0, 0, 0, 0, protocolStatus, 0, 0, 0]), fields)
}

export class PeerRequest {
  readonly params = new Map<string, string>()
  readonly keepsOpen: boolean
  content = Buffer.alloc(0)
  contentBytes = 0
  isAborted = false
  readonly socket: Socket
  private paramBytes = Buffer.alloc(0)

  constructor(socket: Socket, keepsOpen: boolean) {
    this.socket = socket
    this.keepsOpen = keepsOpen
  }

  takeParams(bytes: Buffer): void {
    if (bytes.length > 0) this.paramBytes = Buffer.concat([this.paramBytes, bytes])
    else for (const [name, value] of pairsIn(this.paramBytes)) this.params.set(name, value)
  }

  takeContent(bytes: Buffer): void {
    this.contentBytes += bytes.length
    if (this.contentBytes < 1024 * 1024) this.content = Buffer.concat([this.content, bytes])
  }

  send(bytes: Buffer): void {
    this.socket.write(bytes)
  }

  reply(output: string): void {
    this.send(Buffer.concat([stdout(output), stdout(''), endRequest()]))
    if (!this.keepsOpen) this.hangUp()
  }

  hangUp(): void {
    this.socket.end()
  }

  reset(): void {
    this.socket.resetAndDestroy()
  }
}

function pairsIn(bytes: Buffer): [string, string][] {
  const pairs: [string, string][] = []
  let at = 0
  const length = (): number => {
    const isShort = bytes[at]! < 128
    at += isShort ? 1 : 4
    return isShort ? bytes[at - 1]! : bytes.readUInt32BE(at - 4) & 0x7fff_ffff
  }
  const text = (size: number): string => {
    at += size
    return bytes.toString('latin1', at - size, at)
  }
  while (at < bytes.length) {
    const [nameBytes, valueBytes] = [length(), length()]
    pairs.push([text(nameBytes), text(valueBytes)])
  }
  return pairs
}

export type Script = (request: PeerRequest) => void

export interface PeerOptions {
  /** In place of a port. */
  readonly path?: string
  /** Called when the parameters are there, before the content. */
  readonly onParams?: Script
  readonly onConnection?: (socket: Socket) => void
}

export class FastcgiPeer {
  readonly requests: PeerRequest[] = []
  connectionCount = 0
  private readonly server: Server
  private readonly sockets = new Set<Socket>()
  private readonly path: string | null

  static async listen(script: Script, options: PeerOptions = {}): Promise<FastcgiPeer> {
    const peer = new FastcgiPeer(script, options)
    const { path } = options
    await new Promise<void>(resolve => {
      if (path === undefined) peer.server.listen(0, '127.0.0.1', resolve)
      else peer.server.listen(path, resolve)
    })
    return peer
  }

  private constructor(script: Script, options: PeerOptions) {
    this.path = options.path ?? null
    this.server = createServer({ allowHalfOpen: true, noDelay: true }, socket => {
      this.connectionCount++
      this.sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => this.sockets.delete(socket))
      socket.on('end', () => socket.end())
      options.onConnection?.(socket)
      this.read(socket, script, options.onParams)
    })
  }

  get address(): string {
    if (this.path !== null) return `unix:${this.path}`
    const address = this.server.address()
    return typeof address === 'object' && address !== null ? `127.0.0.1:${address.port}` : ''
  }

  get openCount(): number {
    return this.sockets.size
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    await new Promise(resolve => this.server.close(resolve))
  }

  private read(socket: Socket, script: Script, onParams: Script | undefined): void {
    let rest = Buffer.alloc(0)
    let request: PeerRequest | null = null
    socket.on('data', bytes => {
      rest = Buffer.concat([rest, bytes])
      while (rest.length >= 8) {
        const size = rest.readUInt16BE(4)
        const next = 8 + size + rest[6]!
        if (rest.length < next) return
        const [type, content] = [rest[1], rest.subarray(8, 8 + size)]
        rest = rest.subarray(next)
        if (type === 1) {
          request = new PeerRequest(socket, content[2] === 1)
          this.requests.push(request)
        } else if (request === null) continue
        else if (type === 2) request.isAborted = true
        else if (type === 4) {
          request.takeParams(content)
          if (size === 0) onParams?.(request)
        } else if (size > 0) request.takeContent(content)
        else script(request)
      }
    })
  }
}
