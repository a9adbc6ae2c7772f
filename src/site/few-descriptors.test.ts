import assert from 'node:assert/strict'
import { it } from 'node:test'
import { evaluate } from '../config/block.ts'
import { Problems } from '../config/diagnostic.ts'
import { parseConfiguration } from '../config/parser.ts'
import { warnOfFewDescriptors } from './few-descriptors.ts'
import { mainTable } from './main-directives.ts'

function warnings(text: string): string[] {
  const problems = new Problems()
  const files = { read: () => ({ text }), glob: () => [] }
  const { tree } = parseConfiguration('/nginx.conf', files, problems)
  const language = { tables: [mainTable], elsewhere: new Map(), foreign: () => null }
  const main = evaluate(tree, language, { prefix: '/', folder: '/' }, problems, [])
  warnOfFewDescriptors(main, problems, 64)
  return problems.list.map(({ summary }) => summary)
}

it('warns of more connections than descriptors, in nginx’s words', () => {
  assert.deepEqual(warnings('events { worker_connections 65; }'), [
    '65 worker_connections exceed open file resource limit: 64',
  ])
  assert.deepEqual(warnings('events { }'), ['512 worker_connections exceed open file resource limit: 64'])
})

it('is silent when there are enough, or when workers get more', () => {
  assert.deepEqual(warnings('events { worker_connections 64; }'), [])
  assert.deepEqual(warnings('worker_rlimit_nofile 1024; events { }'), [])
})
