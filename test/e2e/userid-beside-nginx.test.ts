/** The cookies of `userid` on both servers: each knows those of the other, and they have the same form. */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type PlainAnswer, type TwoServers, twoServers } from '../two-servers.ts'
import { missing } from './programs.ts'

const prefix = mkdtempSync(join(tmpdir(), 'veille-userid-'))

const HTTP = `http {
  server {
    listen 127.0.0.1:PORT;
    userid on;
    location / { return 200 "$uid_got|$uid_set|$uid_reset"; }
    location /all {
      userid_name a.b; userid_domain example.org; userid_path /a; userid_flags samesite=strict secure httponly;
      userid_p3p 'CP="NOI"'; userid_expires max; return 200 "$uid_got|$uid_set";
    }
    location /day { userid_expires 1d; return 200; }
    location /mark { userid_mark a; return 200 "$uid_got|$uid_set"; }
    location /service { userid_service 258; return 200; }
    location /v1 { userid v1; userid_service 258; return 200; }
    location /log { userid log; return 200 "$uid_got|$uid_set"; }
    location /off { userid off; return 200 "$uid_got|$uid_set"; }
    location /reset { set $uid_reset 1; return 200 "$uid_got|$uid_reset"; }
    location /missing { return 404; }
  }
}`

const COOKIES = [
  null,
  'uid=fwAAAWdMkkLLAQiVAwMDAg==',
  'a=b, UID = fwAAAWdMkkLLAQiVAwMDAg',
  'uid=fwAAAWdMkkLLAQiVAwMDAga=',
  'uid=fwAAAWdMkkLLAQiVAwMDAg==behind',
  'uid=short',
  'uid=fwAAAWdMkkL!AQiVAwMDAg==',
  'uid=fwAAAWdMkkLLAQiVAAAAAA==',
  'uid=fwAAAWdMkkL===========',
  'uid=',
  'a.b=fwAAAWdMkkLLAQiVAwMDAg==; uid=x',
]

const PATHS = ['/', '/all', '/day', '/mark', '/service', '/v1', '/log', '/off', '/reset', '/missing']

function request(path: string, cookie: string | null): string {
  return `GET ${path} HTTP/1.1\r\nHost: a\r\n${cookie === null ? '' : `Cookie: ${cookie}\r\n`}\r\n`
}

/** A new identifier is another one each time; that dates have dashes in nginx's is another form of the same (RFC 6265 §5.1.1). */
function alike({ fields, content, status }: PlainAnswer): unknown {
  const lines = fields.filter(line => !line.startsWith('content-type'))
  return [lines.map(plain), status === 200 ? plain(content) : '']
}

/** The one that all cookies above have, in its two forms. */
const KEPT = ['fwAAAWdMkkLLAQiVAwMDAg', '0100007F42924C67950801CB02030303']

function plain(text: string): string {
  return text
    .replace(/(uid|a\.b)=([0-9A-F]{32}|[A-Za-z0-9+/]{22})/g, (all, name, id) =>
      KEPT.includes(id) ? all : `${name}=NEW`,
    )
    .replace(/(\d\d)[- ](\w{3})[- ](?:20)?(\d\d) \d\d:\d\d:\d\d GMT/, '$1 $2 20$3')
}

describe('userid beside nginx', { skip: missing('nginx') }, () => {
  let servers: TwoServers
  before(async () => {
    servers = await twoServers(prefix, HTTP)
  })
  after(async () => {
    await servers?.close()
    rmSync(prefix, { recursive: true })
  })

  for (const path of PATHS) {
    it(`${path}: the same lines and variables for whatever cookie comes`, async () => {
      for (const cookie of COOKIES) {
        const { nginx, veille } = await servers.ask(request(path, cookie))
        assert.deepEqual(alike(veille!), alike(nginx!), `${cookie}`)
      }
    })
  }

  it('each knows the cookies of the other', async () => {
    const first = await servers.ask(request('/', null))
    for (const answer of [first.nginx!, first.veille!]) {
      const line = answer.fields.find(one => one.startsWith('set-cookie: '))!
      const words = answer.content.split('|')[1]!
      const { nginx, veille } = await servers.ask(
        request('/', line.slice('set-cookie: '.length).split(';')[0]!),
      )
      assert.deepEqual([nginx!.content, veille!.content], [`${words}||`, `${words}||`])
    }
  })
})
