import assert from 'node:assert/strict'
import { it } from 'node:test'
import { byteCount, joined, languageOf, oneOf, plain, say } from './words.ts'

it('takes the language of the locale, in the order of setlocale(3)', () => {
  assert.equal(languageOf({ LANG: 'fr_FR.UTF-8' }), 'fr')
  assert.equal(languageOf({ LANG: 'fr' }), 'fr')
  assert.equal(languageOf({ LANG: 'fr_FR.UTF-8', LC_ALL: 'C' }), 'en')
  assert.equal(languageOf({ LANG: 'C', LC_MESSAGES: 'fr_CA' }), 'fr')
  assert.equal(languageOf({ LANG: 'fry_NL' }), 'en')
  assert.equal(languageOf({ LC_ALL: '', LANG: 'fr_BE' }), 'fr')
  assert.equal(languageOf({}), 'en')
})

it('joins in both languages', () => {
  const list = [plain('400'), plain('405'), say('closed', 'fermée')]
  assert.deepEqual(oneOf(list), { en: '400, 405 or closed', fr: '400, 405 ou fermée' })
  assert.deepEqual(oneOf(list.slice(0, 1)), plain('400'))
  assert.deepEqual(joined(list, ' / '), { en: '400 / 405 / closed', fr: '400 / 405 / fermée' })
})

it('counts bytes as each language does', () => {
  assert.deepEqual(
    [0, 1, 2].map(count => byteCount(count).en),
    ['0 bytes', '1 byte', '2 bytes'],
  )
  assert.deepEqual(
    [0, 1, 2].map(count => byteCount(count).fr),
    ['0 octet', '1 octet', '2 octets'],
  )
})
