/**
 * The acceptance case answered by node:http in a few lines, rightly or with one fault, to show that each check of the case can pass and
 * can fail.
 *
 *   const server = await referenceServer(uploads, 'closes')
 *   server.port; server.close()
 */

import { createWriteStream, renameSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { FRONT_PAGE, INDEX, NOP_INDEX, NOT_HAPPY, OTHER } from './site.ts'

export const FAULTS = [
  'head is allowed',
  'allow is missing',
  'another front page',
  'an index everywhere',
  'no redirection',
  'put is not saved',
  'put appends',
  'get is put',
  'a byte stays small',
  'a byte is lost',
  'a byte is doubled',
  'the secret is lost',
  'only files are programs',
  'one byte too many',
  'one byte too few',
  'chunks end early',
  'some are refused',
  'resets',
] as const

export type Fault = (typeof FAULTS)[number]

const FOLDER: Readonly<Record<string, string>> = {
  '/directory/': INDEX,
  '/directory/youpi.bad_extension': INDEX,
  '/directory/nop/': NOP_INDEX,
  '/directory/nop/other.pouic': OTHER,
  '/directory/Yeah/not_happy.bad_extension': NOT_HAPPY,
}
const FOLDERS = ['/directory', '/directory/nop', '/directory/Yeah']
const LIMIT_BYTES = 100

export interface ReferenceServer {
  readonly port: number
  close(): void
}

export async function referenceServer(uploads: string, fault: Fault | null): Promise<ReferenceServer> {
  let count = 0
  const server = createServer((request, response) => {
    count++
    const { method = '', url = '' } = request
    if (fault === 'some are refused' && count % 7 === 0) return void end(request, response, 503)
    if (url.endsWith('.bla') && method === 'POST') upper(request, response, fault)
    else if (url.startsWith('/put_test/')) put(request, response, uploads, fault)
    else if (url === '/post_body') limited(request, response, fault)
    else if (url === '/') front(request, response, fault)
    else folder(request, response, fault)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** After the whole content, so that the connection can be used again. */
function end(request: IncomingMessage, response: ServerResponse, status: number, text = ''): void {
  request.resume().once('end', () => response.writeHead(status).end(text))
}

function front(request: IncomingMessage, response: ServerResponse, fault: Fault | null): void {
  const { method } = request
  if (method === 'GET' || (method === 'HEAD' && fault === 'head is allowed'))
    return void end(request, response, 200, fault === 'another front page' ? 'hello' : FRONT_PAGE)
  if (fault !== 'allow is missing') response.setHeader('Allow', 'GET')
  end(request, response, 405)
}

function folder(request: IncomingMessage, response: ServerResponse, fault: Fault | null): void {
  const { url = '' } = request
  const text = FOLDER[url]
  if (text !== undefined) return void end(request, response, 200, text)
  if (FOLDERS.includes(url) && fault !== 'no redirection') {
    response.setHeader('Location', `${url}/`)
    return void end(request, response, 301)
  }
  end(request, response, fault === 'an index everywhere' ? 200 : 404, '')
}

let written = 0
const seen = new Set<string>()

function put(request: IncomingMessage, response: ServerResponse, uploads: string, fault: Fault | null): void {
  if (request.method !== 'PUT') {
    response.setHeader('Allow', 'PUT')
    return void end(request, response, fault === 'get is put' ? 200 : 405)
  }
  const name = join(uploads, request.url!.slice('/put_test/'.length))
  const flags = fault === 'put appends' ? 'a' : 'w'
  const isFirst = !seen.has(name)
  seen.add(name)
  if (fault === 'put is not saved') return void end(request, response, isFirst ? 201 : 204)
  const path = fault === 'put appends' ? name : `${name}.${written++}`
  request.pipe(createWriteStream(path, { flags })).once('finish', () => {
    if (path !== name) renameSync(path, name)
    response.writeHead(isFirst ? 201 : 204).end()
  })
}

function limited(request: IncomingMessage, response: ServerResponse, fault: Fault | null): void {
  let size = fault === 'one byte too many' ? -1 : fault === 'one byte too few' ? 1 : 0
  request.on('data', bytes => {
    size += bytes.length
  })
  request.once('end', () => response.writeHead(size > LIMIT_BYTES ? 413 : 200).end())
}

function upper(request: IncomingMessage, response: ServerResponse, fault: Fault | null): void {
  if (fault === 'only files are programs' && !request.url!.includes('/youpi.'))
    return void end(request, response, 404)
  const secret = fault === 'the secret is lost' ? undefined : request.headers['x-secret-header-for-test']
  response.setHeader('X-Path-Info', request.url!)
  response.setHeader('X-Secret', secret ?? 'none')
  let size = 0
  request.on('data', (bytes: Buffer) => {
    const answered = changed(bytes, size, fault)
    size += bytes.length
    if (size > 100_000 && fault === 'resets') request.socket.resetAndDestroy()
    if (size > 100_000 && fault === 'chunks end early') request.socket.destroy()
    if (response.write(answered)) return
    request.pause()
    response.once('drain', () => request.resume())
  })
  request.once('end', () => response.end())
}

const FAULTY_BYTE = 54_321

/** In upper case, but for one byte in the middle. @param before bytes before these */
function changed(bytes: Buffer, before: number, fault: Fault | null): Buffer {
  const upper = bytes.map(byte => (byte >= 0x61 && byte <= 0x7a ? byte - 0x20 : byte)) as Buffer
  const at = FAULTY_BYTE - before
  if (at < 0 || at >= bytes.length) return upper
  if (fault === 'a byte stays small') upper[at]! ^= 0x20
  if (fault === 'a byte is lost') return Buffer.concat([upper.subarray(0, at), upper.subarray(at + 1)])
  if (fault === 'a byte is doubled') return Buffer.concat([upper.subarray(0, at + 1), upper.subarray(at)])
  return upper
}
