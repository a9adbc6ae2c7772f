/**
 * Many clients at once, each with a connection of its own and the same request again and again.
 *
 *   await crowdHere(crowd)                  in this process
 *   await crowdBeside(crowd, processes)     in processes of their own, since one core of client may be slower than the server
 *
 * Run as a program it plays the crowd of its argument, a JSON `Crowd`, and writes what it met as one line of JSON.
 */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Client, type Expected, type Request } from './client.ts'

export interface Crowd {
  readonly port: number
  readonly clients: number
  /** Requests of each client, one after the other. */
  readonly times: number
  readonly request: Request
  readonly expected: Expected
}

export interface CrowdReport {
  answers: number
  connections: number
  longestMs: number
  /** The first few. */
  faults: string[]
}

const FAULTS_TOLD = 3

export async function crowdHere(crowd: Crowd): Promise<CrowdReport> {
  const report: CrowdReport = { answers: 0, connections: 0, longestMs: 0, faults: [] }
  await Promise.all(Array.from({ length: crowd.clients }, () => play(crowd, report)))
  return report
}

async function play({ port, times, request, expected }: Crowd, report: CrowdReport): Promise<void> {
  const client = new Client(port)
  for (let i = 0; i < times && report.faults.length < FAULTS_TOLD; i++) {
    const begin = performance.now()
    const fault = await client.fault(request, expected)
    report.longestMs = Math.max(report.longestMs, performance.now() - begin)
    if (fault === null) report.answers++
    else report.faults.push(fault)
  }
  report.connections += client.connections
  client.close()
}

export async function crowdBeside(crowd: Crowd, processes: number): Promise<CrowdReport> {
  const shares = Array.from({ length: processes }, (_, i) => Math.floor((crowd.clients + i) / processes))
  const reports = await Promise.all(
    shares.filter(clients => clients > 0).map(clients => inProcess({ ...crowd, clients })),
  )
  return {
    answers: reports.reduce((sum, report) => sum + report.answers, 0),
    connections: reports.reduce((sum, report) => sum + report.connections, 0),
    longestMs: Math.max(...reports.map(report => report.longestMs)),
    faults: reports.flatMap(report => report.faults).slice(0, FAULTS_TOLD),
  }
}

async function inProcess(crowd: Crowd): Promise<CrowdReport> {
  const program = fileURLToPath(import.meta.url)
  const child = spawn(process.execPath, [program, JSON.stringify(crowd)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const endWithUs = (): void => void child.kill('SIGKILL')
  process.once('exit', endWithUs)
  let output = ''
  child.stdout.setEncoding('utf8').on('data', text => {
    output += text
  })
  const [code] = await once(child, 'close')
  process.off('exit', endWithUs)
  if (code !== 0) throw new Error(`a process of clients ended with ${code}`)
  return JSON.parse(output)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const report = await crowdHere(JSON.parse(process.argv[2] ?? ''))
  process.stdout.write(`${JSON.stringify(report)}\n`)
}
