/**
 * A siege: so many clients with so many requests each, for a bounded time; and what it leaves in the server's process, where its id is told.
 */

import { isResponse } from '../conversation.ts'
import { type Examiner, pause } from '../examiner.ts'
import { CUSTOM, NotExamined, type Point, point, type Section } from '../point.ts'
import { type ProcessFacts, processFacts } from '../process-facts.ts'
import { asks, bytesOf, lineOf } from '../request.ts'
import type { Siege } from '../subject.ts'
import { plain, say } from '../words.ts'

/** Without `--siege`: enough to see that several clients are served at once. */
const SMALL: Siege = { clients: 10, requests: 20 }
const LARGE: Siege = { clients: 50, requests: 200 }
const MOST_MS = 15_000
/** What siege(1) is asked for by the subject. */
const LEAST_AVAILABLE = 99.5

const AVAILABLE = say('availability, a connection per request', 'disponibilité, une connexion par requête')
const KEPT = say('availability on kept connections', 'disponibilité sur des connexions gardées')

export const siege: Section = {
  name: 'siege',
  title: say('Siege', 'Siège'),
  points: () => [
    point('siege', AVAILABLE, CUSTOM, e => besieges(e, false)),
    point('siege-kept', KEPT, CUSTOM, e => besieges(e, true)),
    ...processPoints(),
  ],
}

interface Tally {
  asked: number
  answered: number
  longestMs: number
}

async function besieges(e: Examiner, isKept: boolean): Promise<void> {
  const { clients, requests } = wanted(e)
  const line = lineOf(asks('GET', e.page), e.place)
  e.told(
    say(
      `${line}, by ${clients} clients ${requests} times each`,
      `${line}, par ${clients} clients ${requests} fois chacun`,
    ),
    say(
      `at least ${LEAST_AVAILABLE} % answered, none after more than ${e.patience.aliveMs} ms`,
      `au moins ${LEAST_AVAILABLE} % de réponses, aucune après plus de ${e.patience.aliveMs} ms`,
    ),
  )
  const tally = await attack(e, { clients, requests }, isKept)
  const available = (100 * tally.answered) / Math.max(1, tally.asked)
  const longest = Math.ceil(tally.longestMs)
  e.finds(
    available >= LEAST_AVAILABLE && tally.longestMs <= e.patience.aliveMs,
    say(
      `${tally.answered} of ${tally.asked}, ${available.toFixed(2)} %, the longest ${longest} ms`,
      `${tally.answered} sur ${tally.asked}, ${available.toFixed(2)} %, la plus longue ${longest} ms`,
    ),
  )
}

function wanted(e: Examiner): Siege {
  return e.surroundings.hasSiege ? (e.subject.siege ?? LARGE) : SMALL
}

async function attack(e: Examiner, { clients, requests }: Siege, isKept: boolean): Promise<Tally> {
  const tally: Tally = { asked: 0, answered: 0, longestMs: 0 }
  const until = performance.now() + MOST_MS
  await Promise.all(Array.from({ length: clients }, () => oneClient(e, requests, isKept, until, tally)))
  return tally
}

async function oneClient(
  e: Examiner,
  requests: number,
  isKept: boolean,
  until: number,
  tally: Tally,
): Promise<void> {
  const bytes = bytesOf(asks('GET', e.page, isKept ? {} : { fields: ['Connection: close'] }), e.place)
  let talk: Awaited<ReturnType<Examiner['open']>> | null = null
  for (let i = 0; i < requests && performance.now() < until; i++) {
    const start = performance.now()
    tally.asked++
    try {
      talk ??= await e.open()
      talk.send(bytes)
      const answer = await talk.response('GET', e.patience.answerMs)
      if (isResponse(answer) && answer.status === 200) tally.answered++
      tally.longestMs = Math.max(tally.longestMs, performance.now() - start)
      const stays =
        isKept &&
        isResponse(answer) &&
        !answer.fields.some(([name, value]) => name === 'connection' && /close/i.test(value))
      if (stays) continue
      e.leave(talk)
      talk = null
    } catch (error) {
      if (error instanceof NotExamined) throw error
      talk = null
    }
  }
  if (talk !== null) e.leave(talk)
}

const MEMORY = say('memory does not grow from siege to siege', 'la mémoire ne croît pas de siège en siège')
const DESCRIPTORS = say('no descriptor is left', 'aucun descripteur ne reste')
const CHILDREN = say('no child is left, and no zombie', 'aucun enfant ne reste, et aucun zombie')
const IDLE = say('no work when nobody asks', 'pas de travail quand personne ne demande')

function processPoints(): Point[] {
  return [
    point('memory', MEMORY, CUSTOM, e => doesNotGrow(e)),
    point('descriptors', DESCRIPTORS, CUSTOM, keepsNoDescriptor),
    point('children', CHILDREN, CUSTOM, keepsNoChild),
    point('idle', IDLE, CUSTOM, isQuiet),
  ]
}

function pidOf(e: Examiner): number {
  const { pid } = e.surroundings
  if (pid !== null) return pid
  throw new NotExamined(say('the process is not told (--pid)', 'le processus n’est pas indiqué (--pid)'))
}

function facts(pid: number): ProcessFacts {
  const found = processFacts(pid)
  if (found !== null) return found
  throw new NotExamined(say(`/proc/${pid} cannot be read`, `/proc/${pid} ne peut être lu`))
}

const MIB = 1024 * 1024
const GROWTH = 1.1
/** What a runtime's memory goes up and down by. */
const SLACK_BYTES = 12 * MIB

async function doesNotGrow(e: Examiner): Promise<void> {
  const pid = pidOf(e)
  e.told(
    say(
      `grep VmRSS /proc/${pid}/status, after each of three sieges`,
      `grep VmRSS /proc/${pid}/status, après chacun de trois sièges`,
    ),
    say(
      'the last within 10 % (and 12 MiB) of the first',
      'la dernière à 10 % près (et 12 Mio) de la première',
    ),
  )
  const sizes: number[] = []
  for (let i = 0; i < 3; i++) {
    await attack(e, wanted(e), false)
    sizes.push(facts(pid).rssBytes)
  }
  const told = sizes.map(bytes => `${Math.round(bytes / MIB)} MiB`).join(', ')
  e.finds(sizes[2]! <= sizes[0]! * GROWTH + SLACK_BYTES, say(told, told.replaceAll('MiB', 'Mio')))
}

/** How long the server may take to notice that its clients are gone, in looks. */
const LOOKS = 20
/** Files and pipes that a server opens once, with its first requests. */
const MORE_DESCRIPTORS = 5

/** What is wrong with it after a while, when clients have left. */
async function settled(
  e: Examiner,
  pid: number,
  isWrong: (facts: ProcessFacts) => boolean,
): Promise<ProcessFacts> {
  for (let i = 0; i < LOOKS && isWrong(facts(pid)); i++) await pause(e.patience.quietMs)
  return facts(pid)
}

/** Against what it had when the examination began: whatever the other points have left counts. */
async function keepsNoDescriptor(e: Examiner): Promise<void> {
  const pid = pidOf(e)
  const most = (e.shared.atStart ?? facts(pid)).descriptors + MORE_DESCRIPTORS
  e.told(
    say(
      `ls /proc/${pid}/fd | wc -l, after ${MANY.clients} clients`,
      `ls /proc/${pid}/fd | wc -l, après ${MANY.clients} clients`,
    ),
    say(
      `at most ${most}: ${MORE_DESCRIPTORS} more than at the beginning`,
      `au plus ${most} : ${MORE_DESCRIPTORS} de plus qu’au début`,
    ),
  )
  await attack(e, MANY, true)
  const { descriptors } = await settled(e, pid, now => now.descriptors > most)
  e.finds(descriptors <= most, say(`${descriptors}`, `${descriptors}`))
}

const MANY: Siege = { clients: 30, requests: 3 }

async function keepsNoChild(e: Examiner): Promise<void> {
  const pid = pidOf(e)
  const most = (e.shared.atStart ?? facts(pid)).children
  e.told(
    plain(`ps --ppid ${pid}`),
    say(
      `as many children as at the beginning (${most}), and no zombie`,
      `autant d’enfants qu’au début (${most}), et aucun zombie`,
    ),
  )
  const isWrong = (now: ProcessFacts): boolean => now.children > most || now.zombies > 0
  const now = await settled(e, pid, isWrong)
  e.finds(
    !isWrong(now),
    say(
      `${now.children} children, ${now.zombies} zombies`,
      `${now.children} enfants, ${now.zombies} zombies`,
    ),
  )
}

/** Of one core, in percent, over a second. */
const MOST_IDLE_PERCENT = 5

async function isQuiet(e: Examiner): Promise<void> {
  const pid = pidOf(e)
  e.told(
    say(`top -p ${pid}, for a second`, `top -p ${pid}, pendant une seconde`),
    say(`at most ${MOST_IDLE_PERCENT} % of a core`, `au plus ${MOST_IDLE_PERCENT} % d’un cœur`),
  )
  await pause(e.patience.quietMs)
  const [before, start] = [facts(pid).cpuMs, performance.now()]
  await pause(1000)
  const percent = (100 * (facts(pid).cpuMs - before)) / (performance.now() - start)
  e.finds(percent <= MOST_IDLE_PERCENT, say(`${percent.toFixed(1)} %`, `${percent.toFixed(1)} %`))
}
