/**
 * What one request costs the parser: `npm run build && node dist/bench/parser.js`.
 *
 * Nanoseconds per head, best of seven runs, alone in its process. "Read" is parse() only; "checked" adds what the
 * server asks of every request: target, host, framing, persistence. The bytes lie where recv() would have put them,
 * and one instance reads them all, as in the server. Compare figures of one machine and one engine only.
 */
import { RequestHead } from '../src/http/request-head.ts'
import { checkRequest, RequestFacts } from '../src/http/request-rules.ts'

const RUNS = 7
const RUN_MS = 250

const SMALL = ['GET /a HTTP/1.1', 'Host: example.org:80', '', ''].join('\r\n')

/** What Chrome sends for a style sheet of a page. */
const CHROME = [
  'GET /assets/styles/site.css?v=20261123 HTTP/1.1',
  'Host: www.example.org:8080',
  'Connection: keep-alive',
  'sec-ch-ua-platform: "Linux"',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
  'sec-ch-ua: "Google Chrome";v="141", "Not?A_Brand";v="8", "Chromium";v="141"',
  'sec-ch-ua-mobile: ?0',
  'Accept: text/css,*/*;q=0.1',
  'Sec-Fetch-Site: same-origin',
  'Sec-Fetch-Mode: no-cors',
  'Sec-Fetch-Dest: style',
  'Referer: http://www.example.org:8080/articles/2026/',
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Accept-Language: en-GB,en;q=0.9,fr;q=0.8',
  'Cookie: theme=dark; seen=4711; _session=Zm9vYmFyYmF6cXV4',
  'If-None-Match: "66f2-18c2"',
  '',
  '',
].join('\r\n')

const head = new RequestHead()
const request = new RequestFacts()

function read(bytes: Buffer): void {
  head.reset()
  if (head.parse(bytes, 0, bytes.length) !== bytes.length) throw new Error('the head was not read')
}

function readAndCheck(bytes: Buffer): void {
  read(bytes)
  if (checkRequest(head, false, request) !== 0) throw new Error('the request was refused')
}

function readByteByByte(bytes: Buffer): void {
  head.reset()
  for (let end = 1; end <= bytes.length; end++) head.parse(bytes, 0, end)
}

/** Nanoseconds per call in the best of the runs. */
function measure(work: (bytes: Buffer) => void, text: string, other = text): number {
  const heads = [Buffer.from(text, 'latin1'), Buffer.from(other, 'latin1')] as const
  let best = Number.POSITIVE_INFINITY
  for (let run = 0; run < RUNS; run++) {
    let calls = 0
    const start = process.hrtime.bigint()
    const stop = start + BigInt(RUN_MS * 1e6)
    let now = start
    for (; now < stop; now = process.hrtime.bigint())
      for (let i = 0; i < 500; i++, calls++) work(heads[i & 1]!)
    best = Math.min(best, Number(now - start) / calls)
  }
  return best
}

console.log(`node ${process.version}, ns per head, best of ${RUNS}`)
// Two heads that differ in their last field take turns, so that no section is like the one before; `again` is the other case.
const columns = { read, 'read and checked': readAndCheck, 'byte by byte': readByteByByte }
for (const [name, text] of Object.entries({ small: SMALL, Chrome: CHROME })) {
  const other = text.replace(/.(?=\r\n\r\n$)/, '9')
  const figures = Object.entries(columns).map(
    ([column, work]) => `${column} ${measure(work, text, other).toFixed(0)}`,
  )
  figures.push(`again ${measure(readAndCheck, text).toFixed(0)}`)
  console.log(`${name.padEnd(8)}${String(text.length).padStart(4)} bytes   ${figures.join('   ')}`)
}
