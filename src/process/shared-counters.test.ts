import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ACCEPTED, ACTIVE, REQUESTS, readinessOf, sumOf, WRITING } from '../server/counters.ts'
import { close } from '../sys/libc.ts'
import { countersAt, programsAt, SharedCounters } from './shared-counters.ts'

it('each process has a row, and sees those of all', () => {
  const shared = new SharedCounters(2)
  const rows = [shared.takeRow(), shared.takeRow()]
  assert.deepEqual(rows, [0, 1])
  const seen = countersAt(shared.fd, shared.sizeBytes)
  for (const row of rows) seen[row]!.add(REQUESTS, row + 1)
  assert.equal(sumOf(shared.rows)[REQUESTS], 3)
  assert.equal(sumOf(seen)[REQUESTS], 3)
  close(shared.fd)
})

it('of a process that has ended its connections are forgotten, its work is not', () => {
  const shared = new SharedCounters(1)
  const row = shared.takeRow()
  for (const cell of [ACCEPTED, REQUESTS, ACTIVE, WRITING] as const) shared.rows[row]!.add(cell, 5)
  shared.giveRow(row)
  assert.equal(shared.takeRow(), row)
  const sum = sumOf(shared.rows)
  assert.deepEqual([sum[ACCEPTED], sum[REQUESTS], sum[ACTIVE], sum[WRITING]], [5, 5, 0, 0])
  close(shared.fd)
})

it('what the loop of a process has counted is forgotten with it, and is nobody else’s meanwhile', () => {
  const shared = new SharedCounters(1)
  const rows = [shared.takeRow(), shared.takeRow()]
  for (const row of rows) shared.rows[row]!.readiness.fill(row + 1)
  shared.rows[0]!.add(WRITING)
  assert.equal(readinessOf(shared.rows).reads_without_readiness, 3)
  assert.equal(sumOf(shared.rows)[ACCEPTED], 0)
  shared.giveRow(rows[0]!)
  assert.equal(readinessOf(shared.rows).reads_without_readiness, 2)
  close(shared.fd)
})

it('more processes than rows share the last one, which is cleared when the last of them ends', () => {
  const shared = new SharedCounters(1)
  const rows = Array.from({ length: shared.rows.length + 2 }, () => shared.takeRow())
  const last = shared.rows.length - 1
  assert.deepEqual(rows.slice(-3), [last, last, last])
  shared.rows[last]!.add(ACTIVE, 2)
  shared.giveRow(last)
  assert.equal(sumOf(shared.rows)[ACTIVE], 2)
  shared.giveRow(last)
  shared.giveRow(last)
  assert.equal(sumOf(shared.rows)[ACTIVE], 0)
  close(shared.fd)
})

it('the master finds the programs of a process that has ended, unless others record theirs in the same row', () => {
  const shared = new SharedCounters(1)
  const rows = Array.from({ length: shared.rows.length + 1 }, () => shared.takeRow())
  const own = programsAt(shared.fd, shared.sizeBytes, 0)
  own.set([4711, 0, 4712, 1, -1])
  shared.rows[1]!.add(REQUESTS)
  assert.deepEqual(shared.takePrograms(0), [4711, 4712])
  assert.deepEqual(shared.takePrograms(0), [])
  assert.ok(own.every(pid => pid === 0))
  const last = rows.at(-1)!
  programsAt(shared.fd, shared.sizeBytes, last).set([4713])
  assert.deepEqual(shared.takePrograms(last), [])
  close(shared.fd)
})
