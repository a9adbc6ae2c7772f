/**
 * Charts as SVG, written by hand so that no library is needed: readable on light and on dark pages.
 *
 *   ratioChart(report)   every workload as a row of marks: how much each server takes, compared with nginx
 *   lineChart(chart)     curves over a logarithmic axis, in panels side by side
 *
 * Marks differ in shape as well as in colour.
 */
import { type Budget, type MetricResult, medianOf, ratioOf } from './budget.ts'
import { figure, type Report } from './report.ts'

/** Middle tones, at least 3:1 against white and against #0d1117. */
const COLOURS = ['#1f9e89', '#d97706', '#7c6fd8', '#c2538f', '#808890', '#2f7fd0']
/** So that two curves on the same path are both seen. */
const DASHES = ['none', 'none', '7 7']
const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif'

const STYLE = `<style>
  text { font-family: ${FONT}; font-size: 13px; fill: #57606a }
  .title { font-size: 17px; font-weight: 600 }
  .small { font-size: 11px }
  .end { text-anchor: end }
  .middle { text-anchor: middle }
  .grid { stroke: #8c959f; stroke-opacity: .25 }
  .base { stroke: #8c959f; stroke-width: 1.5 }
  .curve { fill: none; stroke-width: 2.5; stroke-linejoin: round }
  @media (prefers-color-scheme: dark) { text { fill: #b1bac4 } }
</style>`

function svg(width: number, height: number, title: string, parts: readonly string[]): string {
  const label = escaped(title)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${label}">`,
    `<title>${label}</title>`,
    STYLE,
    ...parts,
    '</svg>\n',
  ].join('\n')
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, c => `&#${c.charCodeAt(0)};`)
}

function text(x: number, y: number, words: string, classes = ''): string {
  return `<text x="${round(x)}" y="${round(y)}" class="${classes}">${escaped(words)}</text>`
}

function line(x1: number, y1: number, x2: number, y2: number, classes: string): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" class="${classes}"/>`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

/** Circle, diamond, square, triangle, bar, ring: by the number of the series. */
function mark(series: number, x: number, y: number, r = 5.5): string {
  const colour = COLOURS[series % COLOURS.length]!
  const shapes = [
    `<circle cx="${round(x)}" cy="${round(y)}" r="${r}" fill="${colour}"/>`,
    path(colour, [
      [x, y - r],
      [x + r, y],
      [x, y + r],
      [x - r, y],
    ]),
    path(colour, [
      [x - r + 1, y - r + 1],
      [x + r - 1, y - r + 1],
      [x + r - 1, y + r - 1],
      [x - r + 1, y + r - 1],
    ]),
    path(colour, [
      [x, y - r],
      [x + r, y + r - 1],
      [x - r, y + r - 1],
    ]),
    path(colour, [
      [x - 1.5, y - r],
      [x + 1.5, y - r],
      [x + 1.5, y + r],
      [x - 1.5, y + r],
    ]),
    `<circle cx="${round(x)}" cy="${round(y)}" r="${r - 1}" fill="none" stroke="${colour}" stroke-width="2.5"/>`,
  ]
  return shapes[series % shapes.length]!
}

function path(colour: string, points: readonly (readonly [number, number])[]): string {
  return `<polygon points="${points.map(([x, y]) => `${round(x)},${round(y)}`).join(' ')}" fill="${colour}"/>`
}

/** A logarithmic axis from `low` to `high` over `from`…`to`; values outside are drawn at its ends. */
function logScale(low: number, high: number, from: number, to: number): (value: number) => number {
  return value => {
    const inside = Math.min(high, Math.max(low, value))
    return from + (Math.log(inside / low) / Math.log(high / low)) * (to - from)
  }
}

const ROW = { left: 285, right: 750, top: 92, height: 27, width: 960 }
const RATIOS = [1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8, 16]

/** By the number of its mark; the first ones lie above the others. */
const ORDER = ['veille', 'node', 'bun', 'nginx', 'floor', 'configured']
const LEGEND_STEP = 105

export function ratioChart(report: Report): string {
  const base = report.columns.some(column => column.name === 'nginx') ? 'nginx' : 'node'
  const shown = report.columns.filter(column => column.name !== base)
  const rows = report.results.filter(result => result.unit !== '%' && medianOf(result, base) !== null)
  const bottom = ROW.top + rows.length * ROW.height
  const x = logScale(RATIOS[0]!, RATIOS.at(-1)!, ROW.left, ROW.right)
  const title = `CPU, memory and time compared with ${report.columns.find(column => column.name === base)?.title ?? base}`
  const legend = shown.flatMap((column, i) => [
    mark(ORDER.indexOf(column.name), ROW.left + i * LEGEND_STEP, 52),
    text(ROW.left + 12 + i * LEGEND_STEP, 56, column.title),
  ])
  const grid = RATIOS.flatMap(ratio => [
    line(x(ratio), ROW.top - 6, x(ratio), bottom, ratio === 1 ? 'base' : 'grid'),
    text(x(ratio), ROW.top - 12, ratio < 1 ? `1/${1 / ratio}` : `${ratio} ×`, 'small middle'),
  ])
  return svg(ROW.width, bottom + 44, title, [
    text(16, 26, title, 'title'),
    text(16, 56, 'less is better: to the left'),
    ...legend,
    text(ROW.right + 34, ROW.top - 12, `veille / ${base}`, 'small'),
    ...grid,
    ...rows.flatMap((result, i) => ratioRow(result, ROW.top + (i + 0.5) * ROW.height, base, x)),
    text(
      16,
      bottom + 28,
      `${report.when.slice(0, 10)}, ${report.machine.cpu}, Node ${report.machine.node}. Brackets: the budget.`,
      'small',
    ),
  ])
}

function ratioRow(result: MetricResult, y: number, base: string, x: (ratio: number) => number): string[] {
  const servers = Object.keys(result.samples).filter(server => server !== base && ORDER.includes(server))
  const marks = servers.flatMap(server => {
    const ratio = ratioOf(result, server, base)
    return ratio === null ? [] : [{ series: ORDER.indexOf(server), at: x(ratio) }]
  })
  marks.sort((a, b) => b.series - a.series)
  const limit = result.must === null ? null : limitOf(result.must, result, base)
  const own = medianOf(result, 'veille') ?? medianOf(result, 'configured')
  const values = `${figure(own)} / ${figure(medianOf(result, base))} ${result.unit}`
  return [
    text(ROW.left - 14, y + 4.5, result.title, 'end'),
    line(ROW.left, y, ROW.right, y, 'grid'),
    ...(limit === null ? [] : [bracket(x(limit), y)]),
    ...marks.map(({ series, at }) => mark(series, at, y)),
    text(ROW.right + 34, y + 4.5, values, 'small'),
  ]
}

/** A budget as a ratio to the base, or `null` when it is one to a server that is not measured. */
function limitOf(budget: Budget, result: MetricResult, base: string): number | null {
  const ofBase = medianOf(result, base)
  if (ofBase === null || ofBase <= 0) return null
  if ('atMost' in budget) return budget.atMost / ofBase
  const other = ratioOf(result, budget.of, base)
  return other === null ? null : budget.times * other
}

function bracket(x: number, y: number): string {
  return `<path d="M${round(x - 4)} ${y - 9}h4v18h-4" fill="none" stroke="#8c959f" stroke-width="1.5"/>`
}

export interface Curve {
  name: string
  points: readonly (readonly [x: number, y: number])[]
}

export interface Panel {
  title: string
  curves: readonly Curve[]
}

export interface LineChart {
  title: string
  xLabel: string
  yLabel: string
  xTicks: readonly number[]
  panels: readonly Panel[]
  note: string
}

const NAME_HEIGHT = 16
const PANEL = { width: 400, height: 300, top: 96, left: 78, gap: 96 }

/** Both axes logarithmic; 0 has a place of its own at the left end of the x axis. */
export function lineChart(chart: LineChart): string {
  const width = PANEL.left + chart.panels.length * (PANEL.width + PANEL.gap)
  const bottom = PANEL.top + PANEL.height
  const values = chart.panels.flatMap(panel => panel.curves.flatMap(curve => curve.points.map(([, y]) => y)))
  const low = 10 ** Math.floor(Math.log10(Math.min(...values)))
  const high = 10 ** Math.ceil(Math.log10(Math.max(...values)))
  const y = logScale(low, high, bottom, PANEL.top)
  return svg(width, bottom + 84, chart.title, [
    text(16, 26, chart.title, 'title'),
    text(16, 50, chart.yLabel),
    ...chart.panels.flatMap((panel, i) =>
      panelOf(panel, chart, PANEL.left + i * (PANEL.width + PANEL.gap), low, high, y),
    ),
    text(PANEL.left + (width - PANEL.left - PANEL.gap) / 2, bottom + 46, chart.xLabel, 'middle'),
    text(16, bottom + 72, chart.note, 'small'),
  ])
}

function panelOf(
  panel: Panel,
  chart: LineChart,
  left: number,
  low: number,
  high: number,
  y: (value: number) => number,
): string[] {
  const bottom = PANEL.top + PANEL.height
  const right = left + PANEL.width
  const ticks = chart.xTicks.filter(tick => tick > 0)
  const logX = logScale(ticks[0]!, ticks.at(-1)!, left + PANEL.width / 6, right - 10)
  const x = (value: number) => (value === 0 ? left + 10 : logX(value))
  const decades = Array.from({ length: Math.round(Math.log10(high / low)) + 1 }, (_, i) => low * 10 ** i)
  return [
    text(left, PANEL.top - 16, panel.title),
    ...decades.flatMap(decade => [
      line(left, y(decade), right, y(decade), 'grid'),
      text(left - 8, y(decade) + 4, String(Number(decade.toPrecision(1))), 'small end'),
    ]),
    ...chart.xTicks.flatMap(tick => [
      line(x(tick), PANEL.top, x(tick), bottom, 'grid'),
      text(x(tick), bottom + 18, String(tick), 'small middle'),
    ]),
    line(left, bottom, right, bottom, 'base'),
    ...panel.curves.flatMap((curve, series) => curveOf(curve, series, x, y)),
    ...namesOf(panel.curves, right + 8, y),
  ]
}

/** At the ends of the curves, moved apart where they would cover each other. */
function namesOf(curves: readonly Curve[], x: number, y: (value: number) => number): string[] {
  const ends = curves.map(curve => ({ name: curve.name, at: y(curve.points.at(-1)![1]) }))
  ends.sort((a, b) => a.at - b.at)
  for (let i = 1; i < ends.length; i++) {
    const overlap = ends[i - 1]!.at + NAME_HEIGHT - ends[i]!.at
    if (overlap <= 0) continue
    ends[i - 1]!.at -= overlap / 2
    ends[i]!.at += overlap / 2
  }
  return ends.map(end => text(x, end.at + 4, end.name))
}

function curveOf(curve: Curve, series: number, x: (v: number) => number, y: (v: number) => number): string[] {
  const colour = COLOURS[series % COLOURS.length]!
  const points = curve.points.map(([px, py]) => `${round(x(px))},${round(y(py))}`).join(' ')
  return [
    `<polyline class="curve" points="${points}" stroke="${colour}" stroke-dasharray="${DASHES[series % DASHES.length]}"/>`,
    ...curve.points.map(([px, py]) => mark(series, x(px), y(py), 4.5)),
  ]
}
