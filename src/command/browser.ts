/**
 * `--open`: the desktop's browser shows the site.
 *
 *   openBrowser(url, env, log)      whatever goes wrong is one warning
 *
 * The browser may be a child of ours for as long as it lives: it stands in a group of its own, so Ctrl-C here does not end it.
 */

import type { Log } from '../index.ts'

const OPENER = 'xdg-open'

export async function openBrowser(url: string, env: NodeJS.ProcessEnv, log: Log): Promise<void> {
  const warn = (why: string): void => log.warn(`--open: ${why}`)
  if (!url.startsWith('http:')) return warn(`a browser cannot show ${url}`)
  if (!env.DISPLAY && !env.WAYLAND_DISPLAY) return warn('there is no display here')
  const { spawn } = await import('node:child_process')
  const child = spawn(OPENER, [url], { stdio: 'ignore', detached: true })
  child.on('error', () => warn(`${OPENER} cannot be started; it comes with the package xdg-utils`))
  child.on('exit', code => {
    if (code !== 0) warn(`${OPENER} found no browser`)
  })
  child.unref()
}
