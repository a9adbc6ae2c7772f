document.addEventListener('keydown', event => {
  if (event.key === '/') document.querySelector('input[type=search]')?.focus()
})
