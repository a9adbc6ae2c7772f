const birds = { wren: 'Small, and louder than all.', swift: 'Sleeps on the wing.' }

function show(path) {
  const [, kind, name] = path.split('/')
  const main = document.querySelector('main')
  if (kind === 'birds' && birds[name]) main.textContent = birds[name]
  else if (path === '/') main.textContent = Object.keys(birds).join(', ')
  else main.textContent = 'No such bird.'
}

addEventListener('click', event => {
  const link = event.target.closest('nav a')
  if (link === null || link.pathname.startsWith('/docs')) return
  event.preventDefault()
  history.pushState(null, '', link.href)
  show(location.pathname)
})
addEventListener('popstate', () => show(location.pathname))
show(location.pathname)
