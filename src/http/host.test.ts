import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isIPv6, normalHost, portOf } from './host.ts'

describe('normalHost (RFC 3986 §3.2.2)', () => {
  const valid: [text: string, host: string][] = [
    ['a', 'a'],
    ['Example.ORG', 'example.org'],
    ['example.org.', 'example.org'],
    ['example.org:80', 'example.org'],
    ['example.org.:', 'example.org'],
    ['example.org:0', 'example.org'],
    ['127.0.0.1:8080', '127.0.0.1'],
    ['999.1', '999.1'],
    ["a-b_c~d!$&'()*+,;=e", "a-b_c~d!$&'()*+,;=e"],
    ['a%2Db%C3%A9', 'a%2db%c3%a9'],
    ['[::1]', '[::1]'],
    ['[2001:DB8::1]:443', '[2001:db8::1]'],
    ['[::]:', '[::]'],
  ]
  for (const [text, host] of valid) it(`${text} is ${host}`, () => assert.equal(normalHost(text), host))

  const invalid = [
    '',
    '.',
    ':',
    ':80',
    '.:80',
    '..',
    '...',
    'a..',
    '..a:80',
    'a..b',
    'a b',
    'a:b',
    'a:80:80',
    'a:-1',
    'a:8 0',
    'a/b',
    'a?b',
    'a#b',
    'u@a',
    'u:p@a',
    'a\\b',
    '"a"',
    '<a>',
    'a,b:x',
    'a%',
    'a%4',
    'a%4g',
    'a%g4',
    '\xe9',
    'a\x80',
    'a\xff',
    '[',
    ']',
    '[]',
    '[::1',
    '::1',
    '[::1]a',
    '[::1]80',
    '[1.2.3.4]',
    '[v1.a]',
    '[fe80::1%25eth0]',
    '[::1]]',
    '[[::1]]',
    '[ ::1]',
    'http://a',
  ]
  for (const text of invalid) it(`${JSON.stringify(text)} is none`, () => assert.equal(normalHost(text), ''))
})

describe('portOf', () => {
  const cases: [text: string, port: number][] = [
    ['a', -1],
    ['a:', -1],
    ['a:80', 80],
    ['a:0080', 80],
    ['a:65535', 65535],
    ['a:65536', -1],
    ['a:99999999999999999999', -1],
    ['[::1]', -1],
    ['[::1]:8', 8],
    ['a:0', 0],
  ]
  for (const [text, port] of cases) it(`${text} has ${port}`, () => assert.equal(portOf(text), port))
})

describe('isIPv6', () => {
  const valid = [
    '::',
    '::1',
    '1::',
    '1:2:3:4:5:6:7:8',
    'ABCD:ef01:2345:6789:abcd:EF01:0:0000',
    '1::8',
    '1:2:3:4:5:6:7::',
    '::2:3:4:5:6:7:8',
    '1:2:3::8',
    '::1.2.3.4',
    '::ffff:192.0.2.255',
    '1:2:3:4:5:6:1.2.3.4',
    '64:ff9b::0.0.0.0',
  ]
  for (const text of valid) it(`${text} is one`, () => assert.ok(isIPv6(text)))

  const invalid = [
    '',
    ':',
    '1',
    ':::',
    '1:::2',
    '1::2::3',
    ':1',
    '1:',
    ':1::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '1:2:3:4::5:6:7:8',
    '12345::',
    'g::',
    '::1.2.3',
    '::1.2.3.4.5',
    '::256.1.1.1',
    '::01.2.3.4',
    '1.2.3.4::',
    '1.2.3.4',
    '::1.2.3.4:1',
    '1:2:3:4:5:6:7:1.2.3.4',
    '::-1',
    '::1 ',
    '::1%25a',
  ]
  for (const text of invalid) it(`${JSON.stringify(text)} is none`, () => assert.ok(!isIPv6(text)))
})
