import type { DirectoryEntry } from '../index.ts';

/** How far a transfer is, as shown. */
export interface ProgressView {
  /** The file, or the folder, being moved. */
  readonly path: string;
  readonly transferred: number;
  readonly total: number | undefined;
  /** Bytes per second. */
  readonly rate: number;
  /** Seconds. */
  readonly eta: number | undefined;
  /** Files complete, where a folder is moved. */
  readonly files?: number;
}

/** A file that is complete. */
export interface FileView {
  readonly path: string;
  readonly bytes: number;
  readonly size: number;
  /** Milliseconds; not told for the files of a folder, which overlap. */
  readonly duration?: number;
}

/** What a command did, at its end. */
export interface Summary {
  readonly command: string;
  readonly files?: number;
  readonly folders?: number;
  readonly entries?: number;
  readonly removed?: number;
  readonly unchanged?: number;
  readonly deleted?: number;
  readonly changed?: number;
  /** What there is now. */
  readonly path?: string;
  readonly bytes?: number;
  /** Milliseconds. */
  readonly duration: number;
  readonly skipped?: readonly { readonly path: string; readonly reason: string }[];
}

/** What went wrong, in words and for machines. */
export interface FailureView {
  readonly code: string;
  readonly message: string;
  readonly details: object;
  readonly stack: string | undefined;
}

/** Tells a person or a program what happens. */
export interface Report {
  progress(view: ProgressView): void;
  file(view: FileView): void;
  /** An entry of a listing. Resolves when there is room for the next one. */
  entry(entry: DirectoryEntry): Promise<void>;
  /** One thing that was asked for: as an object of that type for programs, as the text for people. */
  item(type: string, facts: object, text: string): Promise<void>;
  /** What a person should know although nothing failed. */
  warn(text: string): void;
  /** What `--verbose` shows. */
  note(text: string): void;
  done(summary: Summary): void;
  failed(failure: FailureView): void;
}
