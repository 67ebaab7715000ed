/** A device and who to be towards it. */
export interface Target {
  /** http:// or https:// address of its device service, without user name and password. */
  url: string;
  username?: string;
  password?: string;
}

/** A device that answered a search. */
export interface FoundDevice {
  /** Its own name for itself, which stays the same when its address changes. */
  urn: string;
  /** The address of its device service. */
  url: string;
  /** The IP address that answered. */
  from: string;
  name: string;
  hardware: string;
}

/** One of the streams that a device offers. */
export interface Profile {
  token: string;
  name: string;
  /** Where it is streamed, without user name and password. */
  url: string;
  codec?: string;
  width?: number;
  height?: number;
  fps?: number;
  kbps?: number;
}

/** What a device says of itself. */
export interface Device {
  manufacturer: string;
  model: string;
  /** Best first. */
  profiles: Profile[];
  /** The profile over which it is moved; absent: it can't be. */
  ptz?: string;
}

/** A position that a device remembers. */
export interface Preset {
  token: string;
  name: string;
}

/** Speeds from -1 to 1: right, up and in are positive. */
export interface Speeds {
  pan: number;
  tilt: number;
  zoom: number;
}

/** What the thread does when asked, by name. */
export interface Calls {
  find(on: { interface: string; withinMs: number }): Promise<FoundDevice[]>;
  look(target: Target): Promise<Device>;
  presets(target: Target): Promise<Preset[]>;
  /** The device stops by itself after `forMs`, whatever becomes of us. */
  move(target: Target, speeds: Speeds, forMs: number): Promise<void>;
  stop(target: Target): Promise<void>;
  goTo(target: Target, preset: string): Promise<void>;
  /** Remembers where it looks; a position of the same name is replaced. */
  save(target: Target, name: string): Promise<void>;
}

/** Why a device did not do it. */
export type DeviceFault =
  | 'refused'
  | 'no-route'
  | 'unknown-host'
  | 'timeout'
  | 'unauthorized'
  | 'unsupported'
  | 'no-ptz'
  | 'no-preset'
  | 'discovery';

/** To the thread. */
export interface Asked {
  id: number;
  call: keyof Calls;
  // biome-ignore lint/suspicious/noExplicitAny: each call has its own
  args: any[];
}

/** From the thread. */
export type Answered = { id: number; value: unknown } | { id: number; reason: DeviceFault; text: string };
