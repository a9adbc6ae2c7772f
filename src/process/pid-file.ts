/**
 * The file that tells scripts the master's process id.
 *
 *   writePidFile(path, log)      its whole content appears at once; false when it cannot be written, after telling why
 *   removePidFile(path, log)     unless another process has written its own number meanwhile
 *   movePidFile(from, to, log)   out of the way of a new binary, and back
 *
 * It is written by renaming, so that nobody ever reads half a number. What is there and is no regular file (`pid /dev/null;`, a
 * link) is written to where it is and never removed.
 */

import { lstatSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { errnoForLog } from '../errno.ts'
import type { Log } from '../log.ts'

export function writePidFile(path: string, log: Log): boolean {
  const content = `${process.pid}\n`
  try {
    if (isReplaceable(path)) replace(path, content)
    else writeFileSync(path, content)
    return true
  } catch (error) {
    log.emerg(`open() "${path}" failed ${reasonOf(error)}`)
    return false
  }
}

/** Regular, or not there. */
function isReplaceable(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? true
}

/** In a folder where nothing may be created the file itself may be writable. */
function replace(path: string, content: string): void {
  const beside = `${path}.${process.pid}`
  try {
    writeFileSync(beside, content, { flag: 'wx', mode: 0o644 })
  } catch (error) {
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) throw error
    writeFileSync(path, content)
    return
  }
  renameSync(beside, path)
}

export function removePidFile(path: string, log: Log): void {
  try {
    if (lstatSync(path).isFile() && readFileSync(path, 'utf8').trim() === String(process.pid))
      unlinkSync(path)
  } catch (error) {
    log.alert(`unlink() "${path}" failed ${reasonOf(error)}`)
  }
}

/** @returns whether it was moved */
export function movePidFile(from: string, to: string, log: Log): boolean {
  try {
    renameSync(from, to)
    return true
  } catch (error) {
    log.alert(`rename() ${from} to ${to} failed ${reasonOf(error)}`)
    return false
  }
}

function reasonOf(error: unknown): string {
  const { errno, message } = error as NodeJS.ErrnoException
  return errno === undefined ? `(${message})` : errnoForLog(errno)
}
