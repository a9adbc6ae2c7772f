/**
 * Modules that answer in the ways which a folder of files does not, for tests of the wire.
 *
 *   /echo       reads the content, and sends it back when all of it has come
 *   /early      answers at once and never reads the content
 *   /later      answers from a promise
 *   /stream     three pieces, a turn of the loop between them; no length is announced
 *   /none       204, no content at all
 *   /throw      throws
 *   /seen/…     what the server has understood: method, path, query and host, then the field lines
 *
 *   new Holding()   answers `/held` when the test says so
 */

import type { Exchange } from '../src/server/exchange.ts'
import { DECLINED, HANDLED, type Module, type Outcome } from '../src/server/module.ts'
import type { ContentConsumer } from '../src/server/responder.ts'

type Answerer = (x: Exchange) => void

/** Collects the content, then hands it over. */
class Collector implements ContentConsumer {
  private readonly parts: Buffer[] = []
  private readonly done: (content: Buffer) => void

  constructor(done: (content: Buffer) => void) {
    this.done = done
  }

  onContent(bytes: Buffer): void {
    this.parts.push(Buffer.from(bytes))
  }

  onContentEnd(): void {
    this.done(Buffer.concat(this.parts))
  }
}

function answerText(x: Exchange, content: Buffer | string): void {
  x.setField('Content-Type', 'text/plain')
  x.answer(200, content)
}

const BY_PATH: Readonly<Record<string, Answerer>> = {
  '/echo': x => x.readContent(new Collector(content => answerText(x, content))),
  '/early': x => answerText(x, 'early'),
  '/later': x => void Promise.resolve().then(() => setImmediate(() => answerText(x, 'later'))),
  '/stream': stream,
  '/none': x => x.answer(204, null),
  '/throw': () => {
    throw new Error('this module always throws')
  },
}

function stream(x: Exchange): void {
  const pieces = ['one ', 'two ', 'three']
  const next = (): void => {
    const piece = pieces.shift()
    if (piece === undefined) {
      x.end()
      return
    }
    x.write(Buffer.from(piece))
    setImmediate(next)
  }
  x.setField('Content-Type', 'text/plain')
  x.begin(200, null)
  next()
}

function seen(x: Exchange): void {
  const target = Buffer.from(`${x.method} ${x.path} query=${x.query ?? '(none)'} host=${x.host}`)
  const fields = [...x.head.fields.entries()].map(([name, value]) => `\n${name}=${value}`)
  answerText(x, Buffer.concat([target, Buffer.from(fields.join(''), 'latin1')]))
}

export const answering: Module = {
  name: 'answering',
  content(x: Exchange): Outcome {
    const answer = x.path.startsWith('/seen/') ? seen : BY_PATH[x.path]
    if (answer === undefined) return DECLINED
    answer(x)
    return HANDLED
  },
}

/** Whoever asks for `/held` waits until the test answers. */
export class Holding implements Module {
  readonly name = 'holding'
  readonly held: Exchange[] = []

  content(x: Exchange): Outcome {
    if (x.path !== '/held') return DECLINED
    this.held.push(x)
    return HANDLED
  }
}
