import type { AlgorithmKind } from '../../index.ts';

/** One setting of `config()`. Values travel as text. */
export interface SettingRow {
  readonly type: 'bool' | 'int' | 'str' | 'list';
  readonly default: boolean | number | string;
  /**
   * `setting` is read and set; `readonly` is only read; `action` does something; `inert` is kept and means nothing
   * in Node, for the reason in `differs`. An `indexed` one is written with a channel number: `Name[3]`.
   */
  readonly kind: 'setting' | 'readonly' | 'action' | 'inert';
  readonly indexed?: true;
  /** An algorithm list: its default is the one of the core, best first. */
  readonly algorithms?: AlgorithmKind;
  /** Least and largest number; without it a number is from 0 to 2^53 - 1. */
  readonly range?: readonly [least: number, largest: number];
  /** The only texts allowed. */
  readonly allowed?: readonly string[];
  readonly doc: string;
  /** Where it differs from the reference, or decides what that leaves open, and why. */
  readonly differs?: string;
  /** What of it does not work yet. */
  readonly pending?: string;
}
