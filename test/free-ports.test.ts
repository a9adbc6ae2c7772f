import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { freePorts } from './free-ports.ts'

test('free ports are not the same, and can be listened on', async () => {
  const ports = await freePorts(20)
  assert.equal(new Set(ports).size, 20)
  for (const port of ports) {
    const server = createServer()
    await new Promise<void>(done => server.listen(port, '127.0.0.1', done))
    await new Promise(done => server.close(done))
  }
})
