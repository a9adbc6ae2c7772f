import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { evaluate } from './block.ts'
import { Problems } from './diagnostic.ts'
import { custom, flag, listOf, text } from './directive.ts'
import { type Directive, parseConfiguration } from './parser.ts'
import { splitSwallowed } from './swallowed-line.ts'

const NAMES = ['root', 'index', 'location', 'server_name']

function split(text: string) {
  const files = { read: () => ({ text }), glob: () => [] }
  const [directive] = parseConfiguration('/x', files, new Problems()).tree
  return splitSwallowed(directive!, name => NAMES.includes(name))
}

function shown({ name, args, block }: Directive): string {
  return [name, ...args.map(({ text }) => text)].join(' ') + (block === null ? ';' : '{}')
}

function splits(text: string, ...expected: string[]): void {
  it(JSON.stringify(text), () => assert.deepEqual(split(text)?.map(shown) ?? [], expected))
}

describe('a line that was swallowed', () => {
  splits('root /a\nindex b;', 'root /a;', 'index b;')
  splits('  root /a\n  index b;', 'root /a;', 'index b;')
  splits('root /a\n# c\nlocation / {}', 'root /a;', 'location /{}')
  splits('root\nindex b;', 'root;', 'index b;')
  splits('root /a\nindex b\nlocation / {}', 'root /a;', 'index b location /{}')

  it('begins where its name stands, and the ";" is missing behind the last word', () => {
    const [first, second] = split('root "/a"\nindex b;')!
    assert.deepEqual([first.end.line, first.end.column], [1, 10])
    assert.deepEqual([second.place.line, second.place.column], [2, 1])
    assert.deepEqual([second.end.line, second.end.column], [2, 8])
  })
})

describe('a line that continues the one before', () => {
  splits('server_name a\n  index\n  root;')
  splits('server_name a\nb;')
  splits('server_name a\n"index";')
  splits('server_name index root;')
  splits('server_name a\nb index;')
})

describe('a file with a ";" too few', () => {
  const table = {
    root: text({ in: ['main'], initial: '', doc: '' }),
    autoindex: flag({ in: ['main'], initial: false, doc: '' }),
    listen: custom({
      in: ['main'],
      syntax: 'port ...',
      takes: [1, 9],
      initial: '',
      doc: '',
      read: call =>
        call.args.length === 1 ? call.text(0) : call.fail(1, `invalid parameter "${call.text(1)}"`),
    }),
    index: listOf({ in: ['main'], syntax: 'file ...', takes: [1, 9], read: call => call.text(0), doc: '' }),
  }

  function check(source: string, expected: string[]) {
    const problems = new Problems()
    const files = { read: () => ({ text: source }), glob: () => [] }
    const { tree } = parseConfiguration('/x', files, problems)
    const language = { tables: [table], elsewhere: new Map<string, string>() }
    const main = evaluate(tree, language, { prefix: '/', folder: '/' }, problems)
    const found = problems.list.map(
      ({ severity, summary, place }) => `${severity} ${place?.line}: ${summary}`,
    )
    assert.deepEqual(found, expected)
    return main.settings(table)
  }

  it('is checked as if it were there', () => {
    const settings = check('root /a\nindex b\nautoindex maybe;', [
      'error 2: invalid number of arguments in "root" directive',
      'warning 3: "autoindex" is taken for an argument of "index"',
    ])
    assert.equal(settings.root, '/a')
  })

  it('is no argument that its directive does not know', () => {
    const settings = check('listen 80\nroot /a;', ['error 2: invalid parameter "root"'])
    assert.equal(settings.root, '/a')
    assert.equal(settings.listen, '80')
  })

  it('is checked behind a directive that there is not', () => {
    check('rot /a\nautoindex maybe;', [
      'error 1: unknown directive "rot"',
      'error 2: invalid value "maybe" in "autoindex" directive, it must be "on" or "off"',
    ])
  })

  it('is what nginx makes of it where nginx does not mind', () => {
    const settings = check('index a\nroot /b;', ['warning 2: "root" is taken for an argument of "index"'])
    assert.deepEqual([settings.root, settings.index], ['', ['a']])
  })
})
