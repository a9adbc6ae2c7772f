import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HostNames } from './host-names.ts'

function namesOf(...names: string[]): HostNames<string> {
  const set = new HostNames<string>()
  for (const name of names) assert.equal(set.add(name, name), 'ok', name)
  return set
}

describe('find', () => {
  const one: [name: string, host: string, found: boolean][] = [
    ['example.org', 'example.org', true],
    ['Example.ORG', 'example.org', true],
    ['example.org', 'www.example.org', false],
    ['example.org', 'example.org.', false],
    ['', '', true],
    ['_', '_', true],
    ['.', '.', true],
    ['*.example.org', 'www.example.org', true],
    ['*.example.org', 'a.b.example.org', true],
    ['*.example.org', 'example.org', false],
    ['*.example.org', 'myexample.org', false],
    ['*.example.org', '.example.org', true],
    ['*.example.org', '', false],
    ['*.org', 'a.org', true],
    ['.example.org', 'example.org', true],
    ['.example.org', 'www.example.org', true],
    ['.example.org', 'myexample.org', false],
    ['.org', 'org', true],
    ['www.example.*', 'www.example.org', true],
    ['www.example.*', 'www.example.co.uk', true],
    ['www.example.*', 'www.example', false],
    ['www.example.*', 'www.example.', true],
    ['www.example.*', 'www.examples.org', false],
    ['www.example.*', 'a.www.example.org', false],
    ['mail.*', 'mail.example.org', true],
  ]
  for (const [name, host, found] of one) {
    it(`${JSON.stringify(name)} is ${found ? '' : 'not '}for ${JSON.stringify(host)}`, () => {
      assert.equal(namesOf(name).find(host), found ? name : undefined)
    })
  }

  const several: [names: string[], host: string, best: string | undefined][] = [
    [['*.example.org', 'www.example.org'], 'www.example.org', 'www.example.org'],
    [['www.*', '*.org'], 'www.example.org', '*.org'],
    [['www.example.*', '*.org'], 'www.example.org', '*.org'],
    [['www.*', 'www.example.*'], 'www.example.org', 'www.example.*'],
    [['www.example.*', 'www.*'], 'www.other.org', 'www.*'],
    [['www.*', 'www.example.co.*'], 'www.example.org', 'www.*'],
    [['*.org', '*.example.org'], 'www.example.org', '*.example.org'],
    [['*.org', '*.example.org'], 'example.org', '*.org'],
    [['*.org', '.example.org'], 'example.org', '.example.org'],
    [['*.a.example.org', '*.org'], 'b.example.org', '*.org'],
    [['*.a.example.org', '*.org'], 'a.example.org', '*.org'],
    [['.example.org', '*.www.example.org'], 'www.example.org', '.example.org'],
    [['*.example.org', 'mail.*'], 'mail.other.net', 'mail.*'],
    [['*.example.org', 'example.*'], 'example.org', 'example.*'],
  ]
  for (const [names, host, best] of several) {
    it(`of ${names.join(' and ')} takes ${best} for ${host}`, () => {
      assert.equal(namesOf(...names).find(host), best)
      assert.equal(namesOf(...names.toReversed()).find(host), best)
    })
  }

  it('does not walk through the labels of a host that it does not know', () => {
    const names = namesOf('*.example.org', 'www.*')
    assert.equal(names.find(`${'a.'.repeat(100_000)}net`), undefined)
    assert.equal(names.find(`${'a.'.repeat(100_000)}example.org`), '*.example.org')
  })
})

describe('add', () => {
  const twice: [first: string, second: string][] = [
    ['example.org', 'EXAMPLE.org'],
    ['*.example.org', '*.example.org'],
    ['*.example.org', '.example.org'],
    ['.example.org', '*.example.org'],
    ['.example.org', 'example.org'],
    ['example.org', '.example.org'],
    ['www.*', 'www.*'],
    ['', ''],
  ]
  for (const [first, second] of twice) {
    it(`takes ${JSON.stringify(second)} after ${JSON.stringify(first)} for a duplicate`, () => {
      const names = namesOf(first)
      assert.equal(names.add(second, 'second'), 'duplicate')
      assert.equal(names.find('example.org') ?? first, first)
    })
  }

  it('takes names that differ only in their wildcard', () => {
    const names = ['example.org', '*.example.org', 'example.*', 'example.org.*', '*.www.example.org']
    assert.equal(namesOf(...names).find('example.org'), 'example.org')
  })

  const invalid = [
    '*',
    '*.',
    '*a.org',
    'a.*.org',
    'www.a*.org',
    '*.example.*',
    '*.*',
    'a..org',
    '*..org',
    'a\0',
  ]
  for (const name of invalid) {
    it(`refuses ${JSON.stringify(name)}`, () => {
      assert.equal(new HostNames<string>().add(name, ''), 'invalid')
    })
  }
})
