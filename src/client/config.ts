import { getFips } from 'node:crypto';
import { SFTPClientError } from './client-error.ts';
import { actions } from './config-actions.ts';
import { liveSettings } from './config-live.ts';
import { checkCaKey, checkFingerprints } from './host-key-check.ts';
import type { Session } from './session.ts';
import { parseConfigString, type SettingName } from './settings.ts';
import type { ClientState } from './state.ts';
import { CODE_PAGES } from './tables/code-pages.ts';

/** What setting a value does beyond keeping it; throwing refuses it. */
const EFFECTS: Readonly<
  Partial<Record<SettingName, (value: string, session: Session, before: string) => void>>
> = {
  SSHAcceptServerHostKeyFingerPrint: (value) =>
    checkFingerprints(value.split(',').filter((part) => part.trim() !== '')),
  UseFIPSCompliantAPI: (value) => {
    if (/^(true|1|yes)$/i.test(value.trim()) && getFips() !== 1)
      throw new SFTPClientError(
        211,
        'Node does not run in FIPS mode: start it with --force-fips or --enable-fips',
      );
  },
  SSHAcceptServerCAKey: (value) => checkCaKey(value),
  CodePage: (value) => {
    if (!CODE_PAGES.has(Number(value)))
      throw new SFTPClientError(434, `there is no encoding for CodePage ${value}`);
  },
  MaxWindowSize: (value, { connection }, before) => {
    if (connection === undefined) return;
    if (Number(value) < Number(before))
      throw new SFTPClientError(211, `MaxWindowSize is ${before}: while connected it can only be raised`);
    connection.growWindow(Number(value));
  },
};

/** What `config()` does: sets a setting, reads one, or acts. */
export async function config(state: ClientState, session: Session, text: string): Promise<string> {
  const { name, index, value } = parseConfigString(text);
  const act = actions[name];
  if (act !== undefined) return act(state, session, value);
  if (value === undefined) return liveSettings[name]?.(state, session) ?? state.settings.text(name, index);
  const before = state.settings.given(name);
  const shown = state.settings.text(name, index);
  state.settings.set(name, value, index);
  try {
    EFFECTS[name]?.(value, session, shown);
  } catch (error) {
    state.settings.restore(name, before);
    throw error;
  }
  return '';
}

/** What `doEvents()` does: handles what was kept, or waits for an event. */
export function doEvents(state: ClientState): Promise<void> {
  return state.beside(async () => {
    if (state.emitter.release() === 0) await state.emitter.next(state.settings.get('SelectWaitMillis'));
  });
}
