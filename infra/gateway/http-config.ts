import type { Config } from '../config/model.ts';
import type { Group } from '../group.ts';
import type { HttpServices } from '../http/services.ts';

/** What the HTTP floor reads of the configuration, as it stands whenever it is read. */
export function httpConfig(now: () => Config, group: Group): HttpServices['config'] {
  return {
    get http() {
      // Where it listens was decided at the start: `--port` wins over the file.
      return { ...now().http, ...group.http };
    },
    get ice() {
      return now().ice;
    },
    get auth() {
      return now().auth;
    },
    get limits() {
      return now().limits;
    },
    get regions() {
      return now().regions;
    },
    get destinations() {
      return now().destinations;
    },
    get discovery() {
      return now().discovery;
    },
  };
}
