/**
 * A configuration that uses everything, and files for it, so that a fuzzer can look for what two features together may do.
 *
 *   const site = makeSite(folder, port, poller)      writes `nginx.conf`, files to be served, and some that must not be
 *   site.path, SECRET
 *
 * Wherever a value of the request goes, there is a place here where it does: paths of files and of logs, fields, redirects, content, other
 * paths inside of the server. Each location that answers logs into `fuzz.log`, one line for each request.
 */

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { PollerName } from '../../src/loop/poller.ts'

/** Stands in every file that lies outside of the roots. */
export const SECRET = 'this-is-nobodys-business'

/** What the server must not say about itself. */
const LARGE_BYTES = 100_000

const FILES: Readonly<Record<string, string>> = {
  'html/index.html': 'start',
  'html/a.txt': 'one two three four five six seven eight nine ten',
  'html/sp ace.txt': 'space',
  'html/\u00fc.txt': 'umlaut',
  'html/e404.html': 'nowhere',
  'html/sub/index.html': 'sub',
  'html/sub/deep/x.css': 'x{}',
  'html/list/<b>&"\'.txt': 'odd',
  'html/list/per%cent#?.txt': 'odder',
  'html/large.bin': 'l'.repeat(LARGE_BYTES),
  'files/one.txt': 'first',
  'files/v1/two.txt': 'second',
  'sites/example.test/index.html': 'a site',
  'up/a.txt': 'up',
  'up/sub/x.css': 'x{}',
  'secret.txt': SECRET,
  'secret/secret.txt': SECRET,
  'html-secret/secret.txt': SECRET,
  'files-secret/secret.txt': SECRET,
}

export function makeSite(folder: string, port: number, poller: PollerName): string {
  for (const [name, content] of Object.entries(FILES)) {
    const path = join(folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
  }
  mkdirSync(join(folder, 'logs'))
  symlinkSync('../secret/secret.txt', join(folder, 'html/link.txt'))
  symlinkSync('../secret', join(folder, 'html/linked'))
  const path = join(folder, 'nginx.conf')
  writeFileSync(path, configuration(port, poller))
  return path
}

/** Short of time, so that a client which waits for something else is soon told. */
function configuration(port: number, poller: PollerName): string {
  return `
daemon off; master_process off; error_log error.log info; pid pid;
events { use ${poller}; }
http {
  log_format fuzz '$remote_port $status $request_method "$request" "$uri" "$args" "$http_referer" "$http_user_agent" '
                  '"$cookie_a" "$1" "$language" "$host" "$sent_http_location" "$request_filename"';
  log_format object escape=json '{"uri":"$uri","agent":"$http_user_agent","args":"$args","cookie":"$http_cookie"}';
  access_log fuzz.log fuzz;
  open_file_cache max=5 inactive=10s; open_file_cache_errors on; open_file_cache_min_uses 2;
  open_log_file_cache max=3;
  disable_symlinks on from=$document_root;
  types { text/html html; text/css css; text/plain txt; }
  default_type application/octet-stream;
  keepalive_requests 50; client_max_body_size 1k; large_client_header_buffers 4 4k; max_headers 40;
  add_header X-Language $language;

  map $http_accept_language $language { default en; ~*^(?<short>[a-z]+) $short; "" none; volatile; }
  map $uri $moved { default ""; ~^/old/(?<tail>.+)$ /new/$tail; /exact-old /a.txt; }
  map $http_host $kind { hostnames; default other; .example.test ours; *.wild.test wild; }
  map $args $wanted { default 0; ~*log 1; }
  geo $near { default 0; 127.0.0.0/8 1; }
  split_clients "$remote_port$uri" $variant { 30% a; 30% b; * ""; }

  server {
    listen 127.0.0.1:${port} default_server;
    root html;
    index index.html;
    autoindex on;
    error_page 404 /e404.html;
    error_page 403 @forbidden;
    error_page 405 =200 /sub/;
    error_page 410 =301 http://localhost/a.txt;
    error_page 418 /teapot?$args;
    recursive_error_pages on;
    rewrite_log on;

    if ($moved) { rewrite ^ $moved redirect; }

    location = /exact { return 200 "$uri|$args|$arg_a|$kind|$near|$variant"; }
    location /to/ { return 302 /to/$uri?$args; }
    location /there/ { return 301 $scheme://$host/$arg_to; }
    location /elsewhere/ { return 307 $arg_to; }
    location = /pot { return 418; }
    location = /gone { return 410; }
    location = /closed { return 444; }
    location ~ ^/capture/(?<name>[^/]*)/(.*)$ {
      add_header X-Name $name always; add_header X-Rest "<$2>" always; add_header X-Args $args always;
      add_header X-Cookie $cookie_a; add_header X-Agent $http_user_agent always; add_header Cache-Control $arg_c;
      add_header Set-Cookie "name=$name";
      return 200 "$name|$2|$language";
    }
    location /rewritten/ { rewrite ^/rewritten/(.*)$ /capture/x/$1 last; }
    location /asked/ { rewrite ^/asked/(.*)$ /exact?p=$1&$args? last; }
    location /redirected/ { rewrite ^/redirected/(.*)$ /new/$1 permanent; }
    location /broken/ { rewrite ^/broken/(.*)$ /$1 break; }
    location /put-together/ { rewrite ^ /$arg_f break; }
    location /again/ { rewrite ^/again/(.*)$ /$1 last; }
    location /try/ { try_files $uri $uri/ /sub$uri /$arg_f /index.html; }
    location /named/ { try_files $uri @named; }
    location @named { add_header X-Path $uri; return 200 "named $uri $request_uri"; }
    location @forbidden { add_header X-Path $request_uri always; return 403 "no: $uri"; }
    location /files { alias files/; autoindex_format json; }
    location /xml/ { alias html/list/; autoindex_format xml; }
    location /script/ { alias html/list/; autoindex_format jsonp; }
    location ~ ^/version/(\\d+)/(.*)$ { alias files/v$1/$2; }
    location ~ ^/by-name/u([^/]+)/(.*)$ { alias files/$1/$2; }
    location /index/ { index $arg_f index.html; }
    location /rooted/ { root sites/$host; try_files /index.html =404; }
    location /chosen/ { root html/$arg_f; }
    location /picture { empty_gif; }
    location /slowly/ { limit_rate 10m; alias html/; }
    location /inside/ { internal; }
    location /read-only/ { limit_except GET { deny all; } alias html/; }
    location /trailer/ { add_trailer X-Trailer "$uri|$args"; return 200 trailer; }
    location /expiring/ { expires $arg_e; alias html/; }
    location /status { stub_status; }
    location /dav/ { alias up/; dav_methods PUT DELETE MKCOL COPY MOVE; create_full_put_path on; }
    location /up/ { upload_store up; upload_delete on; alias up/; }
    location /up-there/ { upload_store up/$arg_f /up/; upload_overwrite on; }
    location /up-here/ { upload_store on; upload_delete on; alias up/; }
    location /logged/ { access_log fuzz.log fuzz; access_log logs/$arg_log.log object if=$wanted; return 200 logged; }
    location /conditional/ {
      set $value none;
      if ($arg_x ~* "^([a-z]+)(\\d*)") { set $value "$1-$2"; }
      if ($request_method = POST) { return 405; }
      if ($http_cookie ~ "id=([^;]+)") { add_header X-Id $1; }
      if (!-e $document_root$uri) { return 200 "$value $1"; }
    }
    location /nested/ {
      location /nested/one/ { return 200 "one $uri"; }
      location ~ \\.css$ { alias html/sub/deep/x.css; }
    }
    location ^~ /sub/ { max_ranges 2; etag off; if_modified_since before; add_header Last-Modified $arg_m; }
  }

  server {
    listen 127.0.0.1:${port};
    server_name ~^(?<sub>[^.]+)\\.(?<domain>.+)\\.any$;
    root sites/$domain;
    absolute_redirect off; merge_slashes off; server_tokens off; chunked_transfer_encoding off;
    error_page 404 = @all;
    location / { add_header X-Sub $sub; add_header X-Domain $domain; try_files $uri @all; }
    location @all { return 200 "$sub|$domain|$1|$uri"; }
    location /to/ { return 302 $uri; }
    location /dir { rewrite ^/dir(.*)$ http://$sub.example.test$1?$args? redirect; }
  }

  server {
    listen 127.0.0.1:${port};
    server_name example.test *.wild.test www.example.*;
    root html; autoindex on; underscores_in_headers on; server_name_in_redirect on; keepalive_requests 3; large_client_header_buffers 2 2k;
    location / { satisfy any; deny 192.0.2.0/24; allow all; }
    location /sites/ { root .; }
    location /sub { return 303 /a.txt$is_args$args; }
  }
}
`
}
