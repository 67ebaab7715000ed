import path from 'node:path';

/** Where a broadcast destination listens and keeps its files. */
export interface DestinationPlace {
  /** RTMP, on loopback. */
  port: number;
  /** Statistics (`/stat`) and the HLS monitor (`/monitor/#CAMERA`), on loopback. */
  httpPort: number;
  /** A folder of its own, for pid, logs and HLS. */
  folder: string;
  /** Path of `ngx_rtmp_module.so`; absent where nginx has it built in. */
  module?: string;
  /** The stream key: it takes this one, and with `-CAMERA` behind it one for each camera. */
  key: string;
}

/** The page of the monitor. */
const PAGE = path.join(import.meta.dirname, 'monitor');
const HLS_JS = path.resolve(import.meta.dirname, '../../node_modules/hls.js/dist/hls.light.min.js');
const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
const quoted = (text: string): string => JSON.stringify(text);

/**
 * A page that plays what is received of a camera. nginx-rtmp names its files by the stream key, which is a secret:
 * neither the monitor's addresses nor its playlists show it.
 */
const monitor = (folder: string, key: string): string => `
    location = /monitor/hls.js { alias ${quoted(HLS_JS)}; default_type text/javascript; }
    location ~ ${quoted('^/monitor/(?<camera>[a-z0-9_-]+)\\.m3u8$')} {
      alias ${quoted(`${folder}/hls/${key}-$camera.m3u8`)};
      types { }
      default_type application/vnd.apple.mpegurl;
      sub_filter_types *;
      sub_filter_once off;
      sub_filter ${quoted(`${key}-`)} "";
      add_header Cache-Control no-cache;
    }
    location ~ ${quoted('^/monitor/(?<piece>[a-z0-9_-]+\\.ts)$')} {
      alias ${quoted(`${folder}/hls/${key}-$piece`)};
      types { }
      default_type video/mp2t;
    }
    location /monitor/ {
      alias ${quoted(`${PAGE}/`)};
      index monitor.html;
      types { text/html html; text/css css; text/javascript js; }
    }`;

/**
 * The configuration of an nginx-rtmp that takes broadcasts under `rtmp://127.0.0.1:PORT/live` and shows them as HLS.
 * A publisher with another key is refused (https://github.com/arut/nginx-rtmp-module/wiki/Directives#on_publish).
 */
export function destinationConfig({ port, httpPort, folder, module, key }: DestinationPlace): string {
  const isRoot = process.getuid?.() === 0;
  const temporary = TEMPORARY.map((kind) => `  ${kind}_temp_path ${quoted(`${folder}/tmp-${kind}`)};`).join('\n');
  return `${module ? `load_module ${quoted(module)};\n` : ''}${isRoot ? 'user root;\n' : ''}daemon off;
worker_processes 1;
pid ${quoted(`${folder}/nginx.pid`)};
error_log ${quoted(`${folder}/error.log`)} warn;
events { worker_connections 64; }
rtmp {
  server {
    listen 127.0.0.1:${port};
    application live {
      live on;
      hls on;
      hls_path ${quoted(`${folder}/hls`)};
      hls_fragment 2s;
      hls_playlist_length 12s;
      allow play 127.0.0.1;
      deny play all;
      notify_method get;
      on_publish http://127.0.0.1:${httpPort}/publish;
    }
  }
}
http {
  access_log off;
${temporary}
  server {
    listen 127.0.0.1:${httpPort};
    location = /publish {
      if ($arg_name ~ ${quoted(`^${key}(-[a-z0-9_-]+)?$`)}) { return 204; }
      return 403;
    }
    location = /stat { rtmp_stat all; }
${monitor(folder, key)}
  }
}
`;
}
