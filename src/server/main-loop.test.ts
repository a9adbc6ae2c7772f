import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { POLLERS } from '../../test/descriptors.ts'
import { type Place, takeLoop } from './main-loop.ts'

function released(place: Place): Promise<void> {
  return new Promise(done => place.release(done))
}

/** @returns what a process prints that takes loops as `code` says, and ends by itself */
function processSays(code: string): string {
  const script = `import { takeLoop } from ${JSON.stringify(import.meta.resolve('./main-loop.js'))}\n${code}`
  return execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    timeout: 60_000,
  })
}

describe('the loop of a thread', () => {
  it('is one for all its servers', async () => {
    const places = [takeLoop('poll'), takeLoop('poll')]
    assert.equal(places[0]!.loop, places[1]!.loop)
    assert.equal(places[0]!.outbox, places[1]!.outbox)
    await released(places[0]!)
    const third = takeLoop('poll')
    assert.equal(third.loop, places[1]!.loop, 'it lives as long as one of them')
    await released(third)
    await released(places[1]!)
  })

  it('refuses a second poller, in words', async () => {
    const place = takeLoop('epoll')
    assert.throws(() => takeLoop('select'), /already waits with epoll, it cannot use select as well/)
    await released(place)
  })

  it('may wait in another way once the last server has gone', async () => {
    for (const poller of POLLERS) {
      const place = takeLoop(poller)
      assert.equal(place.loop.poller.name, poller)
      await new Promise(done => setTimeout(done, 1))
      await released(place)
    }
  })

  it('sends what is collected at the end of each iteration', async () => {
    const place = takeLoop('epoll')
    const sent: string[] = []
    place.outbox.claim({
      sendCollected: (bytes, length) => void sent.push(bytes.toString('latin1', 0, length)),
    })
    place.outbox.addText('collected')
    // An immediate comes after our loop's turn.
    await new Promise(done => setImmediate(done))
    await released(place)
    assert.deepEqual(sent, ['collected'])
  })
})

describe('the process', () => {
  it('lives as long as one server keeps it', () => {
    const text = processSays(`
      const [first, second] = [takeLoop('epoll'), takeLoop('epoll')]
      first.reference(false)
      setTimeout(() => {
        console.log('alive')
        second.release(() => console.log('released'))
      }, 20).unref()`)
    assert.equal(text, 'alive\nreleased\n')
  })

  it('ends beside servers that do not keep it', () => {
    const text = processSays(`
      for (const place of [takeLoop('epoll'), takeLoop('epoll')]) place.reference(false)
      setTimeout(() => console.log('last'), 1)`)
    assert.equal(text, 'last\n')
  })

  it('is kept again by a server that comes later', () => {
    const text = processSays(`
      takeLoop('epoll').reference(false)
      const second = takeLoop('epoll')
      setTimeout(() => {
        console.log('alive')
        second.release(() => {})
      }, 20).unref()`)
    assert.equal(text, 'alive\n')
  })
})

describe('programs that still run', () => {
  const STUBBORN = `
    const { startChild } = await import(${JSON.stringify(import.meta.resolve('../io/child.js'))})
    const place = takeLoop('epoll')
    const script = 'trap "" TERM; echo ready; while :; do sleep 1000; done'
    const nothing = () => {}
    const stubborn = whenReady => {
      const child = startChild(
        place.loop,
        { program: '/bin/sh', args: ['-c', script], directory: '/', environment: ['PATH=/usr/bin:/bin'] },
        {
          onOutput: () => setImmediate(whenReady),
          onOutputEnd: nothing, onErrorOutput: nothing, onInputDrained: nothing, onInputBroken: nothing,
          onFailure: nothing,
          onExit: (code, signal) => console.log('ended', code, signal),
        },
      )
      console.log(child.pid)
    }`

  it('are killed and reaped before the last server has gone', () => {
    const [pid, ...rest] = processSays(`${STUBBORN}
      stubborn(() => place.release(() => console.log('released')))`).split('\n')
    assert.deepEqual(rest, ['ended null 9', 'released', ''])
    assert.ok(!existsSync(`/proc/${pid}`))
  })

  it('live on for a server that does', () => {
    const text = processSays(`${STUBBORN}
      const other = takeLoop('epoll')
      stubborn(() => place.release(() => {
        console.log('released')
        other.release(() => console.log('both released'))
      }))`)
    assert.match(text, /^\d+\nreleased\nended null 9\nboth released\n$/)
  })

  it('do not outlive a process that ends in any other way', async () => {
    const pid = processSays(`${STUBBORN}
      stubborn(() => process.exit(0))`).trim()
    assert.match(pid, /^\d+$/)
    // SIGKILL takes its time.
    while (!isOver(Number(pid))) await new Promise(resolve => setTimeout(resolve, 1))
  })
})

/** Nobody of ours may reap it any more; whoever does takes his time. */
function isOver(pid: number): boolean {
  try {
    return /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return true
  }
}
