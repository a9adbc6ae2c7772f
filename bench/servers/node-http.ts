/**
 * node:http as bench/ measures it: the server most people would write, without a framework.
 * `node node-http.js PORT ROOT` answers /hello, files of ROOT, and 404; it discards what a POST carries.
 *
 * It does not cache, compress or list: that would measure a framework, not node:http.
 */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join, normalize } from 'node:path'

const [port = '', root = ''] = process.argv.slice(2)
const TEXT = 'text/plain'

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': TEXT, 'Content-Length': Buffer.byteLength(text) })
  response.end(text)
}

async function file(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = join(root, normalize(request.url ?? '/'))
  const found = await stat(path).catch(() => null)
  if (!found?.isFile()) return answer(response, 404, 'Not Found')
  response.writeHead(200, {
    'Content-Type': TEXT,
    'Content-Length': found.size,
    'Last-Modified': found.mtime.toUTCString(),
  })
  createReadStream(path)
    .on('error', () => response.destroy())
    .pipe(response)
}

const server = createServer((request, response) => {
  if (request.url !== '/hello') void file(request, response)
  else if (request.method === 'GET') answer(response, 200, 'Hello, World!')
  else request.resume().on('end', () => answer(response, 200, 'Hello, World!'))
})

server.keepAliveTimeout = 75_000
server.listen({ port: Number(port), host: '127.0.0.1', backlog: 4096 })
process.once('SIGTERM', () => process.exit(0))
