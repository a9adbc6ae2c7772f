/**
 * The benchmark as data: one row per workload, with the budgets that design.md ("One request, and its budget")
 * sets for it. A new row needs no new code elsewhere.
 *
 *   WORKLOADS        in the order of the table
 *   FULL and QUICK   sizes of the two kinds of run
 */
import { atMost, type Budget, times } from './budget.ts'
import type { CompanionName } from './companions.ts'
import { type ConfigurationName, MANY_SERVERS } from './configurations.ts'
import {
  besideIdle,
  besideMany,
  cpuPerRequest,
  type Experiment,
  everyLocation,
  slowReaders,
  startUp,
} from './experiments.ts'
import { CLOSE, type Load } from './load.ts'
import { UPLOADED } from './site.ts'

/** One figure of an experiment's sample, as a row of the table. */
interface Metric {
  figure: string
  title: string
  unit: string
  /** What design.md demands, and what it aims at. */
  must?: Budget
  aim?: Budget
}

export interface Workload {
  name: string
  experiment: Experiment
  metrics: readonly Metric[]
  /** Measured for each poller of veille. */
  everyPoller?: true
  /** It needs a configuration of its own: only for servers that read nginx's. */
  isConfigured?: true
  /** A process that must be installed. */
  needs?: CompanionName
  /** For experiments that need a new server each time: they take long. */
  roundsAtMost?: number
}

/** What Chrome sends when a page of the same origin is opened. */
const CHROME: readonly string[] = [
  'Connection: keep-alive',
  'Cache-Control: max-age=0',
  'sec-ch-ua: "Chromium";v="140", "Not=A?Brand";v="24", "Google Chrome";v="140"',
  'sec-ch-ua-mobile: ?0',
  'sec-ch-ua-platform: "Linux"',
  'Upgrade-Insecure-Requests: 1',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8',
  'Sec-Fetch-Site: same-origin',
  'Sec-Fetch-Mode: navigate',
  'Sec-Fetch-User: ?1',
  'Sec-Fetch-Dest: document',
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Accept-Language: fr-FR,fr;q=0.9,en-US;q=0.8,en;q=0.7',
]

const HELLO: Load = { path: '/hello', connections: 64 }

function get(path: string, connections = 64): Load {
  return { path, connections, byBytes: connections < 64 ? true : undefined }
}

/** wrk sends small contents; client.ts says why it cannot send large ones. */
function post(contentBytes: number): Load {
  return contentBytes > 65_536
    ? { path: '/hello', connections: 16, contentBytes, client: 'own' }
    : { ...HELLO, contentBytes }
}

function cpu(name: string, title: string, load: Load, must?: Budget, aim?: Budget): Workload {
  return { name, experiment: cpuPerRequest(load), metrics: [{ figure: 'cpu', title, unit: 'µs', must, aim }] }
}

/** The same lines of configuration for nginx and veille. */
function conf(
  name: string,
  title: string,
  load: Load,
  configuration: ConfigurationName,
  factor = 1,
): Workload {
  const metrics = [{ figure: 'cpu', title, unit: 'µs', must: nginx(factor) }]
  return { name, isConfigured: true, experiment: cpuPerRequest(load, configuration), metrics }
}

/** The same, and requests a second, since it is not only the server that works. @param figure what is judged */
function behind(
  name: string,
  title: string,
  load: Load,
  configuration: ConfigurationName,
  { needs, figure = 'cpu' }: { needs?: CompanionName; figure?: 'cpu' | 'core' } = {},
): Workload {
  const metrics = [
    { figure, title, unit: 'µs', must: nginx(1) },
    { figure: 'rate', title: `${title}: requests`, unit: '/s' },
  ]
  return { name, isConfigured: true, needs, experiment: cpuPerRequest(load, configuration), metrics }
}

function put(contentBytes: number, connections: number): Load {
  return { path: UPLOADED, connections, contentBytes, method: 'PUT', client: 'own' }
}

function nginx(factor: number): Budget {
  return times(factor, 'nginx')
}

function floor(factor: number): Budget {
  return times(factor, 'floor')
}

/** A server that is not measured here, by its ratio to nginx in the table of design.md. */
function like(server: string, factor: number): Budget {
  return times(factor, 'nginx', server)
}

// biome-ignore format: a table is read by its columns
export const WORKLOADS: readonly Workload[] = [
  cpu('hello-1', '13 bytes, keep-alive, 1 connection', { ...HELLO, connections: 1 }),
  cpu('hello-64', '13 bytes, 64 connections', HELLO, nginx(1), floor(1.1)),
  cpu('hello-512', '13 bytes, 512 connections', { ...HELLO, connections: 512 }),
  cpu('pipelined', '13 bytes, 16 pipelined', { ...HELLO, pipelined: 16 }, nginx(0.2), like('uWebSockets', 0.12)),
  cpu('chrome', '13 bytes, heads of Chrome', { ...HELLO, fields: CHROME }, nginx(1), like('uWebSockets', 0.83)),
  cpu('static-1k', 'static 1 KB', get('/1k.txt'), nginx(0.8), like('h2o', 0.67)),
  cpu('static-64k', 'static 64 KB', get('/64k.txt'), nginx(1)),
  cpu('static-10m', 'static 10 MB', get('/10m.txt', 4), nginx(1), like('lighttpd', 0.47)),
  cpu('404', '404', get('/missing'), nginx(1), like('h2o', 0.78)),
  cpu('close', 'a connection per request', { ...HELLO, fields: [CLOSE] }, nginx(1.1), nginx(1)),
  cpu('post-1k', 'POST of 1 KB, discarded', post(1024), nginx(1), like('uWebSockets', 0.76)),
  cpu('post-1m', 'POST of 1 MB, discarded', post(1024 * 1024), nginx(1), like('uWebSockets', 0.33)),
  conf('uncached', 'static 1 KB, open_file_cache off', get('/1k.txt'), 'uncached', 0.8),
  conf('regexes', 'the last of 20 regex locations', HELLO, 'regexes'),
  conf('fields', 'add_header with variables', HELLO, 'fields'),
  conf('logged', 'access_log, combined', HELLO, 'logged'),
  conf('buffered', 'access_log, combined, buffered', HELLO, 'buffered'),
  // Programs and fcgiwrap count as well: all that its core did.
  behind('cgi', 'CGI, 13 bytes; nginx with fcgiwrap', { ...HELLO, connections: 16 }, 'program', { needs: 'fcgiwrap', figure: 'core' }),
  behind('fastcgi', 'FastCGI, 13 bytes of PHP', { ...HELLO, connections: 16 }, 'php', { needs: 'php-fpm' }),
  behind('put-1m', 'PUT of 1 MB, saved', put(1024 * 1024, 16), 'uploads'),
  behind('put-100m', 'PUT of 100 MB, saved', put(100 * 1024 * 1024, 2), 'uploads'),
  {
    name: 'many', experiment: besideMany, isConfigured: true, roundsAtMost: 3,
    metrics: [
      { figure: 'cpu', title: '100 of 10,000 locations in 1,000 servers', unit: 'µs', must: nginx(1) },
      { figure: 'growth', title: 'growth from 100 locations in 10', unit: '%', must: atMost(10) },
    ],
  },
  conf('everywhere', 'all of them in turn', everyLocation(MANY_SERVERS, MANY_SERVERS), 'many'),
  {
    name: 'idle', experiment: besideIdle, everyPoller: true, roundsAtMost: 3,
    metrics: [
      { figure: 'memory', title: 'memory of an idle connection', unit: 'KB', must: atMost(1), aim: atMost(0.3) },
      { figure: 'cpu', title: '13 bytes, beside idle connections', unit: 'µs' },
      { figure: 'growth', title: 'growth beside idle connections', unit: '%', must: atMost(10) },
    ],
  },
  {
    name: 'slow', experiment: slowReaders, roundsAtMost: 3,
    metrics: [
      { figure: 'memory', title: 'memory of a slow reader of 10 MB', unit: 'KB', must: atMost(20), aim: atMost(5) },
    ],
  },
  {
    name: 'start', experiment: startUp(),
    metrics: [
      { figure: 'start', title: 'start until the first answer', unit: 'ms', must: atMost(200), aim: atMost(110) },
    ],
  },
  {
    name: 'start-many', experiment: startUp('many'), isConfigured: true,
    metrics: [{ figure: 'start', title: 'start with 10,000 locations', unit: 'ms', must: atMost(2000) }],
  },
]

/** Measured: a full run takes about ten minutes. */
export const FULL = { rounds: 5, idle: 10_000, slow: 200, warmUp: true }

/** Under two minutes: shows that everything works, and decides nothing. */
export const QUICK = { rounds: 1, idle: 2_000, slow: 50, warmUp: false }
