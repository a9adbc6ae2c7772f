/**
 * uWSGI with a small Python application, over one of its two protocols, for one test.
 *
 *   missingUwsgi()                              false, or the word for `skip`
 *   const app = await startUwsgi(folder, 'uwsgi', APPLICATION)    or 'scgi'
 *   app.socket
 *   await app.close()
 */

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { missing } from './e2e/programs.ts'
import { accepts } from './php-fpm.ts'

/** With its plugin for Python. */
export function missingUwsgi(): string | false {
  const absent = missing('uwsgi', 'uwsgi-core uwsgi-plugin-python3')
  if (absent !== false) return absent
  try {
    execFileSync('uwsgi', ['--need-plugin', 'python3', '--version'], { stdio: 'ignore' })
    return false
  } catch {
    const words = 'uwsgi has no plugin for Python (apt-get install uwsgi-plugin-python3)'
    if (process.env.CI === 'true') throw new Error(words)
    return words
  }
}

export interface Uwsgi {
  readonly socket: string
  close(): Promise<void>
}

/** @param application the text of a Python module with a WSGI `application` */
export async function startUwsgi(
  folder: string,
  protocol: 'uwsgi' | 'scgi',
  application: string,
): Promise<Uwsgi> {
  const socket = join(folder, `${protocol}.sock`)
  const file = join(folder, 'app.py')
  writeFileSync(file, application)
  const args = [
    `--${protocol}-socket`,
    socket,
    '--chmod-socket=666',
    '--need-plugin',
    'python3',
    '--wsgi-file',
    file,
  ]
  const child = spawn(
    'uwsgi',
    [...args, '--master', '--die-on-term', '--processes', '2', '--logto', join(folder, `${protocol}.log`)],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  await accepts(child, socket)
  return {
    socket,
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}
