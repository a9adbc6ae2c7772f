/**
 * Programs behind CGI on a bad day: all kinds of bad ones at once while others are served, no descriptors left for pipes, a reload and an end of
 * the server while they run, and clients that leave programs which may go on.
 */

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { it } from 'node:test'
import { type CgiFamily, cgiFamily, HOST } from '../cgi-family.ts'
import { forEachPollerAndStrictly } from '../pollers.ts'
import type { RawClient } from '../raw-client.ts'

const SH = '#!/bin/sh\n'
const PLAIN = `${SH}printf 'Content-Type: text/plain\\n\\n'\n`

const BAD: Readonly<Record<string, string>> = {
  'loop.sh': `${SH}while :; do :; done\n`,
  'flood.sh': `${PLAIN}exec cat /dev/zero\n`,
  'noise.sh': `${PLAIN}exec cat /dev/zero >&2\n`,
  'deaf.sh': `${SH}exec <&-; sleep 3600\n`,
  'crash.sh': `${PLAIN}kill -SEGV $$\n`,
  'half-head.sh': `${SH}printf 'Content-Ty'; sleep 3600\n`,
  'grandchild.sh': `${PLAIN}sleep 3600 & sleep 3600 & sleep 3600\n`,
  'stubborn.sh': `${PLAIN}trap '' TERM INT HUP\nwhile :; do sleep 0.02; done\n`,
}

const FILES: Readonly<Record<string, string>> = {
  ...BAD,
  'quick.sh': `${PLAIN}echo quick\n`,
  'half.sh': `${PLAIN}echo half\nwhile [ ! -e go ]; do sleep 0.02; done\necho whole\n`,
  'works.sh': `${PLAIN}echo begun\nwhile [ ! -e go ]; do sleep 0.02; done\necho x >done-by-then\n`,
}

const TIMES = 'cgi_kill_grace 100ms; half_closed_timeout 100ms;'

function begun(cgi: CgiFamily, target: string): Promise<RawClient> {
  return cgi.connect().then(client => {
    client.send(`GET ${target} HTTP/1.1\r\n${HOST}\r\n`)
    return client
  })
}

forEachPollerAndStrictly('poll', way => {
  it('all of them at once, and others are served', async () => {
    const others = 'location = /quick.sh { cgi_timeout 60s; }'
    await using cgi = await cgiFamily(way, FILES, `${TIMES} cgi_timeout 500ms; ${others}`)
    const clients = await Promise.all(
      Object.keys(BAD).flatMap(name => [begun(cgi, `/${name}`), begun(cgi, `/${name}`)]),
    )
    for (const client of clients) client.socket.resume()
    for (let i = 0; i < 10; i++) assert.equal((await cgi.get('/quick.sh')).content.toString(), 'quick\n')
    for (const client of clients) client.reset()
    await cgi.isQuiet()
  })

  it('63: there are no descriptors for pipes', async () => {
    await using cgi = await cgiFamily(way, FILES, TIMES, 'worker_rlimit_nofile 70;')
    // They are let in before that, since a server without descriptors accepts nobody.
    const clients = await Promise.all(Array.from({ length: 16 }, () => begun(cgi, '/ok')))
    await Promise.all(clients.map(client => client.until(bytes => bytes.includes('ok'))))
    for (const client of clients) client.send(`GET /half.sh HTTP/1.1\r\n${HOST}\r\n`)
    await Promise.all(
      clients.map(client => client.until(bytes => /half|503 Service/.test(bytes.toString('latin1')))),
    )
    assert.ok(clients.some(({ text }) => text.includes('half')))
    assert.ok(clients.some(({ text }) => text.includes('HTTP/1.1 503 ')))
    assert.match(cgi.log, /could not be started: .*\(24: Too many open files\)/)
    for (const client of clients) client.reset()
    await cgi.isQuiet()
    assert.equal((await cgi.get('/quick.sh')).content.toString(), 'quick\n')
  })

  it('a reload lets programs come to their end', async () => {
    await using cgi = await cgiFamily(way, FILES, TIMES)
    const client = await begun(cgi, '/half.sh')
    await client.until(bytes => bytes.includes('half'))
    const { worker } = cgi
    cgi.family.signal('SIGHUP')
    await cgi.family.until(() => cgi.worker !== worker, 'there is a new worker')
    await cgi.family.until(() => cgi.served().catch(() => false), 'it serves')
    cgi.touch('go')
    await client.atEnd()
    assert.match(client.text, /whole\n/)
    client.destroy()
    await cgi.family.gone(worker)
    assert.deepEqual(cgi.alive(), [])
  })

  it('the end of the server is theirs', async () => {
    await using cgi = await cgiFamily(way, FILES, TIMES)
    const clients = await Promise.all(
      ['stubborn', 'grandchild', 'flood'].map(name => begun(cgi, `/${name}.sh`)),
    )
    await Promise.all(clients.map(client => client.until(bytes => bytes.includes('text/plain'))))
    assert.ok(cgi.alive().length >= 3)
    const { pid } = cgi.family
    cgi.family.signal('SIGTERM')
    await cgi.family.gone(pid)
    await cgi.family.until(() => cgi.alive().length === 0, 'no program is left')
    for (const client of clients) client.destroy()
  })

  it('a program that may go on without its client does', async () => {
    await using cgi = await cgiFamily(way, FILES, `${TIMES} cgi_ignore_client_abort on;`)
    const client = await begun(cgi, '/works.sh')
    await client.until(bytes => bytes.includes('begun'))
    client.reset()
    await cgi.family.says(/works\.sh/, 1, 'access.log')
    assert.ok(cgi.alive().length > 0)
    cgi.touch('go')
    await cgi.isQuiet()
    assert.ok(existsSync(cgi.path('done-by-then')))
  })
})
