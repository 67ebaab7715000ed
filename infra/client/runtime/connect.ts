import { type Followed, type FollowOptions, follow } from './follow.ts';
import { Refused } from './refused.ts';
import { type WatchHears, type Watching, watch } from './watch.ts';

/** What a route takes and answers; `answer` is its JSON body. */
export interface RouteShape {
  path?: object;
  query?: object;
  body?: unknown;
  answer?: unknown;
}

/** What a call needs of a route: all of it but the answer. */
export type Needs<Route> = Omit<Route, 'answer'>;
/** The answer of a route, for instance `Answer<Routes['GET /api/v1/cameras']>`. */
export type Answer<Route> = Route extends { answer: infer Body } ? Body : undefined;
/** Calls without needs are made without an argument. */
export type Given<Route> = Record<never, never> extends Needs<Route> ? [needs?: Needs<Route>] : [needs: Needs<Route>];
/** An item of a route that answers a list. */
export type Item<Route> = Answer<Route> extends { items: (infer One)[] } ? One : never;

/** Where the gateway is, and with which right it is asked. */
export interface ConnectOptions {
  /** Its address, as `https://stream.example.com`. */
  url: string;
  /** A login or service token, or what gives the one to use now. */
  token: string | (() => string | Promise<string>);
  /** Another `fetch` than the built-in one. */
  fetch?: typeof fetch;
}

/** A gateway, asked by the names of its interface. */
export interface Connection<Routes extends Record<keyof Routes, RouteShape>, Fact> {
  /**
   * Asks a route.
   * @param route method and path as the documents name them: `GET /api/v1/cameras/{camera_id}`
   * @returns its JSON body @throws Refused
   */
  ask<Name extends keyof Routes & string>(route: Name, ...given: Given<Routes[Name]>): Promise<Answer<Routes[Name]>>;
  /** Every item of a route that answers a list, page after page. @throws Refused */
  all<Name extends keyof Routes & string>(
    route: Name,
    ...given: Given<Routes[Name]>
  ): AsyncGenerator<Item<Routes[Name]>>;
  /** The same as `ask`, with the answer as it comes: a picture, a playlist, a file. @throws Refused */
  open<Name extends keyof Routes & string>(route: Name, ...given: Given<Routes[Name]>): Promise<Response>;
  /**
   * What happens, for ever: a stream that breaks off is taken up again after the last event that was seen.
   * @throws Refused when the token is no longer taken
   */
  follow(options?: FollowOptions): AsyncGenerator<Followed<Fact>>;
  /** Browsers only: shows a camera in a video element over WHEP. @throws Refused */
  watch(camera: string, video: HTMLVideoElement, hears?: WatchHears): Promise<Watching>;
}

/** Puts the parts of a path where its template names them. */
function placed(template: string, parts: Record<string, unknown>): string {
  return template.replaceAll(/\{(\w+)\}/g, (_all, name: string) => {
    const part = parts[name];
    if (part === undefined || part === '') throw new TypeError(`${template} needs path.${name}`);
    return encodeURIComponent(String(part));
  });
}

const queryOf = (wishes: object): string => {
  const said = Object.entries(wishes).filter(([, value]) => value !== undefined);
  return said.length ? `?${new URLSearchParams(said.map(([name, value]) => [name, String(value)]))}` : '';
};

/** Connects to a gateway. Nothing is sent before something is asked. */
export function connect<Routes extends Record<keyof Routes, RouteShape>, Fact>(
  options: ConnectOptions,
): Connection<Routes, Fact> {
  // Browsers call their fetch on the window alone.
  const { token, fetch: send = (...asked) => fetch(...asked) } = options;
  const base = options.url.replace(/\/+$/, '');
  const bearer = async (): Promise<string> => `Bearer ${typeof token === 'string' ? token : await token()}`;

  const open = async (route: string, needs: RouteShape = {}): Promise<Response> => {
    const [method = '', template = ''] = route.split(' ');
    const address = base + placed(template, { ...needs.path }) + queryOf({ ...needs.query });
    const { body } = needs;
    const response = await send(address, {
      method,
      headers: {
        authorization: await bearer(),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    if (!response.ok) throw await Refused.from(response);
    return response;
  };
  const ask = async (route: string, needs?: RouteShape): Promise<unknown> => {
    const text = await (await open(route, needs)).text();
    return text === '' ? undefined : JSON.parse(text);
  };
  async function* all(route: string, needs: RouteShape = {}): AsyncGenerator<unknown> {
    let cursor: string | null | undefined;
    do {
      const query = { ...needs.query, ...(cursor ? { cursor } : {}) };
      const page = (await ask(route, { ...needs, query })) as { items: unknown[]; next?: string | null };
      yield* page.items;
      cursor = page.next;
    } while (cursor);
  }

  // The names decide the types, and only the generated interface knows the names.
  return {
    ask,
    all,
    open,
    follow: (wanted = {}) => follow((url, init) => send(base + url, init), bearer, wanted),
    watch: async (camera, video, hears = {}) =>
      watch({ url: `${base}/live/${encodeURIComponent(camera)}/whep`, bearer, send }, video, hears),
  } as Connection<Routes, Fact>;
}
