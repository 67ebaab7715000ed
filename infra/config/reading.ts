import type { SettingPath } from './parse.ts';

/** Adds a fault to what was found, with the setting that it is about. */
export type FaultAt = (at: SettingPath, message: string) => void;

/** How a part of the file is read. */
export interface Reading {
  /** The path of a file that is named beside the configuration. */
  beside(name: string): string;
  fault: FaultAt;
}
