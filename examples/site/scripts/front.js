// The street on the front page: now and then somebody knocks, the lantern flares up, and it is dark again.
// The lantern is a button that puts it out, and with it everything that moves.

const lantern = document.querySelector('.lantern')
const houses = [...document.querySelectorAll('.night .house')]
const isCalm = matchMedia('(prefers-reduced-motion: reduce)')

function setOut(isOut) {
  lantern.setAttribute('aria-pressed', String(isOut))
  if (isOut) lantern.classList.remove('awake')
}

function isOut() {
  return lantern.getAttribute('aria-pressed') === 'true'
}

function later(ms, action) {
  setTimeout(() => {
    if (!isOut()) action()
  }, ms)
}

function knock() {
  const house = houses[Math.floor(Math.random() * houses.length)]
  house.classList.add('ready')
  lantern.classList.add('awake')
  later(1100, () => {
    house.classList.replace('ready', 'known')
    later(700, () => lantern.classList.remove('awake'))
    later(9000, () => house.classList.remove('known'))
  })
}

lantern.hidden = false
lantern.addEventListener('click', () => setOut(!isOut()))
if (!isCalm.matches) {
  setInterval(() => {
    if (!isOut() && !document.hidden) knock()
  }, 3600)
}
