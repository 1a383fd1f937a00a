const MONTHS = 'January February March April May June July August September October November December'.split(
  ' ',
);
const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');

/** A time taken apart in the zone it is shown in. */
interface Moment {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly weekday: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly millisecond: number;
  /** Minutes east of UTC. */
  readonly offset: number;
}

const pad = (value: number, length: number): string => String(value).padStart(length, '0');

/** What each run of letters in a format stands for. */
const TOKENS: Readonly<Record<string, (m: Moment) => string>> = {
  yyyy: (m) => pad(m.year, 4),
  yy: (m) => pad(m.year % 100, 2),
  MMMM: (m) => MONTHS[m.month]!,
  MMM: (m) => MONTHS[m.month]!.slice(0, 3),
  MM: (m) => pad(m.month + 1, 2),
  M: (m) => String(m.month + 1),
  dddd: (m) => DAYS[m.weekday]!,
  ddd: (m) => DAYS[m.weekday]!.slice(0, 3),
  dd: (m) => pad(m.day, 2),
  d: (m) => String(m.day),
  HH: (m) => pad(m.hour, 2),
  H: (m) => String(m.hour),
  hh: (m) => pad(m.hour % 12 || 12, 2),
  h: (m) => String(m.hour % 12 || 12),
  mm: (m) => pad(m.minute, 2),
  m: (m) => String(m.minute),
  ss: (m) => pad(m.second, 2),
  s: (m) => String(m.second),
  fff: (m) => pad(m.millisecond, 3),
  ff: (m) => pad(m.millisecond, 3).slice(0, 2),
  f: (m) => pad(m.millisecond, 3).slice(0, 1),
  tt: (m) => (m.hour < 12 ? 'AM' : 'PM'),
  t: (m) => (m.hour < 12 ? 'A' : 'P'),
  zzz: (m) =>
    `${m.offset < 0 ? '-' : '+'}${pad(Math.floor(Math.abs(m.offset) / 60), 2)}:${pad(Math.abs(m.offset) % 60, 2)}`,
};

const PIECE =
  /"([^"]*)"|'([^']*)'|\\(.)|yyyy|yy|MMMM|MMM|MM|M|dddd|ddd|dd|d|HH|H|hh|h|mm|m|ss|s|fff|ff|f|tt|t|zzz|[\s\S]/g;

/**
 * A file time as text, in local time or UTC. Without a format, times of this year show the hour and others the year,
 * as FTP servers do.
 */
export function formatFileTime(
  milliseconds: number,
  format: string,
  utc: boolean,
  now: number = Date.now(),
): string {
  const moment = momentOf(milliseconds, utc);
  const chosen =
    format !== '' ? format : momentOf(now, utc).year === moment.year ? 'MMM dd HH:mm' : 'MMM dd yyyy';
  return chosen.replace(
    PIECE,
    (piece: string, double?: string, single?: string, escaped?: string) =>
      double ?? single ?? escaped ?? TOKENS[piece]?.(moment) ?? piece,
  );
}

function momentOf(milliseconds: number, utc: boolean): Moment {
  const date = new Date(milliseconds);
  const offset = utc ? 0 : -date.getTimezoneOffset();
  // The fields of a UTC date that was moved by the zone are the local ones.
  const moved = new Date(milliseconds + offset * 60_000);
  return {
    year: moved.getUTCFullYear(),
    month: moved.getUTCMonth(),
    day: moved.getUTCDate(),
    weekday: moved.getUTCDay(),
    hour: moved.getUTCHours(),
    minute: moved.getUTCMinutes(),
    second: moved.getUTCSeconds(),
    millisecond: moved.getUTCMilliseconds(),
    offset,
  };
}
