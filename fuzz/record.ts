/** What has run so far, of each target: a JSON file that every run adds to, and a table of it for people. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

export interface RecordRow {
  inputs: number;
  cpuSeconds: number;
  findings: number;
  /** The day of the latest run. */
  last: string;
}

export type FuzzRecord = Record<string, RecordRow>;

/** A target has run long enough with either of these. */
export const GOAL = { inputs: 10_000_000, cpuSeconds: 3600 } as const;

export const reached = ({ inputs, cpuSeconds }: Pick<RecordRow, 'inputs' | 'cpuSeconds'>): boolean =>
  inputs >= GOAL.inputs || cpuSeconds >= GOAL.cpuSeconds;

export const NO_RUN: Readonly<RecordRow> = { inputs: 0, cpuSeconds: 0, findings: 0, last: '' };

export function readRecord(file: string): FuzzRecord {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as FuzzRecord) : {};
}

/** Adds a run to the file, which another process may have added to meanwhile. */
export function addToRecord(file: string, name: string, run: Omit<RecordRow, 'last'>, names: string[]): void {
  const record = readRecord(file);
  const { inputs, cpuSeconds, findings } = record[name] ?? NO_RUN;
  record[name] = {
    inputs: inputs + run.inputs,
    cpuSeconds: Math.round((cpuSeconds + run.cpuSeconds) * 10) / 10,
    findings: findings + run.findings,
    last: new Date().toISOString().slice(0, 10),
  };
  const sorted = Object.fromEntries(names.flatMap((one) => (record[one] ? [[one, record[one]]] : [])));
  writeWhole(file, `${JSON.stringify(sorted, null, 2)}\n`);
  writeWhole(file.replace(/(\.json)?$/, '.md'), recordTable(sorted, names));
}

function writeWhole(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

/** The record as Markdown. */
export function recordTable(record: FuzzRecord, names: readonly string[]): string {
  const row = (name: string): string => {
    const { inputs, cpuSeconds, findings, last } = record[name] ?? NO_RUN;
    const cells = [
      name,
      inputs.toLocaleString('en'),
      Math.round(cpuSeconds).toLocaleString('en'),
      findings,
      last,
    ];
    return `| ${cells.join(' | ')} | ${reached({ inputs, cpuSeconds }) ? 'yes' : 'no'} |`;
  };
  return `${[
    '# What the fuzz targets have run',
    '',
    `Written by \`npm run fuzz -- all --record\`, which adds to it. Enough is ${GOAL.inputs.toLocaleString('en')} inputs or`,
    `${GOAL.cpuSeconds.toLocaleString('en')} seconds of processor time. A finding is mended, and its input kept in \`findings/\`, where`,
    '`npm test` runs it.',
    '',
    '| target | inputs | CPU seconds | findings | last run | enough |',
    '| --- | --: | --: | --: | --- | --- |',
    ...names.map(row),
  ].join('\n')}\n`;
}
