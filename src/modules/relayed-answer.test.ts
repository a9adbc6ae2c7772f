import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { exchangeOf, locationWith, type StubExchange } from '../../test/exchange-stub.ts'
import { placed } from '../../test/feature-stub.ts'
import { recordingLog } from '../../test/recording-log.ts'
import { blockRow } from '../config/directive.ts'
import { defineFeature } from '../server/feature.ts'
import { HANDLED, type Module } from '../server/module.ts'
import { errorPageRules } from './error-page-rules.ts'
import { type AnswerSource, CGI_RELAY, RelayedAnswer, type RelayRules } from './relayed-answer.ts'
import { relayedFields } from './relayed-fields.ts'

class Source implements AnswerSource {
  isPaused = false
  isEnded = false

  pauseOutput(): void {
    this.isPaused = true
  }

  resumeOutput(): void {
    this.isPaused = false
  }

  endOutput(): void {
    assert.ok(!this.isEnded, 'endOutput is called once')
    this.isEnded = true
  }
}

/** Stands for a directive that leads to programs. */
const program = defineFeature({
  name: 'program',
  nginxModules: [],
  table: {
    cgi_pass: blockRow({
      in: ['location'],
      syntax: '',
      takes: [0, 0],
      block: 'rows',
      doc: '',
      read: () => true,
    }),
  },
})

/** Answers every path but "/" with what it is asked for. */
const elsewhere: Module = {
  name: 'elsewhere',
  content(x) {
    x.setField('Content-Type', 'text/plain')
    x.setField('X-Elsewhere', 'yes')
    x.answer(x.path === '/gone' ? 410 : 200, `${x.method} ${x.path} ${x.query}`)
    return HANDLED
  },
}

interface Options {
  readonly rules?: Partial<RelayRules>
  readonly request?: string
  readonly conf?: string
  /** The output does not end. */
  readonly isEndless?: boolean
}

interface Relayed {
  readonly x: StubExchange
  readonly source: Source
  readonly answer: RelayedAnswer
  readonly logged: string[]
}

function relay(output: string | string[], options: Options = {}): Relayed {
  const log = recordingLog('warn')
  const { location } = placed(
    [program, relayedFields, errorPageRules],
    { location: `cgi_pass { }\n${options.conf ?? ''}` },
    { modules: [elsewhere], log },
  )
  const x = exchangeOf(options.request ?? 'GET /', { location })
  const source = new Source()
  const answer = new RelayedAnswer(x, { ...CGI_RELAY, ...options.rules }, source, 'the program "x"')
  for (const piece of [output].flat()) {
    const bytes = Buffer.from(piece, 'latin1')
    answer.take(bytes)
    bytes.fill(0x21)
  }
  if (options.isEndless !== true) answer.end()
  return { x, source, answer, logged: log.lines }
}

describe('the output of a program as an answer', () => {
  it('is a document, with 200 unless it says otherwise', () => {
    const { x, source, answer } = relay(['Content-Type: text/plain\n\nhel', 'lo'])
    assert.equal(x.status, 200)
    assert.equal(x.answerText, 'hello')
    assert.deepEqual(x.answerFields, [['Content-Type', 'text/plain']])
    assert.equal(x.record.lengthBytes, null)
    assert.ok(x.record.hasEnded && source.isEnded && answer.isOver)
  })

  it('has the status and the words of the program', () => {
    const { x } = relay('Status: 418 x\nX-A: 1\n\n')
    assert.equal(x.status, 418)
    assert.equal(x.reason, 'x')
  })

  it('has every field as often as the program gives it, but what is about the connection', () => {
    const { x } = relay(
      'Set-Cookie: a=1\nSet-Cookie: b=2\nDate: x\nServer: y\nConnection: close\nTransfer-Encoding: chunked\nX-Accel-Expires: 5\nKeep-Alive: 1\nX-A: \xe9\n\n',
    )
    assert.deepEqual(x.answerFields, [
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'b=2'],
      ['X-A', '\xe9'],
    ])
  })

  it('has the first of fields that have one value, and not those that are hidden', () => {
    const { x } = relay('Content-Type: a/b\nContent-Type: c/d\nX-Secret: 1\n\n', {
      rules: { hidden: new Set(['x-secret']) },
    })
    assert.deepEqual(x.answerFields, [['Content-Type', 'a/b']])
  })

  it('is limited in speed where the program says so', () => {
    assert.equal(relay('X-Accel-Limit-Rate: 5000\n\n').x.rateBytes, 5000)
    assert.equal(relay('X-Accel-Limit-Rate: fast\n\n').x.rateBytes, null)
    const rules = { ignored: new Set(['x-accel-limit-rate']) }
    assert.equal(relay('X-Accel-Limit-Rate: 5000\n\n', { rules }).x.rateBytes, null)
  })

  it('goes to nobody when only the head was asked for', () => {
    const { x, source } = relay('Content-Length: 5\n\nhello', { request: 'HEAD /' })
    assert.equal(x.record.lengthBytes, 5)
    assert.equal(x.answerText, '')
    assert.ok(x.record.hasEnded && source.isEnded)
    assert.equal(x.record.cutWords, null)
  })

  it('has no content with 204, 205 and 304, whatever the program gives', () => {
    for (const status of [204, 205, 304]) {
      const { x } = relay(`Status: ${status}\nContent-Length: 5\n\nhello`)
      assert.equal(x.answerText, '')
      assert.equal(x.record.lengthBytes, 0)
      assert.ok(x.record.hasEnded)
    }
  })
})

describe('a length that is announced', () => {
  it('is told, and ends the answer as soon as it is reached', () => {
    const { x, source } = relay('Content-Length: 5\n\nhello', { isEndless: true })
    assert.equal(x.record.lengthBytes, 5)
    assert.equal(x.answerText, 'hello')
    assert.ok(x.record.hasEnded && source.isEnded)
  })

  it('is kept when more comes', () => {
    const { x, logged } = relay(['Content-Length: 5\n\nhel', 'lo, world'])
    assert.equal(x.answerText, 'hello')
    assert.ok(x.record.hasEnded)
    assert.equal(x.record.cutWords, null)
    assert.deepEqual(logged, ['warn: the program "x": it gave more than the 5 bytes it had announced'])
  })

  it('is seen to be missed when less comes', () => {
    const { x, logged } = relay('Content-Length: 5\n\nhel')
    assert.equal(x.answerText, 'hel')
    assert.ok(!x.record.hasEnded)
    assert.equal(x.record.cutWords, 'it gave 2 bytes less than the 5 it had announced')
    assert.equal(logged.length, 1)
  })

  it('may be nothing', () => {
    const { x } = relay('Content-Length: 0\n\n', { isEndless: true })
    assert.equal(x.record.lengthBytes, 0)
    assert.ok(x.record.hasEnded)
  })
})

describe('a program that speaks HTTP itself', () => {
  const head =
    'HTTP/1.1 200 Fine\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n'

  it('has its content taken out of chunks', () => {
    const { x } = relay([`${head}3\r\nab`, 'c\r\n2\r\nde\r\n0\r\n', '\r\n'])
    assert.equal(x.answerText, 'abcde')
    assert.equal(x.reason, 'Fine')
    assert.equal(x.record.lengthBytes, null)
    assert.deepEqual(x.answerFields, [])
    assert.ok(x.record.hasEnded)
  })

  it('is cut when its chunks are none, or have no end', () => {
    for (const [output, words] of [
      [`${head}3\r\nabcd`, 'its chunks are none'],
      [`${head}3\r\nabc\r\n`, 'its chunks ended before the last one'],
    ] as const)
      assert.equal(relay(output).x.record.cutWords, words)
  })

  it('has no other coding', () => {
    assert.equal(relay('HTTP/1.1 200 OK\nTransfer-Encoding: gzip, chunked\n\n').x.status, 502)
    assert.equal(relay('X-A: 1\nTransfer-Encoding: gzip\n\nabc').x.answerText, 'abc')
  })
})

describe('output that is no answer', () => {
  it('is 502, and the log says why', () => {
    for (const [output, words] of [
      ['', 'it ended without any output'],
      ['half a head', 'its output ended before its header was complete'],
      ['hello\n\n', 'its header has a line that is not "name: value"'],
      ['Status: 1000\n\n', 'its "Status" does not begin with three digits that are a status'],
      ['Location: /%zz\n\n', 'its "Location" or "X-Accel-Redirect" is no valid path'],
      ['Location: /../x\n\n', 'its "Location" or "X-Accel-Redirect" is no valid path'],
      ['X-Accel-Redirect: x\n\n', 'its "Location" or "X-Accel-Redirect" is no valid path'],
    ] as const) {
      const { x, source, logged } = relay(output)
      assert.equal(x.status, 502, output)
      assert.ok(source.isEnded)
      assert.deepEqual(logged, [`error: the program "x": ${words}`])
    }
  })

  it('becomes an error of the caller’s choice, or a cut when the answer has begun', () => {
    const early = relay('X-A: 1\n', { isEndless: true })
    early.answer.fail(504, 'it was silent')
    assert.equal(early.x.status, 504)
    assert.deepEqual(early.x.answerField('x-a'), null)
    const late = relay('X-A: 1\n\nhel', { isEndless: true })
    late.answer.fail(504, 'it was silent')
    assert.equal(late.x.status, 200)
    assert.equal(late.x.record.cutWords, 'it was silent')
    const over = relay('X-A: 1\n\nhello')
    over.answer.fail(504, 'it was silent')
    assert.deepEqual(over.logged, [])
  })
})

describe('a redirect of a program', () => {
  it('to a path is followed by the server, with GET and with the cookies', () => {
    const { x, source } = relay('Set-Cookie: a=1\nLocation: /b%20c?d=%65\nX-A: 1\n\nignored', {
      request: 'POST /',
    })
    assert.equal(x.answerText, 'GET /b c d=%65')
    assert.equal(x.answerField('set-cookie'), 'a=1')
    assert.equal(x.answerField('x-a'), null)
    assert.ok(source.isEnded)
    assert.equal(relay('Location: /b\n\n', { request: 'HEAD /' }).x.method, 'HEAD')
  })

  it('goes to the client when it has a status, names a host, or has a fragment', () => {
    for (const [output, status] of [
      ['Location: http://a.test/\n\n', 302],
      ['Location: //a.test/\n\n', 302],
      ['Location: /b#c\n\n', 302],
      ['Location: b\n\n', 302],
      ['Status: 303\nLocation: /b\n\n', 303],
      ['Location: /b\nStatus: 201\n\n', 201],
    ] as const) {
      const { x } = relay(output)
      assert.equal(x.status, status, output)
      assert.equal(x.answerField('location'), /Location: (\S+)/.exec(output)![1])
    }
  })

  it('goes to the client where the server does not follow', () => {
    const { x } = relay('Location: /b\n\n', { rules: { redirectsLocally: false } })
    assert.equal(x.status, 302)
    assert.equal(x.answerField('location'), '/b')
  })

  it('by X-Accel-Redirect takes what it says of the content along', () => {
    const output =
      'Status: 404\nX-Accel-Redirect: /b?c\nContent-Type: image/png\nSet-Cookie: a=1\nCache-Control: no-store\nETag: "1"\n\n'
    const { x } = relay(output, { request: 'POST /', rules: { redirectsLocally: false } })
    assert.equal(x.status, 200)
    assert.equal(x.answerText, 'GET /b c')
    assert.equal(x.answerField('content-type'), 'image/png')
    assert.equal(x.answerField('set-cookie'), 'a=1')
    assert.equal(x.answerField('cache-control'), 'no-store')
    assert.equal(x.answerField('etag'), null)
    const ignored = relay(output, { rules: { ignored: new Set(['x-accel-redirect']) } }).x
    assert.equal(ignored.status, 404)
    assert.equal(ignored.answerField('x-accel-redirect'), null)
  })

  it('keeps its cookies, but not its type, when what it leads to fails', () => {
    const { x } = relay('X-Accel-Redirect: /gone\nContent-Type: image/png\nSet-Cookie: a=1\n\n')
    assert.equal(x.status, 410)
    assert.equal(x.answerField('content-type'), 'text/plain')
    assert.equal(x.answerField('set-cookie'), 'a=1')
  })

  it('comes to an end when it leads in a circle', () => {
    const circle: Module = {
      name: 'circle',
      content(x) {
        const answer = new RelayedAnswer(x, CGI_RELAY, new Source(), 'the program "x"')
        answer.take(Buffer.from('Location: /again\n\n'))
        return HANDLED
      },
    }
    const x = exchangeOf('GET /', { location: locationWith([circle]) })
    x.run()
    assert.equal(x.status, 500)
  })
})

describe('an error of a program', () => {
  const conf = 'error_page 404 401 /page;'

  it('is its own, unless the server shows its pages', () => {
    assert.equal(relay('Status: 404\n\nmine', { conf }).x.answerText, 'mine')
    const { x } = relay('Status: 404 Nope\nX-A: 1\n\nmine', { conf, rules: { interceptsErrors: true } })
    assert.equal(x.status, 404)
    assert.equal(x.answerText, 'GET /page null')
    assert.equal(x.answerField('x-a'), null)
    assert.equal(x.reason, '')
  })

  it('is its own where there is no page for it', () => {
    const { x } = relay('Status: 410\n\nmine', { conf, rules: { interceptsErrors: true } })
    assert.equal(x.status, 410)
    assert.equal(x.answerText, 'mine')
  })

  it('keeps its challenge', () => {
    const { x } = relay('Status: 401\nWWW-Authenticate: Basic realm="a"\n\nmine', {
      conf,
      rules: { interceptsErrors: true },
    })
    assert.equal(x.answerField('www-authenticate'), 'Basic realm="a"')
  })
})

describe('a client that is slower than the program', () => {
  it('stops its source, and lets it go on', () => {
    const { x, source, answer } = relay('X-A: 1\n\n', { isEndless: true })
    x.record.isCongested = true
    answer.take(Buffer.from('more'))
    assert.ok(source.isPaused)
    x.record.isCongested = false
    x.onDrained!()
    assert.ok(!source.isPaused)
    answer.end()
    assert.equal(x.onDrained, null)
  })
})
