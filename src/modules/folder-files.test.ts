import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isHidden, pathBelow } from './folder-files.ts'

describe('the path below a base', () => {
  const below = (base: string, path: string, expected: string | null): void => {
    it(`${path} below ${base} is ${expected}`, () => assert.equal(pathBelow(base, path), expected))
  }
  below('/', '/a/b', '/a/b')
  below('/docs/', '/docs/', '/')
  below('/docs/', '/docs/a/b', '/a/b')
  below('/docs/', '/docs', null)
  below('/docs/', '/docsa', null)
  below('/docs/', '/', null)
})

describe('a hidden path', () => {
  const cases: readonly (readonly [string, boolean])[] = [
    ['/', false],
    ['/a.b/c.d', false],
    ['/.git/config', true],
    ['/a/.env', true],
    ['/a/..b', true],
    ['/.well-known/acme', false],
    ['/.well-known/.secret', true],
    ['/a/.well-known/x', true],
    ['/.well-knownx', true],
  ]
  for (const [path, expected] of cases) {
    it(`${path} is ${expected ? '' : 'not '}hidden`, () => assert.equal(isHidden(path), expected))
  }
})
