import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { littleServer } from '../../test/little-server.ts'
import { Examination, type Row } from './examination.ts'
import { PATIENCE } from './examiner.ts'
import { type Point, point, type Section } from './point.ts'
import { emptySubject } from './subject.ts'
import { plain, say } from './words.ts'

const TITLE = plain('a point')

function sectionOf(points: readonly Point[]): Section {
  return { name: 'one', title: plain('one'), points: () => [...points] }
}

async function examined(
  points: readonly Point[],
  limitMs: number,
  whileRunning: (examination: Examination) => void = () => {},
): Promise<Row[]> {
  const server = await littleServer([])
  try {
    const place = { host: '127.0.0.1', port: server.port, authority: `127.0.0.1:${server.port}` }
    const surroundings = { place, subject: emptySubject(), patience: PATIENCE, hasSiege: false, pid: null }
    const examination = new Examination(surroundings, [sectionOf(points)], limitMs)
    await examination.begin()
    const rows: Row[] = []
    for await (const row of examination.rows()) {
      rows.push(row)
      whileRunning(examination)
    }
    return rows
  } finally {
    await server.close()
  }
}

describe('an examination', () => {
  it('asks nothing more when its time is over', async () => {
    const [row] = await examined([point('a', TITLE, '', () => assert.fail('it is asked'))], 0)
    assert.equal(row!.verdict, 'unexamined')
    assert.match(row!.why.en, /^the time of the examination is over/)
  })

  it('asks nothing more when it is stopped', async () => {
    const quick = point('a', TITLE, '', async () => {})
    const rows = await examined([quick, quick], 60_000, examination => examination.stop())
    assert.deepEqual(
      rows.map(({ verdict }) => verdict),
      ['passed', 'unexamined'],
    )
  })

  it('closes what a point leaves open', async () => {
    let receivedBytes = -1
    const leaving = point('a', TITLE, '', async e => {
      const talk = await e.open()
      talk.send('GET / HTTP/1.1\r\nHost: x\r\n')
      void talk.end(60_000).then(() => {
        receivedBytes = talk.receivedBytes
      })
    })
    const look = point('b', TITLE, '', async () => assert.equal(receivedBytes, 0))
    assert.deepEqual(
      (await examined([leaving, look], 60_000)).map(({ verdict }) => verdict),
      ['passed', 'passed'],
    )
  })

  it('keeps what was asked, expected and come until then in the row of a point that fails', async () => {
    const failing = point('a', TITLE, '', async e => {
      e.told(plain('one'), plain('good'))
      e.finds(true, plain('good'))
      e.told(plain('two'), plain('good'))
      e.finds(false, say('bad', 'mauvais'))
      assert.fail('it goes on')
    })
    const [row] = await examined([failing], 60_000)
    assert.equal(row!.verdict, 'failed')
    assert.deepEqual(
      [row!.asked, row!.came].map(list => list.map(({ en }) => en)),
      [
        ['one', 'two'],
        ['good', 'bad'],
      ],
    )
  })

  it('is not stopped by a mistake of its own, but ends with it', async () => {
    const wrong = point('a', TITLE, '', async () => {
      throw new TypeError('ours')
    })
    await assert.rejects(examined([wrong], 60_000), /ours/)
  })
})
