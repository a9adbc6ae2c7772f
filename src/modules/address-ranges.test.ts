import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AddressRanges, numberOf, parseAddressRange, rangeText } from './address-ranges.ts'

function rangesOf(...texts: string[]): AddressRanges<string> {
  const ranges = new AddressRanges<string>()
  for (const text of texts) ranges.add(parseAddressRange(text)!, text)
  return ranges
}

describe('a range of addresses', () => {
  it('is two of them, the lower first', () => {
    assert.deepEqual(parseAddressRange('0.0.0.1-0.0.1.0'), { first: 1, last: 256 })
    assert.deepEqual(parseAddressRange('0.0.0.0-255.255.255.255'), { first: 0, last: 0xffffffff })
    assert.equal(rangeText({ first: 0x0a000001, last: 0xffffffff }), '10.0.0.1-255.255.255.255')
    for (const text of [
      '',
      '-',
      '1.2.3.4',
      '1.2.3.4-',
      '-1.2.3.4',
      '1.2.3.4-1.2.3.3',
      '1.2.3-1.2.3.4',
      '::1-::2',
    ]) {
      assert.equal(parseAddressRange(text), null, text)
    }
    assert.equal(parseAddressRange('1.2.3.4-1.2.3.5-1.2.3.6'), null)
  })
})

describe('values of ranges', () => {
  it('are those of the later range within an earlier one', () => {
    const ranges = rangesOf(
      '10.0.0.0-10.2.255.255',
      '10.1.0.0-10.1.0.99',
      '10.1.0.10-10.1.0.10',
      '10.1.0.90-10.1.0.99',
    )
    const expected: [host: string, range: string | undefined][] = [
      ['9.255.255.255', undefined],
      ['10.0.0.0', '10.0.0.0-10.2.255.255'],
      ['10.1.0.9', '10.1.0.0-10.1.0.99'],
      ['10.1.0.10', '10.1.0.10-10.1.0.10'],
      ['10.1.0.11', '10.1.0.0-10.1.0.99'],
      ['10.1.0.89', '10.1.0.0-10.1.0.99'],
      ['10.1.0.99', '10.1.0.90-10.1.0.99'],
      ['10.1.0.100', '10.0.0.0-10.2.255.255'],
      ['10.2.255.255', '10.0.0.0-10.2.255.255'],
      ['10.3.0.0', undefined],
    ]
    for (const [host, range] of expected) assert.equal(ranges.find(numberOf(host)), range, host)
  })

  it('may be added in any order where ranges lie apart', () => {
    const ranges = rangesOf('1.0.0.20-1.0.0.29', '1.0.0.0-1.0.0.9', '1.0.0.10-1.0.0.19')
    assert.equal(ranges.find(numberOf('1.0.0.15')), '1.0.0.10-1.0.0.19')
    assert.equal(ranges.find(numberOf('1.0.0.29')), '1.0.0.20-1.0.0.29')
  })

  it('are replaced by the same range, and refused to one that reaches beyond', () => {
    const ranges = rangesOf('1.0.0.10-1.0.0.19')
    const add = (text: string) => ranges.add(parseAddressRange(text)!, 'new')
    const other = parseAddressRange('1.0.0.10-1.0.0.19')!
    assert.deepEqual(add('1.0.0.15-1.0.0.20'), {
      kind: 'overlap',
      other: { ...other, value: '1.0.0.10-1.0.0.19' },
    })
    assert.equal(add('1.0.0.9-1.0.0.10').kind, 'overlap')
    assert.equal(add('1.0.0.0-1.0.0.255').kind, 'overlap')
    assert.deepEqual(add('1.0.0.10-1.0.0.19'), { kind: 'replaced', old: '1.0.0.10-1.0.0.19' })
    assert.equal(ranges.find(numberOf('1.0.0.12')), 'new')
  })

  it('are deleted as they were added', () => {
    const ranges = rangesOf('1.0.0.0-1.2.0.0', '5.0.0.0-5.0.0.9')
    assert.ok(!ranges.delete(parseAddressRange('5.0.0.0-5.0.0.8')!))
    assert.ok(!ranges.delete(parseAddressRange('6.0.0.0-6.0.0.8')!))
    assert.ok(ranges.delete(parseAddressRange('1.0.0.0-1.2.0.0')!))
    assert.equal(ranges.find(numberOf('1.1.0.0')), undefined)
    assert.equal(ranges.find(numberOf('5.0.0.0')), '5.0.0.0-5.0.0.9')
  })
})
