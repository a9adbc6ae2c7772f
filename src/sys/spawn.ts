/**
 * Starts a program as a process of its own: posix_spawn(3), which neither copies this process nor runs anything of it in the child.
 *
 *   spawn({ program, args, directory, environment, fds })      the child's number, or `-errno`
 *
 * The child leads a session and a process group of its own, both with its number; every signal has its default action (Node
 * ignores SIGPIPE, which a program would inherit) and none is blocked; `fds` are its stdin, stdout and stderr, and it has no others:
 * all that we open has FD_CLOEXEC, and what this process has inherited itself gets it before the first child.
 *
 * Paths are text of Unicode, as everywhere; variables of the environment are octets, one a character, since they carry what came in
 * requests.
 */

import { readdirSync } from 'node:fs'
import { EINVAL } from '../errno.ts'
import {
  F_SETFD,
  FD_CLOEXEC,
  O_CLOEXEC,
  O_PATH,
  POSIX_SPAWN_SETSID,
  POSIX_SPAWN_SETSIGDEF,
  POSIX_SPAWN_SETSIGMASK,
  SIGSET_BYTES,
  SPAWN_STRUCTURE_BYTES,
} from './constants.ts'
import { addressOfBytes, allocate, bind } from './ffi.ts'
import { chdir, close, type Fd, fchdir, fcntl, open, posixSpawn } from './libc.ts'

export interface SpawnRequest {
  /** Absolute: no PATH is searched. */
  readonly program: string
  /** Without the program's own name, which comes first. */
  readonly args: readonly string[]
  readonly directory: string
  /** `NAME=value` */
  readonly environment: readonly string[]
  readonly fds: readonly [stdin: Fd, stdout: Fd, stderr: Fd]
}

const STDERR = 2

interface Spawn {
  posix_spawnattr_init(attributes: number): number
  posix_spawnattr_setflags(attributes: number, flags: number): number
  posix_spawnattr_setsigdefault(attributes: number, set: Uint8Array): number
  posix_spawnattr_setsigmask(attributes: number, set: Uint8Array): number
  posix_spawn_file_actions_init(actions: number): number
  posix_spawn_file_actions_adddup2(actions: number, fd: Fd, to: Fd): number
  posix_spawn_file_actions_destroy(actions: number): number
}

/** One row per function of spawn.h; each gives 0 or an error number. */
const PROTOTYPES: Readonly<Record<keyof Spawn, string>> = {
  posix_spawnattr_init: 'int posix_spawnattr_init(int64_t attributes)',
  posix_spawnattr_setflags: 'int posix_spawnattr_setflags(int64_t attributes, short flags)',
  posix_spawnattr_setsigdefault: 'int posix_spawnattr_setsigdefault(int64_t attributes, void *set)',
  posix_spawnattr_setsigmask: 'int posix_spawnattr_setsigmask(int64_t attributes, void *set)',
  posix_spawn_file_actions_init: 'int posix_spawn_file_actions_init(int64_t actions)',
  posix_spawn_file_actions_adddup2: 'int posix_spawn_file_actions_adddup2(int64_t actions, int fd, int to)',
  posix_spawn_file_actions_destroy: 'int posix_spawn_file_actions_destroy(int64_t actions)',
}

type AddChdir = (actions: number, path: string) => number

/** What is bound and prepared with the first child. */
interface Prepared extends Spawn {
  /** null before glibc 2.29. */
  readonly addChdir: AddChdir | null
  /** Addresses: what all children have in common, and the place for what one of them does with its descriptors. */
  readonly attributes: number
  readonly actions: number
}

let prepared: Prepared | null = null

function prepare(): Prepared {
  closeInheritedOnExec()
  const functions = Object.fromEntries(
    Object.entries(PROTOTYPES).map(([name, prototype]) => [name, bind(prototype)]),
  ) as unknown as Spawn
  const attributes = allocate(SPAWN_STRUCTURE_BYTES).address
  const actions = allocate(SPAWN_STRUCTURE_BYTES).address
  functions.posix_spawnattr_init(attributes)
  functions.posix_spawnattr_setflags(
    attributes,
    POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK,
  )
  functions.posix_spawnattr_setsigdefault(attributes, Buffer.alloc(SIGSET_BYTES, 0xff))
  functions.posix_spawnattr_setsigmask(attributes, Buffer.alloc(SIGSET_BYTES, 0))
  return { ...functions, addChdir: bindAddChdir(), attributes, actions }
}

/** Whoever started us may have left descriptors open for us that we know nothing of: a shell, a supervisor, Node's parent. */
function closeInheritedOnExec(): void {
  for (const fd of openDescriptors()) if (fd > STDERR) fcntl(fd, F_SETFD, FD_CLOEXEC)
}

/** @returns none where /proc is not there: what we have opened is safe all the same */
function openDescriptors(): Fd[] {
  try {
    return readdirSync('/proc/self/fd').map(Number)
  } catch {
    return []
  }
}

function bindAddChdir(): AddChdir | null {
  try {
    return bind<AddChdir>('int posix_spawn_file_actions_addchdir_np(int64_t actions, const char *path)')
  } catch {
    return null
  }
}

/**
 * @param mayAddChdir false: as with a libc that cannot change the folder in the child
 * @returns the child's number, or `-errno`: what execve(2), chdir(2) or fork(2) say, `-EINVAL` for text with a NUL
 */
export function spawn(request: SpawnRequest, mayAddChdir = true): number {
  const { program, args, directory, environment } = request
  if ([program, directory, ...args, ...environment].some(text => text.includes('\0'))) return -EINVAL
  prepared ??= prepare()
  if (prepared.addChdir !== null && mayAddChdir) return spawnIn(request, prepared, prepared.addChdir)
  return withinDirectory(directory, () => spawnIn(request, prepared!, null))
}

function spawnIn(request: SpawnRequest, functions: Prepared, addChdir: AddChdir | null): number {
  const { program, args, directory, environment, fds } = request
  const { actions, attributes } = functions
  functions.posix_spawn_file_actions_init(actions)
  const failed =
    fds.map((fd, to) => functions.posix_spawn_file_actions_adddup2(actions, fd, to)).find(e => e !== 0) ??
    addChdir?.(actions, directory) ??
    0
  const argv = vectorOf([program, ...args].map(text => Buffer.from(`${text}\0`, 'utf8')))
  const variables = vectorOf(environment.map(text => Buffer.from(`${text}\0`, 'latin1')))
  const pid = failed !== 0 ? -failed : posixSpawn(program, actions, attributes, argv, variables)
  functions.posix_spawn_file_actions_destroy(actions)
  return pid
}

/** @returns addresses of C strings, a null, and behind it the strings themselves */
function vectorOf(strings: readonly Buffer[]): Buffer {
  const headBytes = 8 * (strings.length + 1)
  const vector = Buffer.allocUnsafeSlow(strings.reduce((sum, s) => sum + s.length, headBytes))
  const address = addressOfBytes(vector)
  let at = headBytes
  strings.forEach((string, i) => {
    vector.writeBigUInt64LE(BigInt(address + at), 8 * i)
    at += string.copy(vector, at)
  })
  vector.writeBigUInt64LE(0n, 8 * strings.length)
  return vector
}

/** This process goes there and back: the child begins where we are. */
function withinDirectory(directory: string, start: () => number): number {
  const here = open('.', O_PATH | O_CLOEXEC)
  if (here < 0) return here
  const gone = chdir(directory)
  const pid = gone < 0 ? gone : start()
  fchdir(here)
  close(here)
  return pid
}
