import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { stallRisk } from './regex-stall.ts'

describe('stallRisk: exponential', () => {
  const risky: [source: string, loop: string][] = [
    ['(a+)+$', '(a+)+'],
    ['(a|a)*b', '(a|a)*'],
    ['(.*)*x', '(.*)*'],
    ['^(\\w+\\s?)*$', '(\\w+\\s?)*'],
    ['^(a*)*$', '(a*)*'],
    ['^(\\d+)*$', '(\\d+)*'],
    ['([\\w.-]+\\.)+com$', '([\\w.-]+\\.)+'],
    ['(?:[a-z0-9]+-?)+$', '(?:[a-z0-9]+-?)+'],
    ['^(a|ab|b)*c', '(a|ab|b)*'],
    ['(a|[a-c])+x', '(a|[a-c])+'],
    ['(x+x+)+y', '(x+x+)+'],
    ['(?i)([a-z]|[A-Z])*1', '([a-z]|[A-Z])*'],
    ['(a{1,100}){1,100}x', '(a{1,100}){1,100}'],
    ['^((a+)|b)*$', '((a+)|b)*'],
    ['^(([a-z])+.)+[A-Z]([a-z])+$', '(([a-z])+.)+'],
    ['(b(a*)?)*$', '(b(a*)?)*'],
    ['(a+)+.*$', '(a+)+'],
    ['(?>(a+)+b)', '(a+)+'],
    ['^(?=(a+)+$)', '(a+)+'],
    ['^/((a+)+/|x)', '(a+)+'],
    ['((a+)+b)*', '(a+)+'],
  ]
  for (const [source, loop] of risky) {
    it(`names ${loop} of ${source}`, () => {
      const words = stallRisk(source, false) ?? ''
      assert.ok(words.startsWith(`"${loop}" can match the same text in many ways: `), words)
    })
  }
})

describe('stallRisk: a power of the length', () => {
  const risky: [source: string, words: string][] = [
    [
      '^(.*)/(.*)/(.*)\\.php$',
      '".*", ".*" and ".*" can share out the same text in many ways: the time to find no match grows with the cube of its length',
    ],
    [
      'union.*select.*\\(',
      'a match that may begin anywhere, ".*" and ".*" can share out the same text in many ways: the time to find no match grows with the cube of its length',
    ],
    [
      '^\\w*\\w*\\w*\\w*$',
      '"\\w*", "\\w*", "\\w*" and "\\w*" can share out the same text in many ways: the time to find no match grows with the 4th power of its length',
    ],
  ]
  for (const [source, words] of risky)
    it(`warns of ${source}`, () => assert.equal(stallRisk(source, false), words))
})

describe('stallRisk: nothing to say about', () => {
  const harmless = [
    '\\.php$',
    '^/(.*)\\.(jpg|png)$',
    '^(.+\\.php)(/.+)$',
    '(a|b|c)',
    '(bot|crawl|spider|slurp|yandex)',
    '^/users/([0-9]+)/(.*)$',
    '[^/]\\.php(/|$)',
    '^([a-z0-9]+(-[a-z0-9]+)*)$',
    '^(/[^/]+)+/?$',
    '^(?:\\d{1,3}\\.){3}\\d{1,3}$',
    '(?:[0-9a-f]{40})+$',
    '^.+\\.(?:css|js)$',
    '(.*)\\.php$',
    '^/(.*)/(.*)$',
    '^/(.*)/(.*)\\.html$',
    '^/(.*)/(.*)/(.*)$',
    '^/[_0-9a-zA-Z-]+(/wp-(content|admin|includes).*)',
    '^(?<user>[^.]+)\\.(?<domain>.+)$',
    '^([\\w-]+\\.)*example\\.(com|net)$',
    '^~?/(?!\\.well-known).*/\\.',
    '\\s+$',
    '[a-z]+[0-9]+$',
    '^(a|b)+(c|d)+$',
    '(\\w+)\\s\\1',
  ]
  for (const source of harmless) it(source, () => assert.equal(stallRisk(source, false), null))

  const givingNothingBack = [
    '(a++)+$',
    '(?>a+)+$',
    '^(?>(?:a|a)*)b',
    '^(?>\\w+\\s?)*+$',
    '^(?:(?>\\w+)\\s?)*$',
  ]
  for (const source of givingNothingBack) {
    it(`${source}: what it took it does not give back`, () => assert.equal(stallRisk(source, false), null))
  }

  const endingAtOnce = ['(a+)+', '(.*)*', '(a|a)*', '^/(.*)*', '(ab|ab)*']
  for (const source of endingAtOnce) {
    it(`${source}: the first way is a match`, () => assert.equal(stallRisk(source, false), null))
  }

  it('a pattern that is wrong', () => assert.equal(stallRisk('(a+', false), null))

  it('a list of thousands of words', () => {
    const words = Array.from({ length: 3000 }, (_, i) => `word${i}`).join('|')
    assert.equal(stallRisk(`^(?:${words})$`, false), null)
    assert.equal(stallRisk(`(?:${words})+.*(?:${words})$`, false), null)
  })
})
