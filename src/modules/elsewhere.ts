/**
 * Directives and variables that nginx has and veille has not, and to which of nginx's modules each belongs: they are named as what they
 * are, and refused, since a configuration must not mean less here than it says.
 *
 *   ELSEWHERE                 directive → module
 *   moduleOfVariable(name)    the same for a variable, or null
 *   adviceForForeign(name)    what words of other languages are here, or null
 */

const BY_MODULE: Readonly<Record<string, string>> = {
  ngx_core_module: 'load_module ssl_engine ssl_object_cache_inheritable',
  ngx_http_addition_module: 'add_before_body add_after_body addition_types',
  ngx_http_auth_basic_module: 'auth_basic auth_basic_user_file',
  ngx_http_auth_request_module: 'auth_request auth_request_set',
  ngx_http_browser_module: 'ancient_browser ancient_browser_value modern_browser modern_browser_value',
  ngx_http_charset_module: 'charset charset_map charset_types override_charset source_charset',
  ngx_http_core_module:
    'auth_delay early_hints keepalive_min_timeout log_subrequest post_action send_lowat subrequest_output_buffer_size',
  ngx_http_fastcgi_module:
    'fastcgi_allow_upstream fastcgi_cache fastcgi_cache_background_update fastcgi_cache_bypass fastcgi_cache_key fastcgi_cache_lock fastcgi_cache_lock_age fastcgi_cache_lock_timeout fastcgi_cache_max_range_offset fastcgi_cache_methods fastcgi_cache_min_uses fastcgi_cache_path fastcgi_cache_revalidate fastcgi_cache_use_stale fastcgi_cache_valid fastcgi_force_ranges fastcgi_limit_rate fastcgi_no_cache fastcgi_store fastcgi_store_access',
  ngx_http_flv_module: 'flv',
  ngx_http_geoip_module: 'geoip_city geoip_country geoip_org geoip_proxy geoip_proxy_recursive',
  ngx_http_grpc_module:
    'grpc_bind grpc_buffer_size grpc_connect_timeout grpc_hide_header grpc_ignore_headers grpc_intercept_errors grpc_next_upstream grpc_next_upstream_timeout grpc_next_upstream_tries grpc_pass grpc_pass_header grpc_read_timeout grpc_send_timeout grpc_set_header grpc_socket_keepalive grpc_ssl_certificate grpc_ssl_certificate_key grpc_ssl_ciphers grpc_ssl_crl grpc_ssl_name grpc_ssl_password_file grpc_ssl_protocols grpc_ssl_server_name grpc_ssl_session_reuse grpc_ssl_trusted_certificate grpc_ssl_verify grpc_ssl_verify_depth',
  ngx_http_gunzip_module: 'gunzip gunzip_buffers',
  ngx_http_gzip_module:
    'gzip gzip_buffers gzip_comp_level gzip_disable gzip_http_version gzip_min_length gzip_proxied gzip_types gzip_vary',
  ngx_http_gzip_static_module: 'gzip_static',
  ngx_http_image_filter_module:
    'image_filter image_filter_buffer image_filter_interlace image_filter_jpeg_quality image_filter_sharpen image_filter_transparency image_filter_webp_quality',
  ngx_http_js_module:
    'js_access js_body_filter js_content js_fetch_buffer_size js_fetch_ciphers js_fetch_max_response_buffer_size js_fetch_protocols js_fetch_timeout js_fetch_trusted_certificate js_fetch_verify js_fetch_verify_depth js_header_filter js_import js_path js_periodic js_preload_object js_set js_shared_dict_zone js_var',
  ngx_http_limit_conn_module:
    'limit_conn limit_conn_dry_run limit_conn_log_level limit_conn_status limit_conn_zone',
  ngx_http_limit_req_module:
    'limit_req limit_req_dry_run limit_req_log_level limit_req_status limit_req_zone',
  ngx_http_memcached_module:
    'memcached_bind memcached_buffer_size memcached_connect_timeout memcached_gzip_flag memcached_next_upstream memcached_next_upstream_timeout memcached_next_upstream_tries memcached_pass memcached_read_timeout memcached_send_timeout memcached_socket_keepalive',
  ngx_http_mirror_module: 'mirror mirror_request_body',
  ngx_http_mp4_module:
    'mp4 mp4_buffer_size mp4_max_buffer_size mp4_limit_rate mp4_limit_rate_after mp4_start_key_frame',
  ngx_http_perl_module: 'perl perl_modules perl_require perl_set',
  ngx_http_proxy_module:
    'proxy_allow_upstream proxy_bind proxy_buffer_size proxy_buffering proxy_buffers proxy_busy_buffers_size proxy_cache proxy_cache_background_update proxy_cache_bypass proxy_cache_convert_head proxy_cache_key proxy_cache_lock proxy_cache_lock_age proxy_cache_lock_timeout proxy_cache_max_range_offset proxy_cache_methods proxy_cache_min_uses proxy_cache_path proxy_cache_revalidate proxy_cache_use_stale proxy_cache_valid proxy_connect_timeout proxy_cookie_domain proxy_cookie_flags proxy_cookie_path proxy_force_ranges proxy_headers_hash_bucket_size proxy_headers_hash_max_size proxy_hide_header proxy_http_version proxy_ignore_client_abort proxy_ignore_headers proxy_intercept_errors proxy_limit_rate proxy_max_temp_file_size proxy_method proxy_next_upstream proxy_next_upstream_timeout proxy_next_upstream_tries proxy_no_cache proxy_pass proxy_pass_header proxy_pass_request_body proxy_pass_request_headers proxy_pass_trailers proxy_read_timeout proxy_redirect proxy_request_buffering proxy_send_lowat proxy_send_timeout proxy_set_body proxy_set_header proxy_socket_keepalive proxy_ssl_certificate proxy_ssl_certificate_key proxy_ssl_ciphers proxy_ssl_conf_command proxy_ssl_crl proxy_ssl_key_log proxy_ssl_name proxy_ssl_password_file proxy_ssl_protocols proxy_ssl_server_name proxy_ssl_session_reuse proxy_ssl_trusted_certificate proxy_ssl_verify proxy_ssl_verify_depth proxy_store proxy_store_access proxy_temp_file_write_size proxy_temp_path',
  ngx_http_random_index_module: 'random_index',
  ngx_http_realip_module: 'set_real_ip_from real_ip_header real_ip_recursive',
  ngx_http_referer_module: 'referer_hash_bucket_size referer_hash_max_size valid_referers',
  ngx_http_scgi_module:
    'scgi_allow_upstream scgi_cache scgi_cache_background_update scgi_cache_bypass scgi_cache_key scgi_cache_lock scgi_cache_lock_age scgi_cache_lock_timeout scgi_cache_max_range_offset scgi_cache_methods scgi_cache_min_uses scgi_cache_path scgi_cache_revalidate scgi_cache_use_stale scgi_cache_valid scgi_force_ranges scgi_limit_rate scgi_no_cache scgi_store scgi_store_access',
  ngx_http_secure_link_module: 'secure_link secure_link_md5 secure_link_secret',
  ngx_http_slice_module: 'slice',
  ngx_http_ssi_module:
    'ssi ssi_last_modified ssi_min_file_chunk ssi_silent_errors ssi_types ssi_value_length',
  ngx_http_ssl_module:
    'ssl ssl_alpn ssl_buffer_size ssl_certificate ssl_certificate_cache ssl_certificate_compression ssl_certificate_key ssl_ciphers ssl_client_certificate ssl_conf_command ssl_crl ssl_dhparam ssl_early_data ssl_ecdh_curve ssl_key_log ssl_ocsp ssl_ocsp_cache ssl_ocsp_responder ssl_password_file ssl_prefer_server_ciphers ssl_protocols ssl_reject_handshake ssl_session_cache ssl_session_ticket_key ssl_session_tickets ssl_session_timeout ssl_stapling ssl_stapling_file ssl_stapling_responder ssl_stapling_verify ssl_trusted_certificate ssl_verify_client ssl_verify_depth',
  ngx_http_sub_module: 'sub_filter sub_filter_last_modified sub_filter_once sub_filter_types',
  ngx_http_upstream_module:
    'zone state hash ip_hash least_conn least_time ntlm queue random resolver resolver_timeout sticky',
  ngx_http_uwsgi_module:
    'uwsgi_allow_upstream uwsgi_cache uwsgi_cache_background_update uwsgi_cache_bypass uwsgi_cache_key uwsgi_cache_lock uwsgi_cache_lock_age uwsgi_cache_lock_timeout uwsgi_cache_max_range_offset uwsgi_cache_methods uwsgi_cache_min_uses uwsgi_cache_path uwsgi_cache_revalidate uwsgi_cache_use_stale uwsgi_cache_valid uwsgi_force_ranges uwsgi_limit_rate uwsgi_no_cache uwsgi_store uwsgi_store_access uwsgi_ssl_certificate uwsgi_ssl_certificate_key uwsgi_ssl_ciphers uwsgi_ssl_conf_command uwsgi_ssl_crl uwsgi_ssl_name uwsgi_ssl_password_file uwsgi_ssl_protocols uwsgi_ssl_server_name uwsgi_ssl_session_reuse uwsgi_ssl_trusted_certificate uwsgi_ssl_verify uwsgi_ssl_verify_depth',
  ngx_http_v2_module:
    'http2 http2_body_preread_size http2_chunk_size http2_idle_timeout http2_max_concurrent_pushes http2_max_concurrent_streams http2_max_field_size http2_max_header_size http2_max_requests http2_push http2_push_preload http2_recv_buffer_size http2_recv_timeout',
  ngx_http_v3_module:
    'http3 http3_hq http3_max_concurrent_streams http3_stream_buffer_size quic_active_connection_id_limit quic_bpf quic_gso quic_host_key quic_retry',
  ngx_http_xslt_module:
    'xml_entities xslt_last_modified xslt_param xslt_string_param xslt_stylesheet xslt_types',
  ngx_mail_core_module: 'mail imap_capabilities pop3_capabilities smtp_capabilities starttls auth_http',
  ngx_mgmt_module: 'mgmt usage_report license_token',
  ngx_otel_module:
    'otel_exporter otel_service_name otel_span_attr otel_span_name otel_trace otel_trace_context',
  ngx_stream_core_module: 'stream preread_buffer_size preread_timeout',
}

/** Directive → nginx's module. */
export const ELSEWHERE: ReadonlyMap<string, string> = new Map(
  Object.entries(BY_MODULE).flatMap(([module, names]) =>
    names.split(' ').map(name => [name, module] as const),
  ),
)

/** Names, and beginnings of names, which end in "_". */
const VARIABLES_BY_MODULE: Readonly<Record<string, string>> = {
  ngx_http_browser_module: 'modern_browser ancient_browser msie',
  ngx_http_geoip_module: 'geoip_',
  ngx_http_grpc_module: 'grpc_',
  ngx_http_gzip_module: 'gzip_ratio',
  ngx_http_limit_conn_module: 'limit_conn_status',
  ngx_http_limit_req_module: 'limit_req_status',
  ngx_http_memcached_module: 'memcached_key',
  ngx_http_proxy_module: 'proxy_',
  ngx_http_realip_module: 'realip_',
  ngx_http_referer_module: 'invalid_referer',
  ngx_http_secure_link_module: 'secure_link secure_link_',
  ngx_http_slice_module: 'slice_range',
  ngx_http_ssi_module: 'date_local date_gmt',
  ngx_http_ssl_module: 'ssl_',
  ngx_http_upstream_module: 'upstream_cache_ upstream_last_server_name upstream_queue_time upstream_trailer_',
  ngx_http_v2_module: 'http2',
  ngx_http_v3_module: 'http3 quic_',
  ngx_otel_module: 'otel_',
}

const MODULE_OF_VARIABLE = Object.entries(VARIABLES_BY_MODULE).flatMap(([module, names]) =>
  names.split(' ').map(name => [name, module] as const),
)

export function moduleOfVariable(name: string): string | null {
  const lower = name.toLowerCase()
  const found = MODULE_OF_VARIABLE.find(
    ([one]) => lower === one || (one.endsWith('_') && lower.startsWith(one)),
  )
  return found?.[1] ?? null
}

/** In lower case. Apache's names, mostly. */
const FOREIGN: ReadonlyMap<string, string> = new Map([
  ['else', 'there is no "else": "return" or "break" in the if ends it, and what follows is for the others'],
  ['elseif', 'there is no "elseif": write another if, or a map'],
  ['elif', 'there is no "elif": write another if, or a map'],
  ['includesubdomains', 'a ";" ends the directive before it: put its whole value in quotes'],
  ['preload', 'a ";" ends the directive before it: put its whole value in quotes'],
  ['documentroot', 'that is "root" here'],
  ['serveralias', 'all names stand in "server_name" here'],
  ['directoryindex', 'that is "index" here'],
  ['errordocument', 'that is "error_page" here'],
  ['rewriterule', 'that is "rewrite" here'],
  ['rewritecond', 'that is "if" here'],
  ['rewriteengine', 'rewriting is always on here: leave this line out'],
  ['redirect', 'that is "return" here: return 301 /new'],
  ['header', 'that is "add_header" here'],
  ['customlog', 'that is "access_log" here'],
  ['loadmodule', 'features are always there: leave this line out'],
])

/** @param name as somebody wrote it where a directive was expected */
export function adviceForForeign(name: string): string | null {
  if (name.startsWith('if(')) return 'a space stands between "if" and its condition: if (…)'
  if (/^<\/?\w/.test(name)) return 'blocks are written with braces: server { … }'
  return FOREIGN.get(name.toLowerCase()) ?? null
}
