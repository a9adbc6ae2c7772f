import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Asked, readRequests } from './requests.ts'

function one(line: string): Asked {
  const [first, ...more] = readRequests('r', line)
  assert.equal(more.length, 0)
  return first!
}

test('a line is a request and facts', () => {
  const asked = one(
    'POST /a?b HTTP/1.0 | X: a, b | content "é=" => 405 | Allow: GET… | Y: (none) | "text" | file a.txt',
  )
  assert.deepEqual([asked.method, asked.target, asked.version], ['POST', '/a?b', 'HTTP/1.0'])
  assert.deepEqual(asked.fields, [
    ['Host', 'localhost'],
    ['X', 'a, b'],
    ['Content-Length', '3'],
  ])
  const fields = [
    ['Allow', 'GET…'],
    ['Y', '(none)'],
  ]
  assert.deepEqual(asked.expected, { status: 405, fields, texts: ['text'], file: 'a.txt' })
})

test('alternatives become requests, and are named in the facts', () => {
  const all = readRequests('r', '{GET,HEAD} /{,a,b} => 301 | Location: /{1}{2}')
  assert.deepEqual(
    all.map(({ method, target, expected }) => `${method} ${target} ${expected.fields[0]![1]}`),
    ['GET / /GET', 'GET /a /GETa', 'GET /b /GETb', 'HEAD / /HEAD', 'HEAD /a /HEADa', 'HEAD /b /HEADb'],
  )
})

test('settings hold for the lines below, and begin a connection', () => {
  const all = readRequests(
    'r',
    'host a\nport 81\nfrom 127.0.0.9\nGET / => 200\n+ GET / => 200\nhost none\nGET / => closed',
  )
  assert.deepEqual(
    all.map(({ place, fields, port, client, isFirst, isPipelined, expected }) => [
      place,
      fields.length,
      port,
      client,
      isFirst,
      isPipelined,
      expected.status,
    ]),
    [
      ['r:4', 1, '81', '127.0.0.9', true, false, 200],
      ['r:5', 1, '81', '127.0.0.9', false, true, 200],
      ['r:7', 0, '81', '127.0.0.9', true, false, null],
    ],
  )
})

test('files come and go before a request', () => {
  const all = readRequests('r', 'touch a/b\nremove c\nGET / => 200\nGET / => 200\nremove a/b\n+ GET / => 200')
  const first = [
    { kind: 'touch', path: 'a/b' },
    { kind: 'remove', path: 'c' },
  ]
  assert.deepEqual(
    all.map(({ changes, isFirst }) => [changes, isFirst]),
    [
      [first, true],
      [[], false],
      [[{ kind: 'remove', path: 'a/b' }], true],
    ],
  )
})

test('a Host of its own stands in place of the common one', () => {
  assert.deepEqual(one('GET / | host: b => 200').fields, [['host', 'b']])
  assert.deepEqual(one('GET / | Host: (none) => 200').fields, [])
})

test('long texts are told by their length', () => {
  assert.equal(one('GET /<3 times ab> | X: <2 times c> => 200').target, '/ababab')
  assert.equal(one('GET / | X: <2 times c> => 200').fields[1]![1], 'cc')
})

test('what is not understood is refused with its line', () => {
  for (const line of [
    'GET /',
    'GET => 200',
    'GET / => 2000',
    'GET / | x => 200',
    'GET / => 200 | x',
    'GET / => 200 => 200',
  ])
    assert.throws(() => readRequests('r', `\n${line}`), /^Error: r:2: /, line)
})
