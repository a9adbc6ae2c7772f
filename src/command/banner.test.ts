import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type BannerFacts, type BannerStyle, banner } from './banner.ts'
import { columnsOf } from './terminal.ts'

const FACTS: BannerFacts = {
  version: '1.2.3',
  folder: '~/site',
  local: ['http://localhost:8081/'],
  network: ['http://192.0.2.7:8081/', 'http://[2001:db8::7]:8081/'],
  notes: ['Port 8080 is in use, so this is 8081.'],
}
const PLAIN: BannerStyle = { colour: false, frame: true, columns: 80 }

function shows(name: string, facts: Partial<BannerFacts>, style: Partial<BannerStyle>, golden: string): void {
  it(name, () => assert.equal(banner({ ...FACTS, ...facts }, { ...PLAIN, ...style }), golden))
}

describe('the box', () => {
  shows(
    'is as wide as what stands in it',
    {},
    {},
    `
╭─ veille 1.2.3 ──────────────────────────╮
│                                         │
│  Serving   ~/site                       │
│  Local     http://localhost:8081/       │
│  Network   http://192.0.2.7:8081/       │
│            http://[2001:db8::7]:8081/   │
│                                         │
│  Port 8080 is in use, so this is 8081.  │
│  Stop it with Ctrl-C.                   │
│                                         │
╰─────────────────────────────────────────╯

`,
  )
  shows(
    'leaves out what there is not, and knows wide letters',
    { folder: '/srv/見張り', local: ['unix:/run/veille'], network: [], notes: [] },
    {},
    `
╭─ veille 1.2.3 ───────────────╮
│                              │
│  Serving   /srv/見張り       │
│  Local     unix:/run/veille  │
│                              │
│  Stop it with Ctrl-C.        │
│                              │
╰──────────────────────────────╯

`,
  )

  const unframed = `
veille 1.2.3

Serving   ~/site
Local     http://localhost:8081/
Network   http://192.0.2.7:8081/
          http://[2001:db8::7]:8081/

Port 8080 is in use, so this is 8081.
Stop it with Ctrl-C.

`
  shows('has no frame where it would not fit', {}, { columns: 42 }, unframed)
  shows('has no frame on a dumb terminal', {}, { frame: false }, unframed)

  it('fits exactly', () => assert.match(banner(FACTS, { ...PLAIN, columns: 43 }), /╭/))

  it('has the same letters in colour', () => {
    const coloured = banner(FACTS, { ...PLAIN, colour: true })
    assert.equal(coloured.replace(/\x1b\[\d+m/g, ''), banner(FACTS, PLAIN))
    assert.match(coloured, /\x1b\[36mhttp:\/\/localhost:8081\/\x1b\[0m/)
  })

  it('has lines of one width', () => {
    const widths = banner(FACTS, PLAIN).trim().split('\n').map(columnsOf)
    assert.deepEqual([...new Set(widths)], [43])
  })
})
