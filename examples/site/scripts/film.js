// The chapters of the film: each button leads to its moment. A seek beyond what has been loaded is a range request.

const video = document.querySelector('.film video')

for (const button of document.querySelectorAll('.chapters button')) {
  button.addEventListener('click', () => {
    video.currentTime = Number(button.value)
    video.play().catch(() => {}) // a browser may refuse to play before it is asked twice; the seek has happened
  })
}
document.querySelector('.chapters').hidden = false
