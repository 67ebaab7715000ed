// Goes into the package as it is: ties the names of one interface to the code that speaks with any.

import type { Facts } from './facts.js';
import type { Routes } from './routes.js';
import type { Answer as AnswerOf, Connection, ConnectOptions } from './types/infra/client/runtime/connect.js';
import type { Followed } from './types/infra/client/runtime/follow.js';

export type { ConnectOptions } from './types/infra/client/runtime/connect.js';
export type { FollowOptions, Gap } from './types/infra/client/runtime/follow.js';
export { Refused } from './types/infra/client/runtime/refused.js';
export type { WatchHears, Watching } from './types/infra/client/runtime/watch.js';
export type { Facts, Routes };

/** What a route answers, as `Answer<'GET /api/v1/cameras'>`. */
export type Answer<Route extends keyof Routes> = AnswerOf<Routes[Route]>;
/** An event that a gateway tells; its `type` says which. */
export type Fact = Facts[keyof Facts];
/** What following tells: an event with its sequence, or word that some are missing. */
export type Told = Followed<Fact>;
/** A gateway of this interface. */
export type Client = Connection<Routes, Fact>;
/** Connects to a gateway. Nothing is sent before something is asked. */
export declare function connect(options: ConnectOptions): Client;
