import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exchangeOf, locationWith } from '../../test/exchange-stub.ts'
import { translateRegex } from '../config/regex.ts'
import { Matcher } from './matcher.ts'
import { RegexPlaces } from './regex-places.ts'
import { Variables } from './variables.ts'

const SOURCES = ['^/a/(\\d+)$', '\\.(?<kind>gif|png)$', '^/b/', '^/a/', '^/(.*)long$']

/** @returns how often an expression was asked, too */
function placesOf(sources: readonly string[]) {
  const variables = new Variables()
  const counted = { asked: 0 }
  const places = sources.map(source => {
    const pattern = translateRegex(source, false)
    assert.ok('regex' in pattern)
    const matcher = new Matcher(pattern, variables)
    const { groupsIn } = matcher
    matcher.groupsIn = subject => {
      counted.asked++
      return groupsIn.call(matcher, subject)
    }
    return { location: locationWith([], { name: `~ ${source}` }), nested: null, matcher }
  })
  return { places: new RegexPlaces(places), variables, counted }
}

test('the first expression that matches is the one, however often it is asked', () => {
  const { places } = placesOf(SOURCES)
  for (let round = 0; round < 3; round++) {
    assert.equal(places.find(exchangeOf('GET /a/1'))?.location.name, '~ ^/a/(\\d+)$')
    assert.equal(places.find(exchangeOf('GET /a/x'))?.location.name, '~ ^/a/')
    assert.equal(places.find(exchangeOf('GET /none')), null)
  }
})

test('a path that comes again costs no expression, and gets its groups and names all the same', () => {
  const { places, variables, counted } = placesOf(SOURCES)
  places.find(exchangeOf('GET /b.png'))
  places.find(exchangeOf('GET /a/12'))
  const { asked } = counted
  const picture = exchangeOf('GET /b.png')
  const number = exchangeOf('GET /a/12')
  places.find(picture)
  places.find(number)
  assert.equal(counted.asked, asked)
  assert.equal(variables.find('kind')?.get(picture), 'png')
  assert.equal(variables.find('1')?.get(number), '12')
  assert.equal(variables.find('kind')?.get(number), null)
})

test('clients cannot make it remember much: neither many paths nor long ones', () => {
  const { places, counted } = placesOf(SOURCES)
  const long = `GET /${'x'.repeat(300)}long`
  places.find(exchangeOf(long))
  places.find(exchangeOf('GET /first'))
  for (let i = 0; i < 64; i++) places.find(exchangeOf(`GET /other/${i}`))
  for (const request of [long, 'GET /first']) {
    const { asked } = counted
    places.find(exchangeOf(request))
    assert.equal(counted.asked, asked + SOURCES.length, request)
  }
})

test('who wants to know is told of each expression up to the one that matches, also of a path that comes again', () => {
  const { places } = placesOf(SOURCES)
  for (let round = 0; round < 2; round++) {
    const told: string[] = []
    const x = exchangeOf('GET /b/')
    x.tracer = words => void told.push(words)
    x.isTraced = true
    places.find(x)
    assert.deepEqual(told, [
      'location ~ ^/a/(\\d+)$ does not match',
      'location ~ \\.(?<kind>gif|png)$ does not match',
      'location ~ ^/b/ matches',
    ])
  }
})
