import { posix } from 'node:path';

/**
 * Whether a link at the relative path `path` that points to `target` stays in the folder that `path` is relative to,
 * whatever other such links are there: steps up come first, from real folders, and never after a name that might be a
 * link itself.
 */
export function linkStaysInside(path: string, target: string): boolean {
  if (target === '' || /[\\\0]/.test(target) || posix.isAbsolute(target) || /^[a-z]:/i.test(target))
    return false;
  const steps = target.split('/').filter((step) => step !== '' && step !== '.');
  const ups = steps.findIndex((step) => step !== '..');
  const up = ups < 0 ? steps.length : ups;
  return !steps.slice(up).includes('..') && up < path.split('/').length;
}
