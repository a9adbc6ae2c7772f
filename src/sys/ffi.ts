/**
 * The one door to native code. Nothing else in veille imports the FFI library, so that another one
 * (`node:ffi`, once it is stable) can replace it here.
 *
 *   bind(prototype)              a C function of this process as a JavaScript function
 *   callback(prototype, f)       the address of a C function that calls `f`
 *   addressOf(name)              the address of a symbol, for C functions handed to C functions
 *   addressOfBytes(buffer)       where a buffer's bytes lie
 *   memoryAt(address, bytes)     memory that C has allocated, without a copy
 *   errno()                      the calling thread's error number, read straight after a failed call
 *   allocate(bytes)              zeroed memory outside the JavaScript heap; never moved, never freed
 *
 * Pointers are numbers: user-space addresses on our platforms are below 2^47, so a `number` holds them exactly
 * and costs less than a BigInt (45 against 50 ns a call, Node 20, November 2026). Declare them `int64_t` in
 * prototypes; declare `void*` where a Buffer is passed for the time of the call.
 */

import koffi from 'koffi'

/** libc, libuv, OpenSSL: all are inside the node executable or already loaded by it. */
const process_ = koffi.load(null)

/**
 * @param prototype as in C, `int listen(int fd, int backlog)`
 * @throws when the running process has no such symbol
 */
export function bind<F extends (...args: never[]) => unknown>(prototype: string): F {
  return process_.func(prototype) as unknown as F
}

/** @returns the address of `name` in this process */
export function addressOf(name: string): number {
  return Number(process_.symbol(name))
}

/**
 * An exception must never leave `f`: C code cannot be unwound, and the FFI library would swallow it.
 * @returns the address of a C function that stays valid for the life of the process
 */
export function callback(prototype: string, f: (...args: number[]) => void): number {
  return Number(koffi.address(koffi.register(f, koffi.pointer(koffi.proto(prototype)))))
}

/** Stays right while `buffer` is referenced: buffers that native code has seen once are not moved by the collector. */
export function addressOfBytes(buffer: Uint8Array): number {
  return Number(koffi.address(buffer))
}

/** Stays right as long as C keeps the memory: reading it later ends the process. */
export function memoryAt(address: number, sizeBytes: number): ArrayBuffer {
  return koffi.view(address, sizeBytes)
}

/** `__errno_location(3)` gives one address per thread, in glibc and in musl; reading it costs 4 ns, a call 25. */
const errnoCell = new Int32Array(koffi.view(bind<() => bigint>('void *__errno_location()')(), 4))

export function errno(): number {
  return errnoCell[0]!
}

/** For tests that play the system: the next `errno()` answers `number`. */
export function setErrno(number: number): void {
  errnoCell[0] = number
}

export interface Memory {
  readonly address: number
  readonly bytes: Buffer
}

/** Memory that C keeps beyond a call (libuv's handles). */
export function allocate(sizeBytes: number): Memory {
  const pointer = koffi.alloc('uint8_t', sizeBytes)
  const bytes = Buffer.from(koffi.view(pointer, sizeBytes))
  bytes.fill(0)
  return { address: Number(koffi.address(pointer)), bytes }
}

/** The `napi_env` of this thread, with which native functions of Node-API are called. */
export const napiEnv = Number(koffi.node.env)
