import type { TreeOptions, TreeResult } from '../index.ts';
import type { Report } from './report.ts';

/** The callbacks of a folder transfer as lines of a report. */
export function treeReporting(report: Report): Pick<TreeOptions, 'onFile' | 'onProgress'> {
  return {
    onFile: (file) => report.file(file),
    onProgress: (progress) => report.progress(progress),
  };
}

/** Adds up what several transfers did. */
export class Totals {
  files = 0;
  folders: number | undefined;
  bytes = 0;
  readonly skipped: { path: string; reason: string }[] = [];
  readonly #began: number = performance.now();

  addFile(bytes: number): void {
    this.files++;
    this.bytes += bytes;
  }

  addTree({
    files,
    folders,
    bytes,
    skipped,
  }: Pick<TreeResult, 'files' | 'folders' | 'bytes' | 'skipped'>): void {
    this.files += files;
    this.folders = (this.folders ?? 0) + folders;
    this.bytes += bytes;
    this.skipped.push(...skipped);
  }

  /** For the end of a report. */
  summary(command: string): {
    command: string;
    files: number;
    folders?: number;
    bytes: number;
    duration: number;
    skipped?: readonly { path: string; reason: string }[];
  } {
    const { files, folders, bytes, skipped } = this;
    return {
      command,
      files,
      ...(folders === undefined ? {} : { folders, skipped }),
      bytes,
      duration: Math.round(performance.now() - this.#began),
    };
  }
}
