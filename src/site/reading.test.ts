import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { INSTALLED } from './layout.ts'
import { headLimitsOf, headTable, limitsOf, limitsTable } from './limits.ts'
import { mainTable } from './main-directives.ts'
import { readConfiguration, TABLES } from './reading.ts'

function read(text: string) {
  const files = { read: () => ({ text }), glob: () => [] }
  const configurationPath = '/etc/nginx/nginx.conf'
  const layout = { ...INSTALLED, errorLogPath: 'stderr' }
  return readConfiguration({ layout, configurationPath, globals: null, isForeground: false }, files)
}

/** What a file may hold without any effect here. */
const WITHOUT_EFFECT = `
  lock_file logs/nginx.lock; thread_pool default threads=32; pcre_jit on; timer_resolution 100ms;
  events { multi_accept on; accept_mutex on; accept_mutex_delay 500ms; worker_aio_requests 32; }
  http {
    server_names_hash_bucket_size 128; server_names_hash_max_size 1024;
    variables_hash_bucket_size 64; variables_hash_max_size 1024;
    types_hash_bucket_size 64; types_hash_max_size 2048; tcp_nopush on;
    connection_pool_size 512; request_pool_size 4k; client_header_buffer_size 1k;
    client_body_in_single_buffer on;
    satisfy any; aio on; aio_write on; directio 4m; directio_alignment 512; read_ahead 0;
    output_buffers 2 32k; postpone_output 1460; msie_padding on; msie_refresh off;
    server { listen 127.0.0.1:8080; }
  }`

describe('a configuration', () => {
  it('may say what has no effect here, and each such directive tells why in the manual', () => {
    const { problems } = read(WITHOUT_EFFECT)
    assert.deepEqual(problems.list, [])
    const rows = TABLES.flatMap(table => Object.entries(table))
    for (const [, name] of WITHOUT_EFFECT.matchAll(/(?:^|[;{])\s*([a-z_]+) (?!\{)/gm)) {
      if (name === 'listen') continue
      const row = rows.find(([other]) => other === name)?.[1]
      assert.ok(row?.withoutEffect, name)
    }
  })

  it('gives its servers the limits that it names', () => {
    const { main, problems } = read(`
      working_directory /tmp; events { }
      http {
        max_headers 20; large_client_header_buffers 2 1k; client_header_timeout 5s;
        server {
          listen 127.0.0.1:8080;
          reset_timedout_connection on; sendfile on; sendfile_max_chunk 512k; lingering_close off;
          keepalive_timeout 10s 9s; keepalive_requests 3; keepalive_time 1m; client_max_body_size 0;
          location / { keepalive_timeout 0; limit_rate 10k; limit_rate_after 1m; }
        }
      }`)
    assert.deepEqual(problems.list, [])
    assert.equal(main.settings(mainTable).working_directory, '/tmp')
    const [server] = main.blocks('http')[0]!.blocks('server')
    const head = headLimitsOf(server!.settings(headTable))
    assert.deepEqual([head.fieldCount, head.requestLineBytes, head.headBytes], [20, 1024, 2048])
    const limits = limitsOf(server!.settings(limitsTable))
    assert.equal(limits.resetsTimedOut, true)
    assert.equal(limits.sendfile, true)
    assert.equal(limits.sendfileMaxChunkBytes, 512 * 1024)
    assert.equal(limits.lingering, 'off')
    assert.deepEqual([limits.idleTimeoutMs, limits.keepAliveFieldSeconds], [10_000, 9])
    assert.deepEqual([limits.requestsPerConnection, limits.connectionTimeMs], [3, 60_000])
    assert.equal(limits.contentBytes, Number.POSITIVE_INFINITY)
    const [location] = server!.blocks('location')
    assert.equal(limitsOf(location!.settings(limitsTable)).idleTimeoutMs, 0)
  })
})
