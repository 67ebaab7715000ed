/** Where a broadcast destination listens and keeps its files. */
export interface DestinationPlace {
  /** RTMP, on loopback. */
  port: number;
  /** Statistics (`/stat`) and the HLS monitor (`/hls/KEY.m3u8`), on loopback. */
  httpPort: number;
  /** A folder of its own, for pid, logs and HLS. */
  folder: string;
  /** Path of `ngx_rtmp_module.so`; absent where nginx has it built in. */
  module?: string;
  /** The stream key: it takes this one, and with `-CAMERA` behind it one for each camera. */
  key: string;
}

const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
const quoted = (text: string): string => JSON.stringify(text);

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
    location /hls/ {
      alias ${quoted(`${folder}/hls/`)};
      types { application/vnd.apple.mpegurl m3u8; video/mp2t ts; }
      add_header Cache-Control no-cache;
    }
  }
}
`;
}
