import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { problemsIn, type SiteStub, siteOf } from '../../test/site-stub.ts'

/** nginx has made this one. */
const OF_NGINX = 'fwAAAWdMkkLLAQiVAwMDAg=='
const ITS_WORDS = '0100007F42924C67950801CB02030303'

function site(server = ''): SiteStub {
  return siteOf(`userid on; ${server} location / { return 200 "$uid_got|$uid_set|$uid_reset"; }`)
}

interface Seen {
  /** The line Set-Cookie; null for none. */
  readonly line: string | null
  readonly text: string
}

function visit(made: SiteStub, cookie: string | null = null, path = '/'): Seen {
  const field = cookie === null ? '' : `Cookie: ${cookie}\r\n`
  const x = made.ask(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n${field}\r\n`)
  return { line: x.answerField('set-cookie'), text: x.answerText }
}

function idIn(line: string | null): Buffer {
  const [, signs] = /^uid=([^;]*)/.exec(line ?? '') ?? assert.fail(`no identifier in ${line}`)
  return Buffer.from(signs!, 'base64')
}

describe('userid on', () => {
  it('gives an identifier to a client that has none, and knows it again', () => {
    const made = site()
    const first = visit(made)
    assert.match(first.line!, /^uid=[A-Za-z0-9+/]{22}==; path=\/$/)
    assert.match(first.text, /^\|uid=[0-9A-F]{32}\|$/)
    const words = first.text.slice(5, 37)
    const again = visit(made, `a=b; ${first.line!.split(';')[0]}`)
    assert.deepEqual(again, { line: null, text: `uid=${words}||` })
  })

  it('gives random ones', () => {
    const made = site()
    const ids = Array.from({ length: 200 }, () => idIn(visit(made).line))
    for (const id of ids) assert.equal(id.length, 16)
    // By chance, 200 bytes are all the same at one place in one of 10^478 runs.
    for (let at = 0; at < 16; at++) assert.ok(new Set(ids.map(id => id[at])).size > 1, `byte ${at}`)
    assert.equal(new Set(ids.map(id => id.toString('hex'))).size, 200)
  })

  it('knows those that nginx has given', () => {
    assert.equal(visit(site(), `uid=${OF_NGINX}`).text, `uid=${ITS_WORDS}||`)
    assert.equal(visit(site(), `x=1, UID = ${OF_NGINX.slice(0, 22)}`).text, `uid=${ITS_WORDS}||`)
    assert.equal(visit(site('userid_name a.b;'), `axb=1; a.b=${OF_NGINX}`).text, `a.b=${ITS_WORDS}||`)
  })

  it('takes nothing else for one, and says so in the log', () => {
    const lines = (value: string): readonly string[] => {
      const made = site()
      assert.match(visit(made, `uid=${value}`).line!, /^uid=/)
      return made.lines
    }
    assert.deepEqual(lines('short'), ['error: client sent too short userid cookie "uid=short"'])
    const bad = 'fwAAAWdMkkL!AQiVAwMDAg=='
    assert.deepEqual(lines(bad), [`error: client sent invalid userid cookie "uid=${bad}"`])
    assert.deepEqual(lines('fwAAAWdMkkLLAQiVAAAAAA=='), [])
    assert.deepEqual(lines('fwAAAWdMkkL==========='), [])
  })

  it('comes with every status', () => {
    const made = siteOf('userid on; location /none { return 404; } location /moved { return 301 /; }')
    for (const path of ['/none', '/moved']) assert.match(visit(made, null, path).line!, /^uid=/)
  })
})

describe('the cookie', () => {
  it('has the attributes that are configured, in nginx’s order', () => {
    const made = site(
      'userid_domain example.org; userid_path /a; userid_expires max; userid_flags samesite=lax httponly secure;',
    )
    assert.match(
      visit(made).line!,
      /^uid=\S{24}; expires=Thu, 31 Dec 2037 23:55:55 GMT; domain=example.org; path=\/a; secure; httponly; samesite=lax$/,
    )
  })

  it('ends after a while', () => {
    const before = Date.now()
    const [, date] = /; expires=([^;]*);/.exec(visit(site('userid_expires 1d;')).line!)!
    const seconds = (Date.parse(date!) - before) / 1000 - 86400
    assert.ok(seconds > -2 && seconds < 60, `${seconds} s`)
  })

  it('has a mark, and is set again where that is another', () => {
    const made = site('userid_mark a;')
    assert.match(visit(made).line!, /^uid=\S{22}a=;/)
    const again = visit(made, `uid=${OF_NGINX}`)
    assert.equal(again.line, 'uid=fwAAAWdMkkLLAQiVAwMDAga=; path=/')
    assert.equal(again.text, `uid=${ITS_WORDS}|uid=${ITS_WORDS}|`)
    assert.equal(visit(made, 'uid=fwAAAWdMkkLLAQiVAwMDAga=').line, null)
  })

  it('begins with the number of the service', () => {
    assert.equal(idIn(visit(site('userid_service 258;')).line).readUInt32BE(), 258)
    const first = siteOf('userid v1; userid_service 258; location / { return 200; }')
    assert.equal(idIn(visit(first).line).readUInt32LE(), 258)
  })

  it('goes with P3P where that is said', () => {
    const x = site(`userid_p3p 'CP="NOI"';`).ask('GET /')
    assert.equal(x.answerField('p3p'), 'CP="NOI"')
  })
})

describe('$uid_reset', () => {
  const made = siteOf(
    'userid on; set $uid_reset $arg_r; location / { return 200 "$uid_got|$uid_set|$uid_reset"; }',
  )

  it('gives another identifier', () => {
    const seen = visit(made, `uid=${OF_NGINX}`, '/?r=1')
    assert.match(seen.line!, /^uid=/)
    assert.notEqual(idIn(seen.line).toString('base64'), OF_NGINX)
    assert.deepEqual(made.lines, [])
  })

  it('does nothing when it is empty or 0', () => {
    for (const r of ['', '0']) assert.equal(visit(made, `uid=${OF_NGINX}`, `/?r=${r}`).line, null)
  })

  it('tells the log, where it is log', () => {
    visit(made, `uid=${OF_NGINX}`, '/?r=log')
    assert.deepEqual(made.lines, [`notice: userid cookie "uid=${ITS_WORDS}" was reset`])
  })
})

describe('userid log and off', () => {
  it('set nothing; log sees what comes', () => {
    const made = siteOf(`
      location /log { userid log; return 200 "$uid_got|$uid_set"; }
      location /off { return 200 "$uid_got|$uid_set"; }`)
    assert.deepEqual(visit(made, null, '/log'), { line: null, text: '|' })
    assert.deepEqual(visit(made, `uid=${OF_NGINX}`, '/log'), { line: null, text: `uid=${ITS_WORDS}|` })
    assert.deepEqual(visit(made, `uid=${OF_NGINX}`, '/off'), { line: null, text: '|' })
  })
})

describe('what is wrong', () => {
  it('is told', () => {
    const sentence = (text: string): string =>
      problemsIn(text)
        .map(({ summary }) => summary)
        .join()
    assert.equal(sentence('userid_name "a b";'), 'invalid value "a b"')
    assert.equal(sentence('userid_path "/;x";'), 'invalid value "/;x"')
    assert.match(sentence('userid_flags samesite=none;'), /^browsers refuse a cookie/)
    assert.equal(sentence('userid_flags samesite=none secure;'), '')
  })
})
