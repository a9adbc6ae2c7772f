/**
 * FastCGI servers that behave, and all that do not: a server of ours in this process, each poller, and a peer that says exactly what a case
 * tells it. php-fpm has tests of its own.
 */

import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { type Here, serveHere } from '../configuration-here.ts'
import { openDescriptors, POLLERS } from '../descriptors.ts'
import { freePort } from '../free-ports.ts'
import { connect, eventually, type RawClient } from '../raw-client.ts'
import { fieldValue, type Response, readResponse } from '../responses.ts'
import {
  endRequest,
  FastcgiPeer,
  type PeerOptions,
  type PeerRequest,
  recordOf,
  type Script,
  stderr,
  stdout,
} from '../scripted-peer.ts'

const folder = mkdtempSync(join(tmpdir(), 'veille-fastcgi-'))
chmodSync(folder, 0o755)
mkdirSync(join(folder, 'logs'))
after(() => rmSync(folder, { recursive: true }))

const HELLO = 'Content-Type: text/plain\r\n\r\nhello'
const WHOLE = [stdout(HELLO), stdout(''), endRequest()]

class Site {
  readonly port: number
  private readonly here: Here
  private readonly clients: RawClient[] = []

  static async start(events: string, location: string, http = ''): Promise<Site> {
    const port = await freePort()
    const path = join(folder, 'site.conf')
    writeFileSync(join(folder, 'logs/error.log'), '')
    writeFileSync(join(folder, 'logs/access.log'), '')
    writeFileSync(
      path,
      `daemon off; master_process off; pid logs/pid; error_log logs/error.log info;
       events { ${events} }
       http {
         log_format ups '$status [$upstream_addr] [$upstream_status] $upstream_response_length $upstream_http_x_a $upstream_cookie_c';
         access_log logs/access.log ups;
         ${http}
         server { listen 127.0.0.1:${port}; root ${folder}; location / { ${location} } }
       }`,
    )
    return new Site(port, await serveHere(folder, path))
  }

  private constructor(port: number, here: Here) {
    this.port = port
    this.here = here
  }

  get errors(): string {
    return readFileSync(join(folder, 'logs/error.log'), 'latin1')
  }

  get accesses(): string {
    return readFileSync(join(folder, 'logs/access.log'), 'latin1')
  }

  async client(): Promise<RawClient> {
    const client = await connect({ port: this.port })
    this.clients.push(client)
    return client
  }

  async ask(head: string, content = ''): Promise<Response> {
    const client = await this.client()
    const lines = head.includes('\r\n') ? head : `${head}\r\nHost: a.test`
    client.send(`${lines}\r\nConnection: close\r\n\r\n${content}`)
    const bytes = await client.atEnd()
    const response = readResponse(bytes, 0, { isHeadOnly: head.startsWith('HEAD '), isLast: true })
    return response ?? assert.fail(`no whole answer: ${bytes.toString('latin1')}`)
  }

  get(path = '/'): Promise<Response> {
    return this.ask(`GET ${path} HTTP/1.1`)
  }

  async logged(words: string): Promise<void> {
    await eventually(
      () => this.errors.includes(words),
      () => `"${words}" is not in ${this.errors}`,
    )
  }

  async close(): Promise<void> {
    for (const client of this.clients) client.destroy()
    await this.here.close()
  }
}

/** Each way of waiting, and one of them by the strict rules. */
const EVENTS = [...POLLERS.map(poller => `use ${poller};`), 'use poll; strict_readiness on;']

for (const events of EVENTS) {
  describe(`a FastCGI server, events { ${events} }`, () => {
    let site: Site | null = null
    const peers: FastcgiPeer[] = []
    let descriptors = 0

    before(async () => {
      // What is made once for a process is made before anything is counted.
      const warm = await Site.start(events, 'return 204;')
      await warm.get()
      await warm.close()
    })

    beforeEach(() => {
      descriptors = openDescriptors()
    })

    afterEach(async () => {
      await site?.close()
      site = null
      for (const one of peers.splice(0)) await one.close()
      await eventually(
        () => openDescriptors() <= descriptors,
        () => `${openDescriptors()} descriptors are open, ${descriptors} were`,
      )
    })

    async function peerOf(script: Script, options?: PeerOptions): Promise<FastcgiPeer> {
      const peer = await FastcgiPeer.listen(script, options)
      peers.push(peer)
      return peer
    }

    /** A server and one peer that does this. */
    async function serve(script: Script, more = '', options?: PeerOptions): Promise<[Site, FastcgiPeer]> {
      const peer = await peerOf(script, options)
      site = await Site.start(events, `fastcgi_pass ${peer.address}; ${more}`)
      return [site, peer]
    }

    it('is told of the request, and answers it', async () => {
      const more = `fastcgi_param SCRIPT_FILENAME /srv$fastcgi_script_name; fastcgi_param QUERY_STRING $query_string;
        fastcgi_param HTTP_HIDDEN ""; fastcgi_param EMPTY ""; fastcgi_param NOTHING $arg_none if_not_empty; fastcgi_index i.php;`
      const [here, peer] = await serve(request => request.reply(HELLO), more)
      const head = `GET /a%20b/?x=%zz HTTP/1.1\r\nHost: a.test\r\nX-Two: 1\r\nx-two: 2\r\nProxy: bad\r\nHidden: h\r\nX_Score: 1\r\nCookie: a=1\r\nCookie: b=2`
      const response = await here.ask(head)
      assert.equal(response.status, 200)
      assert.equal(fieldValue(response, 'content-type'), 'text/plain')
      assert.equal(response.content.toString(), 'hello')
      assert.deepEqual(Object.fromEntries(peer.requests[0]!.params), {
        SCRIPT_FILENAME: '/srv/a b/i.php',
        QUERY_STRING: 'x=%zz',
        EMPTY: '',
        HTTP_HOST: 'a.test',
        HTTP_X_TWO: '1, 2',
        HTTP_COOKIE: 'a=1; b=2',
        HTTP_CONNECTION: 'close',
      })
      assert.equal(peer.requests[0]!.keepsOpen, false)
    })

    it('may answer in records that are cut anywhere, with padding and STDERR in between', async () => {
      const answer = Buffer.concat([
        stderr('oh '),
        stdout('Status: 201 Made\nX-A: 1\n', { padding: 7 }),
        stderr('no\n', { padding: 255 }),
        stdout('\nhel'),
        stdout('lo', { padding: 1 }),
        stderr('late'),
        stdout(''),
        endRequest(0, { padding: 3 }),
      ])
      const [here] = await serve(async request => {
        for (const byte of answer) {
          request.send(Buffer.from([byte]))
          await new Promise(resolve => setImmediate(resolve))
        }
        request.hangUp()
      })
      const response = await here.get()
      assert.equal(response.status, 201)
      assert.equal(response.content.toString(), 'hello')
      await here.logged('FastCGI sent in stderr: "late" while reading upstream')
      assert.match(here.errors, /FastCGI sent in stderr: "oh" while reading response header from upstream/)
      assert.match(here.errors, /FastCGI sent in stderr: "no" while reading response header from upstream/)
      assert.match(here.errors, /upstream: "fastcgi:\/\/127\.0\.0\.1:\d+"/)
    })

    it('is given the content, by length and in chunks, small and large, stored and streamed', async () => {
      for (const buffering of ['on', 'off']) {
        const [here, peer] = await serve(
          request => request.reply(`X-Bytes: ${request.contentBytes}\n\n`),
          `fastcgi_request_buffering ${buffering}; fastcgi_param LENGTH $content_length;`,
        )
        for (const size of [0, 1, 40_000, 1_000_000]) {
          const content = 'x'.repeat(size)
          const plain = await here.ask(`POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${size}`, content)
          assert.equal(fieldValue(plain, 'x-bytes'), String(size), `${size} bytes, buffering ${buffering}`)
          assert.equal(peer.requests.at(-1)!.params.get('LENGTH'), String(size))
          const chunks = size === 0 ? '0\r\n\r\n' : `${size.toString(16)}\r\n${content}\r\n0\r\n\r\n`
          const chunked = await here.ask(
            'POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked',
            chunks,
          )
          assert.equal(fieldValue(chunked, 'x-bytes'), String(size), `${size} in chunks, ${buffering}`)
          const told = peer.requests.at(-1)!.params
          assert.equal(told.get('LENGTH'), buffering === 'on' ? String(size) : '')
          assert.equal(told.has('HTTP_TRANSFER_ENCODING'), false)
        }
        await here.close()
        site = null
      }
    })

    it('may take its content and give its answer at the same time, with all buffers full', async () => {
      const block = Buffer.alloc(60_000, 'y')
      const [here] = await serve(() => {}, 'fastcgi_request_buffering off; client_max_body_size 0;', {
        onParams: request => {
          request.socket.pause()
          request.send(stdout('\n'))
          let sent = 0
          const more = (): void => {
            while (sent < 8_000_000 && !request.socket.writableNeedDrain) {
              request.send(stdout(block))
              sent += block.length
            }
            if (sent >= 8_000_000) {
              request.socket.resume()
              request.send(Buffer.concat([stdout(''), endRequest()]))
            } else request.socket.once('drain', more)
          }
          more()
        },
      })
      const size = 3_000_000
      const response = await here.ask(
        `POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${size}`,
        'x'.repeat(size),
      )
      assert.equal(response.content.length, Math.ceil(8_000_000 / 60_000) * 60_000)
    })

    it('is taken by its word about its length', async () => {
      const replies = [
        'Content-Length: 5\n\nhello',
        'Content-Length: 5\n\nhello world',
        'Content-Length: 9\n\nhello',
      ]
      const [here] = await serve(request => request.reply(replies.shift()!))
      for (const expected of ['hello', 'hello']) {
        const response = await here.get()
        assert.equal(fieldValue(response, 'content-length'), '5')
        assert.equal(response.content.toString(), expected)
      }
      const client = await here.client()
      client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
      assert.equal(await client.gone(), false, 'a cut that the client sees')
      await here.logged('bytes less than the 9 it had announced')
    })

    it('is no server when it refuses, hangs up, or does not speak FastCGI', async () => {
      const closed = await FastcgiPeer.listen(() => {})
      await closed.close()
      const cases: [script: Script, words: string][] = [
        [
          request => request.hangUp(),
          'upstream prematurely closed connection while reading response header from upstream',
        ],
        [
          request => request.reset(),
          'recv() failed (104: Connection reset by peer) while reading response header from upstream',
        ],
        [
          request => request.send(Buffer.concat([stdout('Status: 2'), endRequest()])),
          'upstream prematurely closed connection while reading response header from upstream',
        ],
        [
          request => request.send(Buffer.from('HTTP/1.1 200 OK\r\n\r\n')),
          'upstream sent unsupported FastCGI protocol version: 72',
        ],
        [request => request.send(recordOf(9, 'x')), 'upstream sent invalid FastCGI record type: 9'],
        [
          request => request.send(stdout('x', { id: 2 })),
          'upstream sent unexpected FastCGI request id low byte: 2',
        ],
        [request => request.reply('no header\n\n'), 'upstream sent invalid header'],
        [
          request => request.reply(`X: ${'a'.repeat(5000)}\n\n`),
          'upstream sent too big header while reading response header from upstream',
        ],
        [request => request.send(endRequest(2)), 'upstream did not process the request: it is overloaded'],
      ]
      let script: Script = () => {}
      const [here, peer] = await serve(request => script(request))
      for (const [one, words] of cases) {
        script = one
        const response = await here.get()
        assert.equal(response.status, 502, words)
        await here.logged(words)
      }
      assert.match(here.accesses, new RegExp(`502 \\[${peer.address}\\] \\[502\\]`))
      await here.close()
      site = await Site.start(events, `fastcgi_pass unix:${folder}/nowhere.sock;`)
      assert.equal((await site.get()).status, 502)
      await site.logged(
        `connect() to unix:${folder}/nowhere.sock failed (2: No such file or directory) while connecting to upstream`,
      )
    })

    it('that is not there is told as nginx tells it', async () => {
      const closed = await FastcgiPeer.listen(() => {})
      const { address } = closed
      await closed.close()
      site = await Site.start(events, `fastcgi_pass ${address};`)
      assert.equal((await site.get()).status, 502)
      await site.logged('connect() failed (111: Connection refused) while connecting to upstream')
    })

    it('that says nothing is waited for, and no longer than told', async () => {
      const [here] = await serve(() => {}, 'fastcgi_read_timeout 50ms;')
      assert.equal((await here.get()).status, 504)
      await here.logged(
        'upstream timed out (110: Connection timed out) while reading response header from upstream',
      )
    })

    it('that takes nothing is waited for, and no longer than told', async () => {
      const options = { onParams: (request: PeerRequest) => void request.socket.pause() }
      const [here] = await serve(() => {}, 'fastcgi_send_timeout 50ms; client_max_body_size 0;', options)
      const size = 20_000_000
      const post = `POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${size}`
      assert.equal((await here.ask(post, 'x'.repeat(size))).status, 504)
      await here.logged('upstream timed out (110: Connection timed out) while sending request to upstream')
    })

    it('that falls silent in its answer cuts it', async () => {
      const [here] = await serve(request => request.send(stdout(HELLO)), 'fastcgi_read_timeout 50ms;')
      const client = await here.client()
      client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
      await client.gone()
      assert.match(client.text, /hello/)
      assert.equal(readResponse(client.bytes, 0), null, 'there is no last chunk')
      await here.logged('upstream timed out (110: Connection timed out) while reading upstream')
    })

    it('that hangs up in its answer without END_REQUEST cuts it', async () => {
      const [here] = await serve(request => {
        request.send(stdout(HELLO))
        request.hangUp()
      })
      const client = await here.client()
      client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
      await client.gone()
      assert.equal(readResponse(client.bytes, 0), null, 'there is no last chunk')
      await here.logged('upstream prematurely closed connection while reading upstream')
    })

    it('may answer and hang up before it has read the content', async () => {
      for (const buffering of ['on', 'off']) {
        const early: Script = request => {
          request.socket.pause()
          request.send(Buffer.concat(WHOLE))
          request.socket.end(() => request.socket.destroy())
        }
        const options = { onParams: early, path: join(folder, `early-${buffering}.sock`) }
        const [here] = await serve(
          () => {},
          `fastcgi_request_buffering ${buffering}; client_max_body_size 0;`,
          options,
        )
        const size = 2_000_000
        const response = await here.ask(
          `POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${size}`,
          'x'.repeat(size),
        )
        assert.equal(response.content.toString(), 'hello', `buffering ${buffering}`)
        await here.close()
        site = null
      }
    })

    it('loses its connection when the client has gone', async () => {
      const [here, peer] = await serve(() => {})
      const client = await here.client()
      client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
      await eventually(
        () => peer.requests.length === 1,
        () => 'no request',
      )
      client.reset()
      await eventually(
        () => peer.openCount === 0,
        () => 'the connection to the peer is still open',
      )
      assert.ok(peer.requests[0]!.isAborted)
    })

    it('may finish for nobody, where it is told so', async () => {
      const [here, peer] = await serve(() => {}, 'fastcgi_ignore_client_abort on;')
      const client = await here.client()
      client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
      await eventually(
        () => peer.requests.length === 1,
        () => 'no request',
      )
      client.reset()
      await eventually(
        () => here.accesses !== '',
        () => 'not logged',
      )
      const [request] = peer.requests
      assert.ok(!request!.isAborted)
      assert.equal(peer.openCount, 1)
      request!.reply(HELLO)
      await eventually(
        () => peer.openCount === 0,
        () => 'still open',
      )
      assert.ok(!request!.isAborted)
    })

    it('keeps its connection where it is told so, and is asked on a new one when that has died', async () => {
      const [here, peer] = await serve(request => request.reply(HELLO), 'fastcgi_keep_conn on;')
      for (let i = 0; i < 3; i++) assert.equal((await here.get()).content.toString(), 'hello')
      assert.equal(peer.connectionCount, 1)
      assert.ok(peer.requests[0]!.keepsOpen)
      // It dies while it is used, before anything of the answer has come.
      let isDeaf = true
      const [again, flaky] = await (async () => {
        await here.close()
        return serve(request => {
          if (flaky.requests.length === 2 && isDeaf) {
            isDeaf = false
            request.hangUp()
          } else request.reply(HELLO)
        }, 'fastcgi_keep_conn on;')
      })()
      for (let i = 0; i < 2; i++) assert.equal((await again.get()).status, 200)
      assert.deepEqual([flaky.connectionCount, flaky.requests.length], [2, 3])
    })

    it('loses its connection rather than let another request wait for it', async () => {
      const [here, peer] = await serve(() => {}, 'fastcgi_keep_conn on;')
      const answers = [here.get(), here.get()]
      await eventually(
        () => peer.requests.length === 2,
        () => 'two requests, on two connections',
      )
      peer.requests[0]!.reply(HELLO)
      await eventually(
        () => peer.openCount === 1,
        () => 'the first connection is kept',
      )
      peer.requests[1]!.reply(HELLO)
      for (const answer of answers) assert.equal((await answer).status, 200)
      assert.equal(peer.openCount, 1)
    })

    it('is not asked twice for what changes something', async () => {
      const [here, peer] = await serve(request => {
        if (peer.requests.length === 1) request.reply(HELLO)
        else request.hangUp()
      }, 'fastcgi_keep_conn on;')
      const post = 'POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1'
      assert.equal((await here.ask(post, 'x')).status, 200)
      assert.equal((await here.ask(post, 'x')).status, 502)
      assert.equal(peer.requests.length, 2)
    })

    it('gives way to the next one of its group', async () => {
      const dead = await FastcgiPeer.listen(() => {})
      const { address } = dead
      await dead.close()
      const broken = await peerOf(request => request.reply('Status: 503\n\n'))
      const good = await peerOf(request => request.reply(`X-A: it\nSet-Cookie: C=d; Path=/\n${HELLO}`))
      site = await Site.start(
        events,
        'fastcgi_pass php; fastcgi_next_upstream error timeout http_503;',
        `upstream php { server ${address}; server ${broken.address}; server ${good.address}; }`,
      )
      assert.equal((await site.get()).content.toString(), 'hello')
      assert.equal((await site.get()).status, 200)
      const [first, second] = site.accesses.trim().split('\n')
      assert.equal(first, `200 [${address}, ${broken.address}, ${good.address}] [502, 503, 200] 0, 0, 5 it d`)
      // Those that failed rest now.
      assert.equal(second, `200 [${good.address}] [200] 5 it d`)
      assert.match(site.errors, /upstream server temporarily disabled/)
    })

    it('of a group in which nobody answers is no live one', async () => {
      const dead = await FastcgiPeer.listen(() => {})
      const { address } = dead
      await dead.close()
      site = await Site.start(
        events,
        'fastcgi_pass php;',
        `upstream php { server ${address}; server ${address}; server ${address} down; }`,
      )
      assert.equal((await site.get()).status, 502)
      assert.equal((await site.get()).status, 502)
      await site.logged('no live upstreams while connecting to upstream')
      assert.match(site.accesses, /502 \[php\] \[502\]/)
    })

    it('is found by variables: a group, or an address', async () => {
      const peer = await peerOf(request => request.reply(HELLO))
      site = await Site.start(events, 'fastcgi_pass $arg_to;', `upstream php { server ${peer.address}; }`)
      assert.equal((await site.get('/?to=php')).status, 200)
      assert.equal((await site.get(`/?to=${peer.address}`)).status, 200)
      assert.equal((await site.get('/?to=example.org:9000')).status, 502)
      await site.logged('no resolver defined to resolve example.org')
      assert.equal((await site.get('/?to=nonsense')).status, 502)
    })

    it('is free for others while a slow client takes its answer', async () => {
      const block = Buffer.alloc(64_000, 'z')
      const blocks = 300
      for (const buffering of ['on', 'off']) {
        let isOver = false
        const big: Script = request => {
          let sent = 0
          request.send(stdout('\n'))
          const more = (): void => {
            while (sent < blocks && !request.socket.writableNeedDrain) {
              request.send(stdout(block))
              sent++
            }
            if (sent < blocks) request.socket.once('drain', more)
            else
              request.socket.end(Buffer.concat([stdout(''), endRequest()]), () => {
                isOver = true
              })
          }
          more()
        }
        const [here] = await serve(big, `fastcgi_buffering ${buffering};`)
        const client = await here.client()
        client.socket.pause()
        client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
        if (buffering === 'on') {
          await eventually(
            () => isOver,
            () => 'the peer still waits',
          )
        } else {
          for (let turns = 0; turns < 200; turns++) await new Promise(resolve => setImmediate(resolve))
          assert.ok(!isOver, 'the peer has to wait')
        }
        client.socket.resume()
        const response = readResponse(await client.atEnd(), 0, { isLast: true })
        assert.equal(response?.content.length, blocks * block.length, `buffering ${buffering}`)
        await here.close()
        site = null
      }
    })

    it('may send the request on within the server, and have pages put in place of its errors', async () => {
      writeFileSync(join(folder, 'file.txt'), 'a file')
      const replies = [
        'X-Accel-Redirect: /inner/file.txt\nContent-Type: x/y\n\nnot this',
        'Status: 404 Nope\n\nits own',
        'Status: 500\n\nits own',
      ]
      const peer = await peerOf(request => request.reply(replies.shift()!))
      site = await Site.start(
        events,
        `fastcgi_pass ${peer.address}; fastcgi_intercept_errors on; error_page 404 = /inner/file.txt;
         location /inner/ { internal; alias ${folder}/; }`,
      )
      assert.equal((await site.get()).content.toString(), 'a file')
      assert.equal((await site.get()).content.toString(), 'a file')
      const failed = await site.get()
      assert.deepEqual([failed.status, failed.content.toString()], [500, 'its own'])
    })

    it('may stand in for another, with the content that is still to be had', async () => {
      const good = await peerOf(request => request.reply(`X-Bytes: ${request.contentBytes}\n\n`))
      const bad = await peerOf(request => request.hangUp())
      const dead = await FastcgiPeer.listen(() => {})
      const { address } = dead
      await dead.close()
      const post = 'POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3'
      const cases: [first: string, buffering: string, bytes: string][] = [
        [address, 'on', '3'],
        [address, 'off', '3'],
        [bad.address, 'on', '3'],
        // It has gone to the first one, and is not there any more.
        [bad.address, 'off', '0'],
      ]
      for (const [first, buffering, bytes] of cases) {
        site = await Site.start(
          events,
          `fastcgi_pass ${first}; fastcgi_request_buffering ${buffering}; error_page 502 = @good; }
           location @good { fastcgi_pass ${good.address};`,
        )
        const response = await site.ask(post, 'abc')
        assert.deepEqual(
          [response.status, fieldValue(response, 'x-bytes')],
          [200, bytes],
          `${first} ${buffering}`,
        )
        await site.logged(first === address ? 'Connection refused' : 'prematurely closed connection')
        assert.match(site.accesses, new RegExp(`\\[${first} : ${good.address}\\] \\[502 : 200\\]`))
        await site.close()
        site = null
      }
    })

    it('is not heard when its error output has what makes an answer invalid', async () => {
      const [here] = await serve(
        (request: PeerRequest) => request.send(Buffer.concat([stderr('PHP Fatal error: x'), ...WHOLE])),
        'fastcgi_catch_stderr "PHP Fatal error";',
      )
      assert.equal((await here.get()).status, 502)
    })
  })
}
