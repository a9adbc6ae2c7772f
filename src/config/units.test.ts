import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  nearestOffset,
  nearestSize,
  nearestTime,
  parseInteger,
  parseMilliseconds,
  parseOffset,
  parseSeconds,
  parseSize,
} from './units.ts'

function reads(parse: (text: string) => number | null, cases: Record<string, number | null>): void {
  for (const [text, value] of Object.entries(cases)) {
    it(`${JSON.stringify(text)} is ${value ?? 'refused'}`, () => assert.equal(parse(text), value))
  }
}

describe('an integer', () => {
  reads(parseInteger, { '0': 0, '0012': 12, '': null, '-1': null, '+1': null, '1.5': null, ' 1': null })
  reads(parseInteger, {
    '9007199254740991': 9007199254740991,
    '9007199254740992': null,
    '1e3': null,
    '0x1': null,
  })
})

describe('a size', () => {
  reads(parseSize, { '1': 1, '8k': 8192, '8K': 8192, '1m': 1048576, '2M': 2097152, '1g': null, '1G': null })
  reads(parseSize, {
    k: null,
    '': null,
    '-1m': null,
    '10x': null,
    '1kk': null,
    '1 k': null,
    '8589934592m': null,
  })
})

describe('an offset', () => {
  reads(parseOffset, {
    '1g': 2 ** 30,
    '2G': 2 ** 31,
    '8388607g': 8388607 * 2 ** 30,
    '8388608g': null,
    g: null,
  })
})

describe('seconds', () => {
  reads(parseSeconds, {
    '30': 30,
    '30s': 30,
    '1m30': 90,
    '1m 30s': 90,
    '1h30m': 5400,
    '1d12h': 129600,
    '1w': 604800,
  })
  reads(parseSeconds, {
    '1y1M': 34128000,
    '1M1y': null,
    '1m1h': null,
    '1s1s': null,
    '5ms': null,
    '-1': null,
    '': null,
  })
  reads(parseSeconds, {
    '30 10': 40,
    ' 5': 5,
    '5 ': 5,
    '1hm': 3600,
    h: null,
    '1H': null,
    '1.5h': null,
    '5 s': null,
  })
  reads(parseSeconds, { '285616414y': 9007199231904000, '285616415y': null, '99999999999999999999': null })
})

describe('milliseconds', () => {
  reads(parseMilliseconds, {
    '1': 1000,
    '500ms': 500,
    '1s500ms': 1500,
    '1m 1': 61000,
    '500ms1s': null,
    '1y': null,
  })
  reads(parseMilliseconds, {
    '1M': null,
    '2w': 1209600000,
    '9007199254740': 9007199254740000,
    '9007199254741': null,
  })
})

function suggests(nearest: (text: string) => string | null, cases: Record<string, string | null>): void {
  for (const [text, near] of Object.entries(cases)) {
    it(`for ${JSON.stringify(text)} suggests ${near ?? 'nothing'}`, () => assert.equal(nearest(text), near))
  }
}

describe('what is nearly a size', () => {
  suggests(nearestSize, { '10MB': '10m', '10 m': '10m', '1.5m': '1536k', '8KiB': '8k', '512 bytes': '512' })
  suggests(nearestSize, { '1g': '1024m', '0.5': null, '10x': null, '-1m': null, '': null, m: null })
  suggests(nearestOffset, { '1GB': '1g', '1.5g': '1536m', '2.0m': '2m' })
  it('is none that nobody could hold', () => assert.equal(nearestSize('999999999999999m'), null))
})

describe('what is nearly a time', () => {
  suggests(nearestTime, { '5min': '5m', '1.5s': '1500ms', '1.5h': '90m', '2 days': '2d', '30 sec': '30s' })
  suggests(nearestTime, { '1y': '365d', '2M': '60d', '10 minutes': '10m', '0.5': '500ms', '1month': '30d' })
  suggests(nearestTime, { '75x': null, '-1': null, '': null, '0.0001ms': null, hour: null })
})
