/**
 * veille as bench/ measures it: `node veille.js PORT ROOT POLLER` answers /hello by a module, files of ROOT, and
 * 404; it discards what a POST carries.
 */
import { DECLINED, HANDLED, type Module, type ServeOptions, serve } from '../../src/index.ts'

const [port = '', root = '', poller = 'epoll'] = process.argv.slice(2)
const HELLO = Buffer.from('Hello, World!')

const hello: Module = {
  name: 'hello',
  content(x) {
    if (x.path !== '/hello') return DECLINED
    x.addField('Content-Type', 'text/plain')
    if (x.contentLength === 0) x.answer(200, HELLO)
    else x.readContent({ onContent() {}, onContentEnd: () => x.answer(200, HELLO) })
    return HANDLED
  },
}

const server = await serve({
  root,
  listen: `127.0.0.1:${port}`,
  poller: poller as ServeOptions['poller'],
  modules: [hello],
  // As `keepalive_requests` in nginx.conf beside this file.
  limits: { requestsPerConnection: Number.POSITIVE_INFINITY },
})
process.once('SIGTERM', () => void server.close(1000))
