import {
  acceptNew,
  fingerprints,
  type HostKeyContext,
  type KnownHost,
  listKnownHosts,
  removeKnownHost,
  WherryError,
} from '../index.ts';
import type { CommandContext } from './commands.ts';
import { printable } from './printable.ts';
import { personAtTerminal } from './prompts.ts';
import { scanHostKeys } from './scan.ts';
import { isUrl, parseUrl } from './url.ts';
import { UsageError } from './usage-error.ts';

const DEFAULT_FILE = '~/.ssh/known_hosts';

const ACTIONS: Readonly<
  Record<string, (context: CommandContext, hosts: readonly string[]) => Promise<void>>
> = { list, add, remove, scan };

/** `wherry known-hosts list|add|remove|scan`. */
export async function knownHostsCommand(context: CommandContext): Promise<void> {
  const [what = '', ...hosts] = context.args;
  if (!Object.hasOwn(ACTIONS, what))
    throw new UsageError(`known-hosts takes ${Object.keys(ACTIONS).join(', ')}`);
  const began = performance.now();
  await ACTIONS[what]!(context, hosts);
  if (context.options.json)
    context.report.done({ command: 'known-hosts', duration: Math.round(performance.now() - began) });
}

async function list({ options, report }: CommandContext, hosts: readonly string[]): Promise<void> {
  const path = options.knownHosts;
  const places = hosts.length === 0 ? [{}] : hosts.map(hostAndPort);
  for (const place of places) {
    for (const known of await listKnownHosts({ path, ...place })) {
      await report.item('knownHost', known, line(known));
    }
  }
}

function line({ line: number, marker, names, keyType, fingerprint }: KnownHost): string {
  const who = names === undefined ? '(hashed)' : names.join(',');
  const sign = marker === 'none' ? '' : `@${marker} `;
  return printable(`${String(number).padStart(4)}  ${sign}${who}  ${keyType} ${fingerprint}`);
}

async function remove({ options, report }: CommandContext, hosts: readonly string[]): Promise<void> {
  if (hosts.length === 0) throw new UsageError('known-hosts remove takes the hosts to take out');
  for (const host of hosts) {
    const place = hostAndPort(host);
    const lines = await removeKnownHost({ path: options.knownHosts, ...place });
    await report.item('removed', { ...place, lines }, `${printable(host)}: ${lines} removed`);
    if (lines === 0) report.warn(`${host} is not in ${options.knownHosts ?? DEFAULT_FILE} by that name`);
  }
}

async function scan(context: CommandContext, hosts: readonly string[]): Promise<void> {
  if (hosts.length === 0) throw new UsageError('known-hosts scan takes the hosts to ask');
  for (const text of hosts) {
    const { host, port } = hostAndPort(text);
    for (const found of await scanHostKeys(host, port, context)) await show(context, found);
  }
}

async function add(context: CommandContext, hosts: readonly string[]): Promise<void> {
  if (hosts.length === 0) throw new UsageError('known-hosts add takes the hosts whose keys to record');
  const { options, report, signal } = context;
  const person = personAtTerminal(signal);
  const pinned = options.hostKey === undefined ? undefined : fingerprints(options.hostKey);
  if (pinned === undefined && person === undefined)
    throw new UsageError('known-hosts add needs the fingerprint that is right: --host-key SHA256:…');
  for (const text of hosts) {
    const { host, port } = hostAndPort(text);
    let recorded = 0;
    for (const found of await scanHostKeys(host, port, context)) {
      const agreed =
        pinned === undefined
          ? await agrees(found, (question) => person!.ask(question, true))
          : (await pinned.verify(found)).accept;
      if (!agreed) continue;
      const decision = await acceptNew(options.knownHosts).verify(found);
      if (!decision.accept) throw new WherryError(decision.code, decision.reason, { host, port });
      await show(context, found);
      recorded++;
    }
    if (recorded === 0) {
      const told =
        pinned === undefined ? 'nothing was recorded' : 'no key of the server has that fingerprint';
      throw new WherryError('HOST_KEY_REJECTED', `${host} port ${port}: ${told}`, { host, port });
    }
    report.note(`${recorded} recorded in ${options.knownHosts ?? DEFAULT_FILE}`);
  }
}

async function agrees(
  { host, port, key, fingerprint }: HostKeyContext,
  ask: (question: string) => Promise<string>,
): Promise<boolean> {
  const question = `Record ${key.type} ${fingerprint} for ${host} port ${port} (yes/no)? `;
  return /^y(es)?$/i.test((await ask(question)).trim());
}

function show({ report }: CommandContext, { host, port, key, fingerprint }: HostKeyContext): Promise<void> {
  const facts = { host, port, keyType: key.type, fingerprint };
  return report.item('hostKey', facts, printable(`${host} port ${port}  ${key.type} ${fingerprint}`));
}

/** `host`, `host:port`, `[address]:port`, or a URL. */
function hostAndPort(text: string): { host: string; port: number } {
  const { host, port = 22 } = parseUrl(isUrl(text) ? text : `sftp://${bracketed(text)}`);
  return { host, port };
}

/** An IPv6 address alone needs no brackets here. */
function bracketed(text: string): string {
  return (text.match(/:/g)?.length ?? 0) > 1 && !text.startsWith('[') ? `[${text}]` : text;
}
