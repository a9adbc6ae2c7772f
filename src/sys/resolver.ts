/**
 * The addresses of a host name, as the system finds them: hosts(5), DNS, whatever nsswitch.conf(5) names. It blocks until the
 * answer is there: for reading a configuration only.
 *
 *   socketAddressesOf('localhost')     the bytes of a `struct sockaddr` for each
 */

import { ADDRINFO, SOCK_STREAM } from './constants.ts'
import { allocate, bind, memoryAt } from './ffi.ts'

const getaddrinfo = bind<(name: string, service: number, hints: Uint8Array, result: Uint8Array) => number>(
  'int getaddrinfo(const char *name, int64_t service, void *hints, void *result)',
)
const freeaddrinfo = bind<(list: number) => void>('void freeaddrinfo(int64_t list)')

/** @returns in the order in which the system prefers them; none when the name is not known @see getaddrinfo(3) */
export function socketAddressesOf(name: string): Buffer[] {
  if (name.includes('\0')) return []
  const hints = Buffer.alloc(ADDRINFO.sizeBytes)
  hints.writeInt32LE(SOCK_STREAM, ADDRINFO.socktype)
  const { bytes: result } = allocate(8)
  if (getaddrinfo(name, 0, hints, result) !== 0) return []
  const first = Number(result.readBigUInt64LE(0))
  const found: Buffer[] = []
  for (let entry = first; entry !== 0; ) {
    const view = Buffer.from(memoryAt(entry, ADDRINFO.sizeBytes))
    const address = Number(view.readBigUInt64LE(ADDRINFO.address))
    found.push(Buffer.from(Buffer.from(memoryAt(address, view.readUInt32LE(ADDRINFO.addressBytes)))))
    entry = Number(view.readBigUInt64LE(ADDRINFO.next))
  }
  freeaddrinfo(first)
  return found
}
