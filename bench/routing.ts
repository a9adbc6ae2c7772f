/**
 * What many sites cost: `npm run build && node dist/bench/routing.js`.
 *
 * A configuration of servers with ten locations each (prefixes, one very path, one regular expression) is read as the command reads it, files
 * of the disk apart; then hosts and paths are looked for as for a request, a thousand of them in turn. How many servers there are should not
 * be seen where only ten of them are asked for. Where all are, each is out of the processor's cache when its turn comes: that is the worst
 * case, not a search. Best of several runs, alone in its process; compare figures of one machine and one engine only.
 */
import type { Hosts } from '../src/server/routing.ts'
import { layoutBelow } from '../src/site/layout.ts'
import { type Reading, readConfiguration } from '../src/site/reading.ts'
import { exchangeOf, type StubExchange } from '../test/exchange-stub.ts'

const RUNS = 7
const RUN_MS = 200
const ASKED = 1000

function configurationOf(servers: number): string {
  const blocks = Array.from({ length: servers }, (_, i) => serverText(i))
  return `events { }\nhttp {\n  add_header X-Content-Type-Options nosniff;\n${blocks.join('\n')}\n}\n`
}

function serverText(i: number): string {
  const prefixes = ['a', 'b', 'c', 'd', 'e'].map(name => `    location /${name}${i}/x/ { expires 1d; }`)
  return `  server {
    listen 127.0.0.1:8080;
    server_name s${i}.example.org www.s${i}.example.org;
    root /srv/s${i};
    location / { try_files $uri $uri/ =404; }
    location = /old { return 301 /new; }
    location /files/ { alias /srv/files/; autoindex on; }
    location ^~ /static/ { access_log off; }
    location ~ \\.s${i}$ { client_max_body_size 2m; }
${prefixes.join('\n')}
  }`
}

function read(text: string): Reading {
  const invocation = {
    layout: layoutBelow('/nowhere'),
    configurationPath: '/nowhere/nginx.conf',
    globals: null,
    isForeground: false,
  }
  const reading = readConfiguration(invocation, { read: () => ({ text }), glob: () => [] })
  if (reading.problems.list.length > 0) throw new Error(reading.problems.list[0]!.summary)
  return reading
}

/** @param asked how many of the servers are asked for, in an order that no cache knows */
function requestsFor(hosts: Hosts, asked: number): StubExchange[] {
  return Array.from({ length: ASKED }, (_, i) => {
    const n = (i * 7919) % asked
    const paths = [
      '/',
      '/old',
      '/files/a.txt',
      '/static/site.css',
      `/page.s${n}`,
      `/c${n}/x/y/z`,
      '/none/at/all',
    ]
    const path = paths[i % paths.length]!
    return exchangeOf(`GET ${path} HTTP/1.1\r\nHost: www.s${n}.example.org\r\n\r\n`, { hosts })
  })
}

function nanosecondsPerRoute(hosts: Hosts, exchanges: readonly StubExchange[]): number {
  let best = Number.POSITIVE_INFINITY
  for (let run = 0; run < RUNS; run++) {
    let calls = 0
    const start = process.hrtime.bigint()
    const stop = start + BigInt(RUN_MS * 1e6)
    let now = start
    for (; now < stop; now = process.hrtime.bigint()) {
      for (const x of exchanges) {
        hosts.assign(x)
        x.enterLocation(x.server.locate(x))
      }
      calls += exchanges.length
    }
    best = Math.min(best, Number(now - start) / calls)
  }
  return best
}

console.log(`node ${process.version}`)
for (const servers of [1, 10, 100, 1000]) {
  const text = configurationOf(servers)
  const start = performance.now()
  const reading = read(text)
  const loadMs = performance.now() - start
  const { hosts } = reading.site.sockets[0]!.endpoint
  const ten = nanosecondsPerRoute(hosts, requestsFor(hosts, Math.min(servers, 10)))
  const all = nanosecondsPerRoute(hosts, requestsFor(hosts, servers))
  console.log(
    `${servers} servers, ${servers * 10} locations`.padEnd(32),
    `read in ${loadMs.toFixed(0)} ms`.padEnd(18),
    `ns per route: ${ten.toFixed(0)} to ten of them, ${all.toFixed(0)} to all`,
  )
}
