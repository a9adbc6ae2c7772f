/**
 * php-fpm for one test: its own master in the foreground, two processes, a Unix socket in the folder of the test.
 *
 *   missingFpm()                         false, or the word for `skip`
 *   const fpm = await startFpm(folder)
 *   fpm.socket                           for `fastcgi_pass unix:…`
 *   await fpm.close()
 *
 * Its name has its version in it (Debian: `php-fpm8.2`, in /usr/sbin), so it is looked for.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'

const GUARD_MS = 30_000

/** @returns its path, or null */
export function findFpm(): string | null {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin'].filter(existsSync)
  for (const folder of folders) {
    const name = readdirSync(folder).find(one => /^php-fpm[\d.]*$/.test(one))
    if (name !== undefined) return join(folder, name)
  }
  return null
}

/** As `missing` in `e2e/programs.ts`. */
export function missingFpm(): string | false {
  if (findFpm() !== null) return false
  const words = 'php-fpm is not installed (apt-get install php-fpm)'
  if (process.env.CI === 'true') throw new Error(words)
  return words
}

export interface Fpm {
  readonly socket: string
  readonly pid: number
  close(): Promise<void>
}

/** @param ini further lines of the pool */
export async function startFpm(folder: string, ini: readonly string[] = []): Promise<Fpm> {
  const socket = join(folder, 'php.sock')
  const config = join(folder, 'fpm.conf')
  const isRoot = userInfo().uid === 0
  const user = isRoot ? ['user = root', 'group = root'] : []
  const lines = [
    '[global]',
    `error_log = ${join(folder, 'fpm.log')}`,
    'log_level = warning',
    'daemonize = no',
    '[www]',
    ...user,
    `listen = ${socket}`,
    'listen.mode = 0666',
    'pm = static',
    'pm.max_children = 2',
    'php_admin_value[error_log] =',
    'php_admin_value[post_max_size] = 0',
    'php_admin_value[upload_max_filesize] = 1G',
    ...ini,
  ]
  writeFileSync(config, `${lines.join('\n')}\n`)
  const args = [
    '--nodaemonize',
    '--no-php-ini',
    '--fpm-config',
    config,
    ...(isRoot ? ['--allow-to-run-as-root'] : []),
  ]
  const child = spawn(findFpm()!, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  await accepts(child, socket)
  return {
    socket,
    pid: child.pid!,
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

/** Waits until a program of a test listens at its Unix socket. @throws with what it has said when it ends before */
export async function accepts(child: ChildProcess, path: string): Promise<void> {
  let words = ''
  child.stderr?.setEncoding('utf8').on('data', text => {
    words += text
  })
  for (const deadline = Date.now() + GUARD_MS; Date.now() < deadline; ) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} has ended: ${words}`)
    if (await isOpen(path)) return
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  child.kill('SIGKILL')
  throw new Error(`${child.spawnfile} does not listen: ${words}`)
}

function isOpen(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ path })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
