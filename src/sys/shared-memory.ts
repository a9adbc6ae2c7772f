/**
 * Memory that several processes see: a memfd_create(2) file mapped with MAP_SHARED. The descriptor is inherited by children, the
 * memory lives as long as one of them has it mapped.
 *
 *   const { fd, buffer } = createSharedMemory('counters', 4096)      in the parent; all zero
 *   const buffer = mapSharedMemory(fd, 4096)                         in a child
 *
 * A `Float64Array` whose elements each have one writer needs no further care: both of our processors write eight aligned bytes in
 * one piece. Where several write, `Atomics` works on an `Int32Array` or a `BigInt64Array` of it as on a SharedArrayBuffer.
 */

import { errnoName } from '../errno.ts'
import { MAP_SHARED, MFD_CLOEXEC, PROT_READ, PROT_WRITE } from './constants.ts'
import { memoryAt } from './ffi.ts'
import { close, type Fd, ftruncate, memfdCreate, mmap } from './libc.ts'

export interface SharedMemory {
  readonly fd: Fd
  readonly buffer: ArrayBuffer
}

/**
 * @param name shown in `/proc/PID/maps`, for whoever looks there
 * @throws when the system has no memory or no descriptors left
 */
export function createSharedMemory(name: string, sizeBytes: number): SharedMemory {
  const fd = memfdCreate(name, MFD_CLOEXEC)
  if (fd < 0) throw new Error(`memfd_create: ${errnoName(fd)}`)
  const sized = ftruncate(fd, sizeBytes)
  if (sized < 0) {
    close(fd)
    throw new Error(`ftruncate: ${errnoName(sized)}`)
  }
  return { fd, buffer: mapSharedMemory(fd, sizeBytes) }
}

/** The mapping stays for the life of the process. @throws when `fd` cannot be mapped */
export function mapSharedMemory(fd: Fd, sizeBytes: number): ArrayBuffer {
  const address = mmap(sizeBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd)
  if (address < 0) throw new Error(`mmap: ${errnoName(address)}`)
  return memoryAt(address, sizeBytes)
}
