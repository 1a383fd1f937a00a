const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
/** Milliseconds within which a rate says more about the start than about the line. */
const TOO_SHORT_MS = 100;

/** `1.5 MiB`. */
export function formatSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // From 1023.95 on, one decimal would read 1024.0.
  while (value >= (unit === 0 ? 1024 : 1023.95) && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** Bytes per second, as `1.5 MiB/s`. */
export function formatRate(bytesPerSecond: number): string {
  return `${formatSize(bytesPerSecond)}/s`;
}

/** Seconds left, as `0:07`, `12:34` or `1:02:03`; `-:--` where nobody can tell. */
export function formatEta(seconds: number | undefined): string {
  if (seconds === undefined || !(seconds < 360_000)) return '-:--';
  const whole = Math.ceil(seconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** Milliseconds as `0.3 s`. */
export function formatDuration(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(milliseconds < TOO_SHORT_MS ? 2 : 1)} s`;
}

/** `64.0 MiB in 0.3 s (213.3 MiB/s)`; no rate where it says nothing. */
export function formatMoved(bytes: number, milliseconds: number): string {
  const rate =
    bytes > 0 && milliseconds >= TOO_SHORT_MS ? ` (${formatRate((bytes / milliseconds) * 1000)})` : '';
  return `${formatSize(bytes)} in ${formatDuration(milliseconds)}${rate}`;
}

/** A number with its noun: `1 file`, `2 files`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
