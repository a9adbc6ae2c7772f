/**
 * The files that are served, made anew for each run in a scratch folder, and the answer that every server owes.
 *
 *   makeSite(scratch)   writes the files, returns the root
 *   contentOf(path)     the status and the content that must come back
 */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const LINE = 'veille keeps watch over its sockets and sleeps until one of them is ready.\n'

const FILES: ReadonlyMap<string, Buffer> = new Map([
  ['/1k.txt', Buffer.alloc(1024, LINE)],
  ['/64k.txt', Buffer.alloc(64 * 1024, LINE)],
  ['/10m.txt', Buffer.alloc(10 * 1024 * 1024, LINE)],
])

/** Where content is put. */
export const UPLOADED = '/uploads/file'

export interface Expected {
  status: number
  /** `null`: whatever error page the server has. */
  content: Buffer | null
}

export function makeSite(scratch: string): string {
  const root = join(scratch, 'site')
  // Read by a worker of nginx that may run as another user.
  mkdirSync(root, { mode: 0o755 })
  // What is uploaded is there already, so that every upload is answered alike.
  mkdirSync(join(scratch, 'uploads'))
  writeFileSync(join(scratch, UPLOADED), '')
  chmodSync(join(scratch, 'uploads'), 0o777)
  for (const [path, content] of FILES) writeFileSync(join(root, path), content, { mode: 0o644 })
  return root
}

export function contentOf(path: string): Expected {
  if (path === UPLOADED) return { status: 204, content: Buffer.alloc(0) }
  if (path.startsWith('/hello')) return { status: 200, content: Buffer.from('Hello, World!') }
  const file = FILES.get(path)
  return file === undefined ? { status: 404, content: null } : { status: 200, content: file }
}
