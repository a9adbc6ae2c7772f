/**
 * Whole directories, with all that is in them: removed and copied by Node's threads, so that the loop goes on whatever their size.
 *
 *   await removeTree(folder, 'name')                 a file or a directory of that folder; throws as Node does
 *   await copyTree(from, 'name', to, 'other')        the same, to where nothing is yet
 *   errnoOf(error)                                   `-errno` of what they throw
 *
 * Every step is one name in a directory that is held open (`/proc/self/fd/7/name`), and no symbolic link is followed on the way: a directory
 * that somebody replaces by a link meanwhile leads nowhere. Links are removed and copied as links. Devices and the like are not copied.
 * One thing is done after the other, so that a large tree takes one thread of four, and others get theirs.
 */

import { constants, promises as fs } from 'node:fs'
import { EMFILE } from '../errno.ts'
import type { Fd } from '../sys/libc.ts'

const OPEN_DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW
const OPEN_FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY

/** Each level holds one or two descriptors, which others need too. What is deeper fails, and may be removed from within. */
const MOST_LEVELS = 100

/** Names are octets: not all of them are UTF-8. */
type Name = Buffer

function pathIn(folder: Fd, name: Name): Buffer {
  return Buffer.concat([Buffer.from(`/proc/self/fd/${folder}/`), name])
}

export async function removeTree(folder: Fd, name: string): Promise<void> {
  await remove(folder, Buffer.from(name), MOST_LEVELS)
}

async function remove(folder: Fd, name: Name, levels: number): Promise<void> {
  const path = pathIn(folder, name)
  const status = await fs.lstat(path)
  if (!status.isDirectory()) {
    await fs.unlink(path)
    return
  }
  if (levels === 0) throw tooDeep()
  const directory = await fs.open(path, OPEN_DIRECTORY)
  try {
    for (const member of await membersOf(directory.fd)) await remove(directory.fd, member, levels - 1)
  } finally {
    await directory.close()
  }
  await fs.rmdir(path)
}

function tooDeep(): Error {
  return Object.assign(new Error(`more than ${MOST_LEVELS} directories in one another`), { errno: -EMFILE })
}

/** All names at once: they are few bytes each, and removing while reading skips some in some file systems. */
async function membersOf(folder: Fd): Promise<Name[]> {
  return fs.readdir(`/proc/self/fd/${folder}`, { encoding: 'buffer' })
}

/** @param isDeep whether the members of a directory are copied too */
export async function copyTree(
  from: Fd,
  name: string,
  to: Fd,
  newName: string,
  isDeep = true,
): Promise<void> {
  const levels = isDeep ? MOST_LEVELS : 0
  await copy(pathIn(from, Buffer.from(name)), pathIn(to, Buffer.from(newName)), levels, isDeep)
}

async function copy(from: Buffer, to: Buffer, levels: number, isDeep: boolean): Promise<void> {
  const status = await fs.lstat(from)
  if (status.isDirectory()) {
    // Only its owner may look at it before it has its own rights, which may forbid to write in it.
    await fs.mkdir(to, 0o700)
    if (isDeep) await copyMembers(from, to, levels)
    await fs.chmod(to, status.mode & 0o7777)
  } else if (status.isSymbolicLink()) {
    await fs.symlink(await fs.readlink(from, { encoding: 'buffer' }), to)
  } else if (status.isFile()) await copyFile(from, to)
}

async function copyFile(from: Buffer, to: Buffer): Promise<void> {
  const source = await fs.open(from, OPEN_FILE)
  try {
    const status = await source.stat()
    await fs.copyFile(`/proc/self/fd/${source.fd}`, to, constants.COPYFILE_EXCL)
    await fs.utimes(to, status.atime, status.mtime)
  } finally {
    await source.close()
  }
}

async function copyMembers(from: Buffer, to: Buffer, levels: number): Promise<void> {
  if (levels === 0) throw tooDeep()
  const source = await fs.open(from, OPEN_DIRECTORY)
  try {
    const target = await fs.open(to, OPEN_DIRECTORY)
    try {
      for (const member of await membersOf(source.fd)) {
        await copy(pathIn(source.fd, member), pathIn(target.fd, member), levels - 1, true)
      }
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}

/** @returns `-errno` of what Node has thrown @throws what is no failure of the system */
export function errnoOf(error: unknown): number {
  const { errno } = error as NodeJS.ErrnoException
  if (typeof errno !== 'number') throw error
  return errno < 0 ? errno : -errno
}
