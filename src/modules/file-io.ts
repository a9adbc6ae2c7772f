/**
 * Directives about how nginx reads files and fills its buffers: accepted, since they stand in many configurations, and without
 * effect here. Each row says why.
 */

import { type Call, custom, flag, size } from '../config/directive.ts'
import { parseInteger, parseOffset, parseSize } from '../config/units.ts'
import { defineFeature } from '../server/feature.ts'

const EVERYWHERE = ['http', 'server', 'location']
const SIZE = 'expected a size: a whole number of bytes, or with k or m behind it, such as 32k'

/** What `aio` says: the pool of threads, where it names one. */
interface Reading {
  readonly pool: string | null
}

const table = {
  directio: custom<number>({
    in: EVERYWHERE,
    syntax: ['off', 'size'],
    takes: [1, 1],
    initial: Number.POSITIVE_INFINITY,
    default: 'off',
    doc: 'Files from this size on are read past the page cache (O_DIRECT).',
    withoutEffect:
      'large files go from the page cache to the socket by sendfile(2), which has no use for O_DIRECT; small ones are kept in memory',
    read: call => (call.text(0) === 'off' ? Number.POSITIVE_INFINITY : offset(call)),
  }),
  directio_alignment: custom<number>({
    in: EVERYWHERE,
    syntax: 'size',
    takes: [1, 1],
    initial: 512,
    default: '512',
    doc: 'The alignment of reads with directio.',
    withoutEffect: 'directio has none',
    read: offset,
  }),
  read_ahead: size({
    in: EVERYWHERE,
    initial: 0,
    doc: 'How far the kernel reads ahead in files.',
    withoutEffect: 'on Linux, nginx too has no effect by it but to ask for what the kernel does by itself',
  }),
  output_buffers: custom<readonly [number, number]>({
    in: EVERYWHERE,
    syntax: 'number size',
    takes: [2, 2],
    initial: [2, 32 * 1024],
    default: '2 32k',
    doc: 'Buffers into which files are read that are not sent by sendfile(2).',
    withoutEffect: 'there are no such buffers for each request',
    read(call) {
      const number = parseInteger(call.text(0))
      const bytes = parseSize(call.text(1))
      if (number === null || number === 0) {
        return call.fail(
          0,
          '"output_buffers" directive invalid value',
          'expected a number from 1 on, then a size',
        )
      }
      return bytes === null ? call.fail(1, '"output_buffers" directive invalid value', SIZE) : [number, bytes]
    },
  }),
  postpone_output: size({
    in: EVERYWHERE,
    initial: 1460,
    default: '1460',
    doc: 'Output waits until there is so much of it.',
    withoutEffect: 'what is written in one turn of the loop leaves together at its end, and never later',
  }),
  aio: custom<Reading>({
    in: EVERYWHERE,
    syntax: ['on | off', 'threads[=pool]'],
    takes: [1, 1],
    initial: { pool: null },
    default: 'off',
    doc: 'Files are read without waiting for the disk, by the kernel or by threads.',
    withoutEffect:
      'small files are in memory, and large ones are sent by sendfile(2); only reading what is not in the page cache waits for the disk',
    read: readAio,
  }),
  aio_write: flag({
    in: EVERYWHERE,
    initial: false,
    doc: 'Files are written without waiting for the disk.',
    withoutEffect: 'nothing here writes files for a request',
  }),
}

function offset(call: Call): number | undefined {
  return parseOffset(call.text(0)) ?? call.fail(0, `"${call.name}" directive invalid value`, SIZE)
}

function readAio(call: Call): Reading | undefined {
  const text = call.text(0)
  if (text === 'on' || text === 'off') return { pool: null }
  const [, pool = 'default'] = /^threads(?:=(.+))?$/s.exec(text) ?? []
  if (text.startsWith('threads')) return { pool }
  return call.fail(0, '"aio" directive invalid value', 'expected on, off, threads or threads=pool')
}

export const fileIo = defineFeature({
  name: 'file-io',
  nginxModules: ['ngx_http_core_module'],
  table,
  bind({ aio: { pool } }, { block, site }) {
    const line = block.line('aio')
    if (line === null || pool === null || pool === 'default' || pool.includes('$')) return null
    const pools = site.main.entries.filter(({ name }) => name === 'thread_pool')
    if (pools.some(({ directive }) => directive.args[0]?.text === pool)) return null
    site.problems.error(
      line.args[0]!.place,
      `unknown thread pool "${pool}"`,
      `a line "thread_pool ${pool} threads=32;" outside of http defines it`,
    )
    return null
  },
})
