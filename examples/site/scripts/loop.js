// The page of the loop: draws a Watch (watch.js) as a street, a light that runs round, and a transcript.

import { FULL, KNOWN, READY, STEPS, Watch } from './watch.js'

const PACE_MS = 540
const LINES = 12

const stage = document.querySelector('.stage')
const houses = new Map([...stage.querySelectorAll('.house')].filter(isInView).map(house => [Number(house.dataset.fd), house]))
const items = [...stage.querySelectorAll('.steps li')]
const rail = stage.querySelector('.rail')
const rope = rail.querySelector('.rope')
const spark = rail.querySelector('.spark')
const transcript = stage.querySelector('.transcript')
const pause = stage.querySelector('[data-do=pause]')
const isCalm = matchMedia('(prefers-reduced-motion: reduce)')

const watch = new Watch([...houses.keys()].filter(fd => fd !== 5))
let isPaused = isCalm.matches
let stops = []

const controls = {
  visitor: () => watch.knock(),
  crowd: () => Array.from({ length: 6 }, () => watch.knock()),
  slow: () => watch.knock(true),
  pause: () => setPaused(!isPaused),
  step: () => {
    setPaused(true)
    turn()
  },
}

function setPaused(now) {
  isPaused = now
  pause.textContent = isPaused ? 'Let it run' : 'Pause'
}

/** A narrow screen shows a part of the street; nobody moves into a house that is not seen. */
function isInView(house) {
  return house.getBoundingClientRect().right <= stage.getBoundingClientRect().right + 12
}

/** One step: of the model, then of the picture. */
function turn() {
  const now = performance.now()
  if (watch.isAsleep && now > watch.nextDeadline()) write(watch.timeOut())
  const { step, fd, line } = watch.advance(now)
  const index = STEPS.indexOf(step)
  items.forEach((item, i) => item.classList.toggle('now', i === index))
  moveTo(index)
  rail.classList.toggle('asleep', watch.isAsleep)
  if (line) write(line)
  paint(fd)
}

function paint(visited) {
  for (const [fd, house] of houses) {
    const state = watch.stateOf(fd)
    house.classList.toggle('ready', state === READY || fd === visited)
    house.classList.toggle('known', state === KNOWN || state === FULL)
  }
}

function write(line) {
  const item = document.createElement('li')
  item.textContent = line
  transcript.append(item)
  while (transcript.children.length > LINES) transcript.firstElementChild.remove()
}

// ── The light on its rope ─────────────────────────────────────────────────────────────────────────────────

/** A closed rope beside the list: down past the six steps on the right, up again on the left. */
function layOut() {
  const top = rail.getBoundingClientRect().top
  const { width } = rail.getBoundingClientRect()
  const ys = items.map(item => {
    const box = item.getBoundingClientRect()
    return box.top - top + box.height / 2
  })
  const right = width - 14
  const radius = (width - 26) / 2
  rope.setAttribute('d', `M${right} ${ys[0]}V${ys.at(-1)}a${radius} ${radius} 0 0 1 ${-2 * radius} 0V${ys[0]}a${radius} ${radius} 0 0 1 ${2 * radius} 0z`)
  stops = ys.map(y => y - ys[0])
  rail.querySelectorAll('.stop').forEach((stop, i) => {
    stop.setAttribute('cx', right)
    stop.setAttribute('cy', ys[i])
  })
  place(at)
}

let at = 0
let journey = 0

function place(length) {
  at = length
  const whole = rope.getTotalLength()
  const point = rope.getPointAtLength(length % whole)
  spark.setAttribute('cx', point.x)
  spark.setAttribute('cy', point.y)
}

/** Always onward: to an earlier step the way leads round by the left. */
function moveTo(index) {
  const whole = rope.getTotalLength()
  const from = at % whole
  const to = stops[index] + (stops[index] < from - 1 ? whole : 0)
  cancelAnimationFrame(journey)
  if (isCalm.matches || Math.abs(to - from) < 1) return place(to)
  const startedAt = performance.now()
  const lasts = Math.min(PACE_MS * 0.8, 220 + (to - from) * 0.6)
  const frame = now => {
    const done = Math.min(1, Math.max(0, (now - startedAt) / lasts))
    place(from + (to - from) * (1 - (1 - done) ** 3))
    if (done < 1) journey = requestAnimationFrame(frame)
  }
  journey = requestAnimationFrame(frame)
}

// ── Begin ─────────────────────────────────────────────────────────────────────────────────────────────────

for (const button of stage.querySelectorAll('[data-do]')) button.addEventListener('click', controls[button.dataset.do])
new ResizeObserver(layOut).observe(stage)
stage.querySelector('.controls').hidden = false
layOut()
setPaused(isPaused)
for (const fd of [8, 9, 12, 15]) watch.settle(fd, performance.now())
watch.knock()
turn()
setInterval(() => {
  if (!isPaused && !document.hidden) turn()
}, PACE_MS)
setInterval(() => {
  if (!isPaused && !document.hidden && watch.isAsleep) watch.knock(Math.random() < 0.3)
}, 5000)
