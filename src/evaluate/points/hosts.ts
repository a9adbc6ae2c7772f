/**
 * Several hosts and several ports (RFC 9110 §7.2, RFC 9112 §3.2).
 */

import { all, contains, noServerError, status } from '../expectation.ts'
import { CUSTOM, forEach, type Point, point, type Section, untold } from '../point.ts'
import { asks } from '../request.ts'
import type { NamedHost, NumberedPort } from '../subject.ts'
import { joined, plain, say } from '../words.ts'

const HOST = say('the host that is named answers', 'l’hôte nommé répond')
const HOST_AS = say('the same with a port, and in capitals', 'le même avec un port, et en majuscules')
const UNKNOWN = say('a host that nobody knows', 'un hôte que personne ne connaît')
const PORT = say('another port', 'un autre port')

export const hosts: Section = {
  name: 'hosts',
  title: say('Hosts and ports', 'Hôtes et ports'),
  points: subject => [
    point(
      'http-1.0-without-host',
      say('HTTP/1.0 without Host', 'HTTP/1.0 sans Host'),
      'RFC 9112 §3.2',
      async e => {
        await e.ask(asks('GET', e.page, { version: '1.0' }), status(200))
      },
    ),
    ...forEach(subject.hosts, hostPoints, [
      untold('host', HOST, 'RFC 9110 §7.2', 'host'),
      untold('host-spelling', HOST_AS, 'RFC 9110 §4.2.3', 'host'),
      untold('unknown-host', UNKNOWN, 'RFC 9110 §7.4', 'host'),
    ]),
    ...(subject.hosts.length === 0 ? [] : [unknownHost()]),
    ...forEach(subject.ports, portPoints, [untold('port', PORT, CUSTOM, 'port')]),
  ],
}

function hostPoints({ name, target, text }: NamedHost, id: (name: string) => string): Point[] {
  const expected = all(status(200), contains(text))
  return [
    point(id('host'), joined([HOST, plain(name)], ': '), 'RFC 9110 §7.2', async e => {
      await e.ask(asks('GET', target, { host: name }), expected)
    }),
    point(id('host-spelling'), joined([HOST_AS, plain(name)], ': '), 'RFC 9110 §4.2.3', async e => {
      await e.ask(asks('GET', target, { host: `${name}:${e.place.port}` }), expected)
      await e.ask(asks('GET', target, { host: name.toUpperCase() }), expected)
    }),
  ]
}

/** The first server of its address answers, or says that it is not for this name. */
function unknownHost(): Point {
  return point('unknown-host', UNKNOWN, 'RFC 9110 §7.4', async e => {
    await e.ask(asks('GET', e.page, { host: 'nobody.invalid' }), noServerError)
  })
}

function portPoints({ port, target, text }: NumberedPort, id: (name: string) => string): Point[] {
  return [
    point(id('port'), joined([PORT, plain(String(port))], ': '), CUSTOM, async e => {
      await e.ask(asks('GET', target, { port }), all(status(200), contains(text)))
    }),
  ]
}
