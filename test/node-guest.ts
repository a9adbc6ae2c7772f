/**
 * The child process of `src/loop/node-loop.test.ts`: our loop is the main loop of this process, and Node its guest.
 *
 *   node node-guest.js epoll timers-under-load
 *
 * Each scenario prints a line per thing that has happened, and then lets the process end by itself, unless the end is the scenario.
 */

import { execFile } from 'node:child_process'
import { lookup } from 'node:dns/promises'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate as immediate, setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { Loop, type Watcher } from '../src/loop/loop.ts'
import { NodeLoop } from '../src/loop/node-loop.ts'
import { type PollerName, READABLE } from '../src/loop/poller.ts'
import { TRACE_WAIT } from '../src/loop/trace.ts'
import { AF_UNIX, SOCK_NONBLOCK, SOCK_STREAM } from '../src/sys/constants.ts'
import { type Fd, read, socketpair, write } from '../src/sys/libc.ts'

const [poller, scenario] = (isMainThread ? process.argv.slice(2) : workerData) as [PollerName, string]
const loop = new Loop({ poller })
const node = new NodeLoop()

function say(words: string): void {
  if (isMainThread) console.log(words)
  else parentPort!.postMessage(words)
}

/** A socket with something to read, for ever unless it is taken. */
class Source implements Watcher {
  readonly fd: Fd
  private readonly other: Fd
  onReadable: () => void = () => {}
  onFailure: (error: unknown) => void = error => say(`failure ${(error as Error).message}`)

  constructor(target = loop) {
    const fds = new Int32Array(2)
    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, fds)
    this.fd = fds[0]!
    this.other = fds[1]!
    target.watch(this.fd, READABLE, this)
  }

  onWritable(): void {}

  give(): this {
    write(this.other, Buffer.from('x'))
    return this
  }

  take(): void {
    read(this.fd, Buffer.alloc(1))
  }
}

/** The loop never sleeps from here on. */
function load(): Source {
  return new Source().give()
}

/** Whatever Node does besides running our loop. */
const GUESTS: Record<string, () => Promise<unknown>> = {
  setTimeout: () => sleep(1),
  setImmediate: () => immediate(),
  setInterval: () =>
    new Promise<void>(done => {
      let left = 3
      const timer = setInterval(() => {
        if (--left > 0) return
        clearInterval(timer)
        done()
      }, 1)
    }),
  'nextTick and await': async () => {
    for (let i = 0; i < 100; i++) await new Promise<void>(done => process.nextTick(done))
  },
  readFile: () => readFile(new URL(import.meta.url)),
  execFile: () => promisify(execFile)(process.execPath, ['-e', 'console.log(1)']),
  worker: () =>
    new Promise(done => {
      const code = "require('node:worker_threads').parentPort.once('message', m => process.exit(m))"
      const worker = new Worker(code, { eval: true })
      worker.once('exit', done)
      worker.postMessage(3)
    }),
  fetch: async () => {
    const server = createServer((_request, response) => response.end('answer'))
    await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
    const { port } = server.address() as AddressInfo
    const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })
    if ((await response.text()) !== 'answer') throw new Error('no answer')
    await new Promise(done => server.close(done))
  },
  lookup: () => lookup('localhost'),
}

async function everyGuest(): Promise<void> {
  const names = Object.keys(GUESTS)
  await Promise.all(names.map(name => GUESTS[name]!().then(() => say(name))))
}

function end(): void {
  node.stop()
}

const scenarios: Record<string, () => void> = {
  /** Everything of Node goes on while the loop is always busy. */
  busy() {
    load()
    void everyGuest().then(end)
  },

  /** The same while it has nothing to do. */
  idle() {
    void everyGuest().then(end)
  },

  /** Ticks and microtasks of one iteration run before the next. */
  microtasks() {
    const source = load()
    let open = 0
    let rounds = 0
    source.onReadable = () => {
      if (open !== 0) say(`${open} are late`)
      if (rounds++ === 1000) {
        say('none was late')
        end()
        return
      }
      open += 2
      process.nextTick(() => open--)
      void Promise.resolve().then(() => open--)
    }
  },

  /** What a handler begins is done although nothing else happens afterwards. */
  'from a handler'() {
    const source = new Source().give()
    source.onReadable = () => {
      source.take()
      setTimeout(() => {
        say('setTimeout')
        source.onReadable = () => {
          source.take()
          setImmediate(() => {
            say('setImmediate')
            source.onReadable = () => {
              source.take()
              void readFile(new URL(import.meta.url)).then(() => {
                say('readFile')
                end()
              })
            }
            source.give()
          })
        }
        source.give()
      }, 1)
    }
  },

  /** Exceptions from everywhere reach uncaughtException, and the loop goes on. */
  exceptions() {
    process.on('uncaughtException', error => say(`caught ${error.message}`))
    const source = new Source()
    const acts: (() => void)[] = [
      () => {
        source.onFailure = error => {
          source.onFailure = () => {}
          throw error
        }
        throw new Error('onFailure')
      },
      () =>
        process.nextTick(() => {
          throw new Error('nextTick')
        }),
      () =>
        setTimeout(() => {
          throw new Error('setTimeout')
        }, 1),
      () =>
        setImmediate(() => {
          throw new Error('setImmediate')
        }),
      () => void Promise.reject(new Error('rejection')),
    ]
    source.onReadable = () => {
      source.take()
      const act = acts.shift()
      if (act === undefined) end()
      else {
        setTimeout(() => source.give(), 20)
        act()
      }
    }
    source.give()
  },

  'unhandled rejection'() {
    const source = new Source().give()
    source.onReadable = () => {
      source.take()
      void Promise.reject(new Error('nobody listens'))
    }
  },

  'uncaught exception'() {
    const source = new Source().give()
    source.onReadable = () => {
      source.take()
      process.nextTick(() => {
        throw new Error('nobody listens')
      })
    }
  },

  'signal with a handler'() {
    process.once('SIGTERM', () => {
      say('SIGTERM')
      end()
    })
    sayReady()
  },

  'signal without a handler'() {
    sayReady()
  },

  'asleep for ever'() {
    sayReady()
  },

  'natural end'() {
    process.on('beforeExit', () => say('beforeExit'))
    process.on('exit', code => say(`exit ${code}`))
    setTimeout(end, 5)
  },

  /** From a watcher, that is inside an iteration. */
  'end from a handler'() {
    const source = load()
    let calls = 0
    source.onReadable = () => {
      calls++
      end()
    }
    process.on('beforeExit', () => say(`called ${calls}`))
  },

  'process.exit'() {
    const source = load()
    source.onReadable = () => process.exit(7)
  },

  'process.exit from a promise'() {
    const source = load()
    source.onReadable = () => void Promise.resolve().then(() => process.exit(7))
  },

  'without reference'() {
    new Source()
    node.reference(false)
    setTimeout(() => say('the last timer'), 20)
  },

  'another loop afterwards'() {
    const names: PollerName[] = ['select', 'poll', 'epoll']
    const after = (last: Loop): void => {
      node.stop()
      setImmediate(() => {
        last.close()
        const name = names.shift()
        if (name === undefined) return
        const next = new Loop({ poller: name })
        node.start(next)
        const source = new Source(next).give()
        source.onReadable = () => {
          next.closeLater(source.fd)
          say(name)
          after(next)
        }
      })
    }
    after(loop)
  },

  /** Waits are counted between two moments; our own second of sleep is one or two of them. */
  'idle waits'() {
    new Source()
    loop.trace.on = true
    setTimeout(() => {
      const from = loop.trace.sequence
      setTimeout(() => {
        let waits = 0
        loop.trace.since(from, kind => {
          if (kind === TRACE_WAIT) waits++
        })
        say(`waits ${waits}`)
        end()
      }, 1000)
    }, 200)
  },

  'terminate a worker'() {
    let left = 3
    const again = (): void => {
      const worker = inWorker('busy for ever')
      worker.once('message', () => {
        void worker.terminate().then(code => {
          say(`terminated ${code}`)
          if (--left > 0) again()
          else end()
        })
      })
    }
    again()
  },

  'terminate a sleeping worker'() {
    const worker = inWorker('asleep for ever')
    worker.once('message', () => {
      setTimeout(() => {
        void worker.terminate().then(code => {
          say(`terminated ${code}`)
          end()
        })
      }, 50)
    })
  },

  'worker that ends'() {
    const worker = inWorker('natural end')
    worker.on('message', say)
    worker.once('exit', code => {
      say(`worker ${code}`)
      end()
    })
  },

  'process.exit beside a worker'() {
    inWorker('busy for ever').once('message', () => process.exit(7))
  },

  'busy for ever'() {
    load()
    sayReady()
  },
}

function sayReady(): void {
  setImmediate(() => say('ready'))
}

function inWorker(name: string): Worker {
  const worker = new Worker(new URL(import.meta.url), { workerData: [poller, name] })
  worker.once('error', error => say(`error ${error.message}`))
  return worker
}

node.start(loop)
scenarios[scenario]!()
