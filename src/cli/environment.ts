import { userInfo } from 'node:os';
import { UsageError } from './usage-error.ts';

/** A secret from the environment. The variable is not named in the complaint: some would put the secret there. */
export function environmentValue(option: string, name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  const value = process.env[name];
  if (value === undefined) throw new UsageError(`the environment variable that ${option} names is not set`);
  return value;
}

/** Who runs this, as the name to log in with where the URL has none. */
export function currentUser(): string {
  try {
    return userInfo().username;
  } catch {
    const name = process.env.USER ?? process.env.LOGNAME;
    if (name) return name;
    throw new UsageError('this user has no name: put one into the URL, as sftp://user@host/…');
  }
}
