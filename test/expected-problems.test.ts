import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Problems } from '../src/config/diagnostic.ts'
import { placeAt } from '../src/config/source.ts'
import { linesOf, readExpectations } from './expected-problems.ts'

function says(text: string, ...lines: string[]): void {
  it(JSON.stringify(text), () => assert.deepEqual(readExpectations(text).lines, lines))
}

describe('what a configuration says of itself', () => {
  says('a b;\n# ^ error: wrong', '1:3-3 error: wrong')
  says('a bcd;\n# ^^^ error: wrong\n# | right', '1:3-5 error: wrong | right')
  says(
    'a b c;\n# ^ error: one\n# | more\n#   ^ warning: two',
    '1:3-3 error: one | more',
    '1:5-5 warning: two',
  )
  says('# plain\na b;\n\n# - note: here', '3:3-3 note: here')
  says('# error 7:1: wrong\n# | right\n# note 2:3: here', '2:3 note: here', '7:1 error: wrong | right')
  says('# error: wrong\n# | right\n# | and more', 'error: wrong | right and more')
  says('# an error: is told\n# of | course', ...[])

  it('tells what nginx says, and why', () => {
    const opinionOf = (text: string) => readExpectations(text).nginx
    assert.equal(opinionOf('# error: x'), null)
    assert.deepEqual(opinionOf('# nginx 1.22 accepts this\n# | it can'), {
      says: 'accepts this',
      why: 'it can',
    })
    assert.deepEqual(opinionOf('# nginx 1.22 crashes\n# | so'), { says: 'crashes', why: 'so' })
    assert.deepEqual(opinionOf('# nginx 1.22 says in line 7: no: never'), {
      says: 'no: never in line 7',
      why: '',
    })
    assert.deepEqual(opinionOf('# nginx 1.22 says: no\n# | so'), { says: 'no', why: 'so' })
  })
})

describe('what was found', () => {
  const source = { name: 'x', text: 'abc def;\nghi' }

  it('is told in the same words', () => {
    const problems = new Problems()
    problems.error(placeAt(source, 4, 3), 'wrong /p/x', 'right', [
      { words: 'here', place: placeAt(source, 9, 3) },
    ])
    problems.warn(placeAt(source, 12, 0), 'end')
    problems.error(null, 'nowhere\t')
    const told = (sentence: string): string => sentence.replace('/p/', './')
    assert.deepEqual(linesOf(problems.list, [], told), [
      '1:5-7 error: wrong ./x | right',
      '2:1-3 note: here',
      '2:4-4 warning: end',
      'error: nowhere\\t',
    ])
  })

  it('tells no end where none is expected', () => {
    const problems = new Problems()
    problems.error(placeAt(source, 4, 3), 'wrong')
    assert.deepEqual(linesOf(problems.list, ['1:5 error: x'], String), ['1:5 error: wrong'])
  })
})
