import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DateClock, formatDate, parseDate } from './date.ts'

const NOV_1994 = Date.UTC(1994, 10, 6, 8, 49, 37)
const NOW = Date.UTC(2026, 10, 23, 12, 0, 0)

function formats(ms: number, text: string): void {
  it(`${ms} → ${text}`, () => assert.equal(formatDate(ms), text))
}

function reads(text: string, expected: number, nowMs: number = NOW): void {
  it(`${text} → ${new Date(expected).toISOString()}`, () => assert.equal(parseDate(text, nowMs), expected))
}

function refuses(text: string): void {
  it(`refuses ${JSON.stringify(text)}`, () => assert.equal(parseDate(text, NOW), Number.NaN))
}

describe('formatDate', () => {
  formats(NOV_1994, 'Sun, 06 Nov 1994 08:49:37 GMT')
  formats(NOV_1994 + 999.9, 'Sun, 06 Nov 1994 08:49:37 GMT')
  formats(0, 'Thu, 01 Jan 1970 00:00:00 GMT')
  formats(-1, 'Wed, 31 Dec 1969 23:59:59 GMT')
  formats(Date.UTC(2024, 1, 29, 23, 59, 59), 'Thu, 29 Feb 2024 23:59:59 GMT')
  formats(Date.UTC(-5, 0), 'Sat, 01 Jan 0000 00:00:00 GMT')
  formats(Date.UTC(12345, 0), 'Fri, 31 Dec 9999 23:59:59 GMT')
  formats(Number.MAX_SAFE_INTEGER, 'Fri, 31 Dec 9999 23:59:59 GMT')

  it('is read back as the second it was made from, in every month of a leap cycle', () => {
    for (
      let ms = Date.UTC(1999, 0, 31, 23, 59, 59);
      ms < Date.UTC(2005, 0);
      ms += 86_400_000 * 7 + 3_601_000
    ) {
      assert.equal(parseDate(formatDate(ms + 500)), ms)
    }
  })
})

describe('parseDate: the three forms', () => {
  reads('Sun, 06 Nov 1994 08:49:37 GMT', NOV_1994)
  reads('Sunday, 06-Nov-94 08:49:37 GMT', NOV_1994)
  reads('Sun Nov  6 08:49:37 1994', NOV_1994)
  reads('Wed Nov 16 08:49:37 1994', NOV_1994 + 10 * 86_400_000)
  reads('Sun Nov 06 08:49:37 1994', NOV_1994) // the ABNF of date3 has 2DIGIT first
  reads('Mon, 06 Nov 1994 08:49:37 GMT', NOV_1994) // it was a Sunday: the numbers decide
  reads('Wednesday, 06-Nov-94 08:49:37 GMT', NOV_1994)
  reads('Thu, 01 Jan 1970 00:00:00 GMT', 0)
  reads('Wed, 31 Dec 1969 23:59:59 GMT', -1000)
  reads('Fri, 31 Dec 9999 23:59:59 GMT', Date.UTC(9999, 11, 31, 23, 59, 59))
  reads('Thu, 01 Jan 0094 00:00:00 GMT', new Date('0094-01-01T00:00:00Z').getTime())
})

describe('parseDate: days and times that exist', () => {
  reads('Thu, 29 Feb 2024 00:00:00 GMT', Date.UTC(2024, 1, 29))
  reads('Tue, 29 Feb 2000 00:00:00 GMT', Date.UTC(2000, 1, 29))
  refuses('Sat, 29 Feb 2025 00:00:00 GMT')
  refuses('Thu, 29 Feb 1900 00:00:00 GMT')
  refuses('Sun, 31 Nov 1994 08:49:37 GMT')
  refuses('Sun, 00 Nov 1994 08:49:37 GMT')
  refuses('Sun Nov  0 08:49:37 1994')
  refuses('Sun, 32 Dec 1994 08:49:37 GMT')
  refuses('Sun, 06 Nov 1994 24:00:00 GMT')
  refuses('Sun, 06 Nov 1994 08:60:37 GMT')
  reads('Sat, 31 Dec 2016 23:59:60 GMT', Date.UTC(2017, 0, 1)) // there was such a second
  refuses('Sun, 06 Nov 1994 08:49:60 GMT')
  refuses('Sat, 31 Dec 2016 23:59:61 GMT')
})

describe('parseDate: two-digit years (NOW is in November 2026)', () => {
  reads('Monday, 23-Nov-26 12:00:00 GMT', NOW)
  reads('Saturday, 01-Jan-00 00:00:00 GMT', Date.UTC(2000, 0, 1))
  reads('Friday, 01-Jan-27 00:00:00 GMT', Date.UTC(2027, 0, 1))
  reads('Monday, 23-Nov-76 12:00:00 GMT', Date.UTC(2076, 10, 23, 12)) // exactly 50 years ahead
  reads('Tuesday, 23-Nov-76 12:00:01 GMT', Date.UTC(1976, 10, 23, 12, 0, 1)) // a second more
  reads('Saturday, 01-Jan-77 00:00:00 GMT', Date.UTC(1977, 0, 1))
  reads('Friday, 31-Dec-99 23:59:59 GMT', Date.UTC(1999, 11, 31, 23, 59, 59))
  reads('Friday, 01-Jan-00 00:00:00 GMT', Date.UTC(2100, 0, 1), Date.UTC(2099, 11, 31))
  reads('Thursday, 31-Dec-99 00:00:00 GMT', Date.UTC(2099, 11, 31), Date.UTC(2100, 0, 1))
  reads('Tuesday, 29-Feb-00 00:00:00 GMT', Date.UTC(2000, 1, 29))
  refuses('Thursday, 29-Feb-25 00:00:00 GMT')
})

describe('parseDate: everything else', () => {
  refuses('')
  refuses('0')
  refuses('now')
  refuses('1994-11-06T08:49:37Z')
  refuses('Sun, 6 Nov 1994 08:49:37 GMT')
  refuses('Sun, 06 Nov 94 08:49:37 GMT')
  refuses('Sun, 06 Nov 1994 08:49:37')
  refuses('Sun, 06 Nov 1994 08:49:37 UTC')
  refuses('Sun, 06 Nov 1994 08:49:37 +0000')
  refuses('Sun, 06 Nov 1994 8:49:37 GMT')
  refuses('Sun, 06 Nov 1994 08:49 GMT')
  refuses('sun, 06 nov 1994 08:49:37 gmt')
  refuses('Xyz, 06 Nov 1994 08:49:37 GMT')
  refuses('Sun, 06 Foo 1994 08:49:37 GMT')
  refuses('06 Nov 1994 08:49:37 GMT')
  refuses('Sunday, 06-Nov-1994 08:49:37 GMT')
  refuses('Sun, 06-Nov-94 08:49:37 GMT')
  refuses('Sunday, 06 Nov 1994 08:49:37 GMT')
  refuses('Sun Nov 6 08:49:37 1994')
  refuses('Sun Nov  6 08:49:37 1994 GMT')
  refuses(' Sun, 06 Nov 1994 08:49:37 GMT')
  refuses('Sun, 06 Nov 1994 08:49:37 GMT ')
  refuses('Sun, 06 Nov 1994 08:49:37 GMT\n')
  refuses('Sun,  06 Nov 1994 08:49:37 GMT')
  refuses('Sun, 06 Nov 1994 08:49:37 GMT; length=123')
  refuses('Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT')
  refuses('Sun, ٠٦ Nov 1994 08:49:37 GMT')
})

describe('DateClock', () => {
  it('gives the line of the second', () => {
    const clock = new DateClock()
    assert.equal(clock.dateLine(NOV_1994), 'Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n')
    assert.equal(clock.dateLine(NOV_1994 + 999.5), 'Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n')
    assert.equal(clock.dateLine(NOV_1994 + 1000), 'Date: Sun, 06 Nov 1994 08:49:38 GMT\r\n')
  })

  it('follows a clock that is set back', () => {
    const clock = new DateClock()
    clock.dateLine(NOV_1994 + 60_000)
    assert.equal(clock.dateLine(NOV_1994), 'Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n')
  })
})
