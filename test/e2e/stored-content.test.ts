/**
 * The content of a request as a whole, on its way to a program: in memory, in a file without a name, or in one that the program can open.
 * By each way of waiting; nothing is left afterwards.
 */

import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, it } from 'node:test'
import { ENOSPC } from '../../src/errno.ts'
import { scripted } from '../../src/sys/scripted.ts'
import { type Here, serveHere } from '../configuration-here.ts'
import { openDescriptors } from '../descriptors.ts'
import { freePort } from '../free-ports.ts'
import { forEachWay } from '../pollers.ts'
import { connect, eventually } from '../raw-client.ts'
import { type Response, readResponse } from '../responses.ts'
import { makeSite, removeSite } from '../sites.ts'

const CONFIGURATION = `
  events { use POLLER; strict_readiness STRICT; }
  http {
    access_log off; error_log logs/error.log warn;
    client_max_body_size 10m; client_body_buffer_size 1k; client_body_temp_path body;
    server {
      listen 127.0.0.1:PORT;
      cgi_request_buffering on; cgi_script_must_exist off;
      location = /echo { cgi_pass FOLDER/echo.sh; cgi_param BODY_FILE $request_body_file; cgi_param BODY $request_body; }
      location = /named {
        client_body_in_file_only clean; client_body_temp_path body 1;
        cgi_pass FOLDER/echo.sh; cgi_param BODY_FILE $request_body_file;
      }
      location = /ready { return 204; }
    }
  }`.replace('client_body_temp_path body 1;', 'client_body_temp_path named 1;')

/** What it was told, then what it was sent. */
const PROGRAM = `#!/bin/sh
echo "Content-Type: text/plain"
echo
echo "$CONTENT_LENGTH|$BODY|$(test -f "$BODY_FILE" && wc -c < "$BODY_FILE")"
exec cat
`

forEachWay(
  ({ poller, strictReadiness }) => {
    let folder: string
    let port: number
    let here: Here
    let atStart: number

    before(async () => {
      folder = makeSite({ 'logs/': '', 'echo.sh': PROGRAM })
      chmodSync(join(folder, 'echo.sh'), 0o755)
      port = await freePort()
      const text = CONFIGURATION.replace('POLLER', poller)
        .replace('STRICT', strictReadiness ? 'on' : 'off')
        .replace('PORT', String(port))
        .replaceAll('FOLDER', folder)
      writeFileSync(join(folder, 'nginx.conf'), text)
      here = await serveHere(folder, join(folder, 'nginx.conf'))
      await ask('/echo', 'x', false)
      await ask('/ready', '', false)
    })
    after(async () => {
      await here.close()
      removeSite(folder)
    })
    beforeEach(() => {
      atStart = openDescriptors()
    })
    afterEach(async () => {
      await eventually(
        () => openDescriptors() <= atStart,
        () => `${openDescriptors()} descriptors, ${atStart} at first`,
      )
      assert.deepEqual(files('body'), [])
      assert.deepEqual(files('named'), [])
    })

    function files(name: string): string[] {
      const all = readdirSync(join(folder, name), { recursive: true, withFileTypes: true })
      return all.filter(one => one.isFile()).map(one => one.name)
    }

    async function ask(path: string, content: string, isChunked: boolean): Promise<Response> {
      const client = await connect({ port })
      const framing = isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${content.length}`
      client.send(`POST ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${framing}\r\n\r\n`)
      if (!isChunked) client.send(content)
      else {
        if (content !== '') client.send(`${content.length.toString(16)}\r\n${content}\r\n`)
        client.send('0\r\n\r\n')
      }
      await client.gone()
      client.destroy()
      return readResponse(client.bytes, 0, { isLast: true })!
    }

    for (const isChunked of [false, true]) {
      const how = isChunked ? 'in chunks' : 'by length'
      for (const size of [1, 1024, 1025, 1_000_000]) {
        it(`${size} bytes ${how} come as they are, with their length`, async () => {
          const content = 'c'.repeat(size)
          const body = size <= 1024 ? content : ''
          const { status, content: echoed } = await ask('/echo', content, isChunked)
          assert.equal(status, 200)
          assert.equal(String(echoed), `${size}|${body}|\n${content}`)
        })

        it(`${size} bytes ${how} are in a file that the program can open`, async () => {
          const { content } = await ask('/named', 'c'.repeat(size), isChunked)
          assert.equal(String(content), `${size}||${size}\n${'c'.repeat(size)}`)
        })
      }
    }

    it('a full disk is 507, a missing folder 500 with nginx’s line', async () => {
      {
        using _ = scripted({ pwrite: [1, -ENOSPC] })
        assert.equal((await ask('/echo', 'c'.repeat(5000), false)).status, 507)
      }
      renameSync(join(folder, 'body'), join(folder, 'gone'))
      assert.equal((await ask('/echo', 'c'.repeat(5000), false)).status, 500)
      assert.equal((await ask('/echo', 'c', false)).status, 200)
      mkdirSync(join(folder, 'body'))
      const log = readFileSync(join(folder, 'logs/error.log'), 'utf8')
      assert.match(log, /\[crit\] .*open\(\) "\S+\/body" failed \(2: No such file or directory\)/)
    })

    it('a client that leaves half-way leaves nothing', async () => {
      for (const path of ['/echo', '/named']) {
        const client = await connect({ port })
        client.send(
          `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n${'c'.repeat(100_000)}`,
        )
        await eventually(
          () => openDescriptors() > atStart + 2,
          () => 'nothing is written',
        )
        client.reset()
        await client.gone()
        await eventually(
          () => openDescriptors() <= atStart,
          () => `${openDescriptors()} descriptors, ${atStart} at first`,
        )
      }
    })
  },
  ['poll'],
)
