/**
 * An examination: all points of all sections, one after the other, each with an end.
 *
 *   const examination = new Examination(surroundings, sections, limitMs)
 *   for await (const row of examination.rows()) …       as they are found
 *   examination.stop()                                  what is left is not examined
 *
 * After each point the server must still answer its page, or the point has failed: a server that dies of a request is told of where it
 * happened. When it is gone for good, the rest is not examined.
 */

import { isResponse, Unreachable } from './conversation.ts'
import {
  Examiner,
  type PointRecord,
  pause,
  type Shared,
  STOPPED,
  type Surroundings,
  Unmet,
} from './examiner.ts'
import { NotExamined, type Point, type Section } from './point.ts'
import { processFacts } from './process-facts.ts'
import { asks, bytesOf, lineOf } from './request.ts'
import { NOTHING, say, type Words } from './words.ts'

export type Verdict = 'passed' | 'failed' | 'unexamined'

/** One row of the sheet. */
export interface Row extends PointRecord {
  readonly section: Section
  readonly point: Point
  readonly verdict: Verdict
  /** Why it was not examined, or what happened after it. */
  readonly why: Words
  readonly tookMs: number
}

/** Points that take long and only wait. */
const TOGETHER = 8

export class Examination {
  readonly surroundings: Surroundings
  readonly shared: Shared = { connections: 0, isStopped: false, talks: new Set(), atStart: null, left: [] }
  private readonly sections: readonly Section[]
  private readonly deadlineAt: number
  private isGone = false

  constructor(surroundings: Surroundings, sections: readonly Section[], limitMs: number) {
    this.surroundings = surroundings
    this.sections = sections
    this.deadlineAt = performance.now() + limitMs
  }

  /** Nothing more is asked; what is being asked fails or is left out. */
  stop(): void {
    this.shared.isStopped = true
    for (const talk of this.shared.talks) talk.leave()
  }

  /** Whether anybody is there. @throws Unreachable, or NotExamined when what answers has no page for us */
  async begin(): Promise<void> {
    const e = new Examiner(this.surroundings, this.shared)
    const talk = await e.open()
    talk.send(bytesOf(asks('GET', e.page), e.place))
    const answer = await talk.response('GET', e.patience.answerMs)
    e.leaveAll()
    const line = lineOf(asks('GET', e.page), e.place)
    if (!isResponse(answer)) throw new NotExamined(noWebServer(line, answer.words))
    if (answer.status !== 200) throw new NotExamined(noPage(line, answer.status))
    const { pid } = this.surroundings
    this.shared.atStart = pid === null ? null : processFacts(pid)
  }

  async *rows(): AsyncGenerator<Row> {
    for (const section of this.sections) {
      const points = section.points(this.surroundings.subject)
      for (let at = 0; at < points.length; ) {
        const together = slowOnesFrom(points, at)
        const batch = points.slice(at, at + Math.max(1, together))
        at += batch.length
        yield* await this.examineBatch(section, batch)
      }
    }
  }

  private async examineBatch(section: Section, points: readonly Point[]): Promise<Row[]> {
    const rows = await Promise.all(points.map(point => this.examine(section, point)))
    const asked = rows.filter(({ verdict }) => verdict !== 'unexamined')
    if (asked.length === 0 || this.shared.isStopped || this.isGone) return rows
    const harm = await this.harm()
    if (harm === null) return rows
    return rows.map(row => (row.verdict === 'passed' ? { ...row, verdict: 'failed', why: harm } : row))
  }

  private async examine(section: Section, point: Point): Promise<Row> {
    const e = new Examiner(this.surroundings, this.shared)
    const start = performance.now()
    const { verdict, why } = await this.judge(e, point)
    e.leaveAll()
    // What broke off because we were stopped is nobody's fault.
    const isCut = this.shared.isStopped && verdict === 'failed'
    return {
      section,
      point,
      verdict: isCut ? 'unexamined' : verdict,
      why: isCut ? STOPPED : why,
      tookMs: performance.now() - start,
      ...e.record,
    }
  }

  private async judge(e: Examiner, point: Point): Promise<{ verdict: Verdict; why: Words }> {
    const reason = this.reasonNotTo()
    if (reason !== null) return { verdict: 'unexamined', why: reason }
    try {
      await point.examine(e)
      return { verdict: 'passed', why: NOTHING }
    } catch (error) {
      if (error instanceof NotExamined) return { verdict: 'unexamined', why: error.words }
      if (error instanceof Unmet) return { verdict: 'failed', why: NOTHING }
      if (!(error instanceof Unreachable)) throw error
      e.record.came.push(error.words)
      return { verdict: 'failed', why: NOTHING }
    }
  }

  private reasonNotTo(): Words | null {
    if (this.shared.isStopped) return STOPPED
    if (this.isGone) return say('the server is gone', 'le serveur n’est plus là')
    if (performance.now() < this.deadlineAt) return null
    return say(
      'the time of the examination is over (--seconds)',
      'le temps de l’examen est écoulé (--seconds)',
    )
  }

  /** A server that is restarted by somebody may need a moment, but the point has failed. */
  private async harm(): Promise<Words | null> {
    const e = new Examiner(this.surroundings, this.shared)
    const isAlive = async (): Promise<boolean> => (await e.aliveMs(e.patience.aliveMs)) !== null
    if (await isAlive()) return null
    const { aliveMs } = e.patience
    await pause(aliveMs / 2)
    this.isGone = !(await isAlive())
    const seconds = aliveMs / 1000
    return this.isGone
      ? say(
          `afterwards the server answers ${e.page} no more`,
          `ensuite, le serveur ne répond plus à ${e.page}`,
        )
      : say(
          `afterwards ${e.page} is not answered within ${seconds} s`,
          `ensuite, ${e.page} n’a pas de réponse en ${seconds} s`,
        )
  }
}

function noWebServer(line: string, { en, fr }: Words): Words {
  return say(
    `what listens there does not answer as a web server does (${line}): ${en}`,
    `ce qui écoute là ne répond pas comme un serveur web (${line}) : ${fr}`,
  )
}

function noPage(line: string, status: number): Words {
  return say(
    `${line} is answered by ${status}: a line "page" of the configuration tells which target is 200`,
    `${line} reçoit ${status} : une ligne « page » de la configuration dit quelle cible donne 200`,
  )
}

function slowOnesFrom(points: readonly Point[], at: number): number {
  let count = 0
  while (count < TOGETHER && points[at + count]?.isSlow === true) count++
  return count
}
