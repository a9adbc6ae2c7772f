import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { it } from 'node:test'
import { groupOf, userOf } from './users.ts'

/** Names that stand once in the file, with the numbers in two of their columns. */
function entriesOf(file: string): Map<string, number[]> {
  const rows = readFileSync(file, 'utf8')
    .split('\n')
    .map(line => line.split(':'))
  return new Map(
    rows
      .filter(row => row.length > 3)
      .map(([name, , first, second]) => [name!, [Number(first), Number(second)]]),
  )
}

it('users and groups have the numbers that the files of the system give them', () => {
  const users = entriesOf('/etc/passwd')
  assert.ok(users.has('root'))
  for (const [name, [uid, gid]] of users) assert.deepEqual(userOf(name), { uid, gid }, name)
  for (const [name, [gid]] of entriesOf('/etc/group')) assert.equal(groupOf(name), gid, name)
})

it('nobody has a name that nobody knows', () => {
  assert.equal(userOf('no-such-user'), null)
  assert.equal(groupOf('no-such-group'), null)
  assert.equal(userOf(''), null)
})
