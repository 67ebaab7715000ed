import type { CertificateFiles } from '../config/model.ts';
import { byRegion, type ClientRegions, type Server } from './regions.ts';
import { type RtspEdge, rtspSettings } from './rtsp.ts';
import { OLDEST_NGINX } from './version.ts';

/** Where an edge listens, whom it fetches from, and where it keeps what it fetched. */
export interface Edge {
  listen: string;
  /** Gateways. */
  origins: readonly Server[];
  /** Who is served where, as far as it is known where gateways are. */
  regions: ClientRegions;
  /** Proxies before the edge, addresses or networks, whose word on a client's address counts. */
  trustedProxies: readonly string[];
  /** Absolute path of a folder for cached segments, pid and log. */
  cache: string;
  /** Players and gateways speak TLS. Gateways are on this machine then: their certificate is not looked at. */
  tls?: CertificateFiles;
  /** Relays behind it, for RTSP. */
  rtsp?: RtspEdge;
}

/** A path that is safe between quotes in nginx's language. */
function quoted(path: string): string {
  if (/["\\$\n]/.test(path)) throw new Error(`"${path}" can't be written into an nginx configuration: use plain names`);
  return `"${path}"`;
}

/** The directives of a blocking reload, as nginx takes them out of a query: of any case, and of two the first. */
const RELOAD = { reload_msn: '_HLS_msn', reload_part: '_HLS_part', reload_skip: '_HLS_skip' };
const reloads = Object.entries(RELOAD).map(
  ([name, directive], index) => `  map $arg_${directive} $${name} {
    "" "";
    default ${index > 0 ? '&' : ''}${directive}=$arg_${directive};
  }
`,
);

/** Beneath the 5 s in which another gateway may be asked. */
const HANGS_AFTER_S = 4;
/** Beneath that, with time for the way to a gateway of another host. */
const WAIT_S = 2;

/**
 * What playlists and segments have in common: the right is asked for on each hit, and is no part of the key. What is
 * asked for is made from the key: else another spelling of an address would put another answer in its place.
 * @param what one copy is of, in the folder of its camera
 */
const cached = (origin: string, what: string): string => `
      auth_request /_check;
      proxy_pass ${origin}/hls/$camera/$pass/${what};
      proxy_cache hls;
      proxy_cache_key $camera/${what};
      proxy_cache_lock on;
      proxy_cache_lock_timeout 5s;
      # Whoever comes while one asks anew gets the copy that is there; who asks gets the new one.
      proxy_cache_use_stale updating;
      add_header X-Cache $upstream_cache_status always;
      add_header Access-Control-Allow-Origin * always;`;

/** For a gateway that hangs, or answers that it can't. */
const unlessAway = (copy: string): string => `
      proxy_read_timeout ${HANGS_AFTER_S}s;
      proxy_intercept_errors on;
      error_page 503 = ${copy};`;

/**
 * The copy that is there, for as long as it may be given out without a gateway. nginx takes stale-if-error to hold where
 * nobody answers, not where the answer is 503; proxy_cache_use_stale http_503 would know no bound. So nobody is asked.
 */
const copyOf = (zone: string, key: string): string => `
      proxy_pass http://nobody;
      proxy_cache ${zone};
      proxy_cache_key ${key};`;

/**
 * The configuration of an nginx before the gateways, for HLS, and before the relays, for RTSP.
 *
 * Every player has an address of its own, so the signature is left out of the cache key: else nothing would ever be
 * hit. It is checked on every hit instead, by asking a gateway (auth_request), whose answer is kept for a second; a
 * check by nginx alone (secure_link) could not know of a revocation. How long something may be served, also while no
 * gateway answers, is told by the gateways' Cache-Control.
 */
export function edgeSettings({ listen, origins, regions, trustedProxies, cache, tls, rtsp }: Edge): string {
  const gateways = byRegion({
    ...{ name: 'gateways', servers: origins, regions, failTimeout: '1s', each: '    keepalive 32;\n' },
    believed:
      trustedProxies.map((proxy) => `    proxy ${proxy};\n`).join('') +
      (trustedProxies.length ? '    proxy_recursive;\n' : ''),
  });
  const origin = `${tls ? 'https' : 'http'}://${gateways.chosen}`;
  const certificate = tls
    ? `\n    ssl_certificate ${quoted(tls.certFile)};\n    ssl_certificate_key ${quoted(tls.keyFile)};`
    : '';
  const folder = (name: string) => quoted(`${cache}/${name}`);
  return `# The edge of Signalbox, made by \`signalbox edge\`. It needs nginx ${OLDEST_NGINX} or later: older ones answer from the cache,
# too, where a gateway says no, and let who was refused watch on.
${rtsp?.module === undefined ? '' : `load_module ${quoted(rtsp.module)};\n`}pid ${folder('nginx.pid')};
# What concerns nginx itself; http has a level of its own.
error_log ${folder('error.log')} warn;
worker_processes auto;
events {
  worker_connections 4096;
}
http {
  # Addresses hold signatures: none is logged. Behind what it says of a request, up to alert, nginx writes its address.
  error_log ${folder('error.log')} emerg;
  log_format failed '$time_iso8601 $status, of $upstream_addr: $upstream_status, $camera $file';
  map $status $has_failed {
    ~^5 1;
    default 0;
  }
  access_log ${folder('failed.log')} failed if=$has_failed;
  sendfile on;
  client_body_temp_path ${folder('body')};
  proxy_temp_path ${folder('proxy')};
  fastcgi_temp_path ${folder('fastcgi')};
  uwsgi_temp_path ${folder('uwsgi')};
  scgi_temp_path ${folder('scgi')};
  proxy_cache_path ${folder('hls')} levels=1:2 keys_zone=hls:10m max_size=2g inactive=60s use_temp_path=off;
  proxy_cache_path ${folder('checks')} levels=1:2 keys_zone=checks:10m max_size=64m inactive=60s use_temp_path=off;

${gateways.directives}  upstream nobody {
    server 127.0.0.1:1 down;
  }
${reloads.join('')}
  # What would take longer is said at once: a gateway that waits for a ladder is not one that hangs.
  map $file $patience {
    ~^[^/]+$ "wait=${WAIT_S}";
    default "";
  }
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_set_header Host $http_host;
  proxy_set_header X-Forwarded-For $remote_addr;
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_set_header Prefer $patience;
  proxy_connect_timeout 1s;
  proxy_read_timeout 30s;
  # A gateway that says no is not a gateway that is gone: its answer counts.
  proxy_next_upstream error timeout;
  proxy_next_upstream_timeout 5s;
  proxy_hide_header Access-Control-Allow-Origin;

  server {
    listen ${listen}${tls ? ' ssl http2' : ''};${certificate}
    server_tokens off;

    # The list of rungs belongs to one session, and is asked for once.
    location ~ "^/hls/[a-z0-9_-]+/[a-z0-9_-]+/[0-9]+/[A-Za-z0-9_-]+/(master|low)\\.m3u8$" {
      proxy_pass ${origin};
      add_header X-Cache BYPASS always;
      add_header Access-Control-Allow-Origin * always;
    }

    location ~ "^/hls/(?<camera>[a-z0-9_-]+)/(?<pass>[a-z0-9_-]+/[0-9]+/[A-Za-z0-9_-]+)/(?<file>[a-z0-9_]+\\.(m3u8|m4s|mp4))$" {${cached(origin, '$file')}${unlessAway('@copy')}
    }

    # Low latency: an answer is the one to what a reload waits for (RFC 8216bis), so that is in its key, and nothing else.
    location ~ "^/hls/(?<camera>[a-z0-9_-]+)/(?<pass>[a-z0-9_-]+/[0-9]+/[A-Za-z0-9_-]+)/(?<file>[a-z0-9_-]+/[a-z0-9]+/[A-Za-z0-9_]+\\.(m3u8|mp4))$" {${cached(origin, '$file?$reload_msn$reload_part$reload_skip')}
    }

    location = /_check {
      internal;
      proxy_pass ${origin}/hls/$camera/$pass;
      proxy_pass_request_body off;
      # One header set here replaces all that are set above.
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header Content-Length "";${unlessAway('@right')}
      proxy_cache checks;
      proxy_cache_key $camera/$pass;
      proxy_cache_lock on;
    }

    # The right is asked for here as well: whatever leads here, nothing is given out without.
    location @copy {
      auth_request /_check;${copyOf('hls', '$camera/$file')}
      add_header X-Cache $upstream_cache_status always;
      add_header Access-Control-Allow-Origin * always;
    }

    location @right {${copyOf('checks', '$camera/$pass')}
    }

    location / {
      return 404;
    }
  }
}
${rtsp === undefined ? '' : rtspSettings(rtsp)}`;
}
