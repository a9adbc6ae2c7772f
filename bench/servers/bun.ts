/**
 * Bun as bench/ measures it, where a `bun` is installed: `bun bun.js PORT ROOT` answers /hello, files of ROOT,
 * and 404; it discards what a POST carries.
 */
interface BunFile extends Blob {
  exists(): Promise<boolean>
}

declare const Bun: {
  serve(options: {
    port: number
    hostname: string
    idleTimeout: number
    fetch(request: Request): Response | Promise<Response>
  }): unknown
  file(path: string): BunFile
}

const [port = '', root = ''] = process.argv.slice(2)

const KEEPS = { headers: { 'Content-Type': 'text/plain' } }
/** Bun closes when it is asked to, but does not announce it (RFC 9112 §9.6), which wrk takes for a failure. */
const CLOSES = { headers: { 'Content-Type': 'text/plain', Connection: 'close' } }

function hello(request: Request): Response {
  return new Response('Hello, World!', request.headers.get('connection') === 'close' ? CLOSES : KEEPS)
}

async function discard(request: Request): Promise<Response> {
  if (request.body !== null) for await (const _ of request.body);
  return hello(request)
}

async function file(path: string): Promise<Response> {
  const found = Bun.file(root + path)
  return (await found.exists()) ? new Response(found) : new Response('Not Found', { status: 404 })
}

Bun.serve({
  port: Number(port),
  hostname: '127.0.0.1',
  idleTimeout: 75,
  fetch(request) {
    const { pathname } = new URL(request.url)
    if (pathname !== '/hello') return file(pathname)
    return request.method === 'GET' ? hello(request) : discard(request)
  },
})
process.once('SIGTERM', () => process.exit(0))
