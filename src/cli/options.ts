import { UsageError } from './usage-error.ts';

/** The options of the command line, parsed. */
export interface CliOptions {
  readonly identity?: readonly string[];
  readonly knownHosts?: string;
  readonly hostKey?: readonly string[];
  readonly acceptNew?: boolean;
  readonly passwordEnv?: string;
  readonly passphraseEnv?: string;
  readonly cipher?: readonly string[];
  /** Seconds. */
  readonly timeout: number;
  /** A file; false for none. */
  readonly config?: string | false;
  readonly recursive?: boolean;
  readonly force?: boolean;
  readonly atomic?: boolean;
  readonly parents?: boolean;
  readonly symbolic?: boolean;
  readonly depth?: number;
  readonly jump?: string;
  readonly proxy?: string;
  readonly proxyPasswordEnv?: string;
  readonly proxyCommand?: string;
  readonly delete?: boolean;
  readonly dryRun?: boolean;
  readonly compare?: 'size-time' | 'size' | 'hash';
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly algorithm?: string;
  readonly follow?: boolean;
  readonly lines?: number;
  readonly preserve?: boolean;
  readonly input?: readonly string[];
  readonly inputFile?: string;
  readonly store?: string;
  readonly newPassphraseEnv?: string;
  readonly plain?: boolean;
  readonly public?: boolean;
  readonly to?: string;
  readonly type?: string;
  readonly bits?: number;
  readonly comment?: string;
  readonly quiet?: boolean;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** One option: how it is written, what it says of itself, and how its text becomes a value. */
export interface OptionRow {
  readonly flags: string;
  readonly doc: string;
  readonly default?: unknown;
  /** There is a `--no-` form, which makes it false, and this is what that says of itself. */
  readonly negated?: string;
  /** `before` is what an earlier occurrence gave. */
  readonly parse?: (text: string, before: unknown) => unknown;
}

/** Node's timers reach no further: 24 days. */
const LONGEST_TIMEOUT = 2_000_000;

export const OPTIONS: Readonly<Record<keyof CliOptions, OptionRow>> = {
  identity: {
    flags: '-i, --identity <file>',
    doc: 'private key to log in with; may be given several times (default: ~/.ssh/id_* and the agent)',
    parse: collect,
  },
  passphraseEnv: {
    flags: '--passphrase-env <name>',
    doc: 'environment variable with the passphrase of the private key',
  },
  passwordEnv: { flags: '--password-env <name>', doc: 'environment variable with the password' },
  knownHosts: { flags: '--known-hosts <file>', doc: 'trusted host keys (default: ~/.ssh/known_hosts)' },
  hostKey: {
    flags: '--host-key <fingerprint>',
    doc: 'trust this host key and no other, such as SHA256:…; may be given several times',
    parse: collect,
  },
  acceptNew: {
    flags: '--accept-new',
    doc: 'record the key of a host that known_hosts has no key of, and trust it from now on',
  },
  cipher: { flags: '--cipher <list>', doc: 'ciphers to offer, best first, with commas', parse: splitList },
  timeout: {
    flags: '--timeout <seconds>',
    doc: 'give up after so long without a sign of the server; 0 waits for ever',
    default: 30,
    parse: parseTimeout,
  },
  config: {
    flags: '--config <file>',
    doc: 'read this ssh_config instead of ~/.ssh/config',
    negated: 'read no configuration file',
  },
  jump: {
    flags: '-J, --jump <hosts>',
    doc: 'go through these hosts, [user@]host[:port] with commas, each with its own host key and login',
  },
  proxy: {
    flags: '--proxy <url>',
    doc: 'http, https, socks4, socks4a or socks5 URL of a proxy, or environment for ALL_PROXY and its like',
  },
  proxyPasswordEnv: {
    flags: '--proxy-password-env <name>',
    doc: 'environment variable with the password of the proxy, whose URL has the user name',
  },
  proxyCommand: {
    flags: '--proxy-command <command>',
    doc: 'speak through the input and output of this command; %h and %p are host and port',
  },
  delete: { flags: '--delete', doc: 'remove what is in the target and not in the source' },
  dryRun: { flags: '-n, --dry-run', doc: 'tell what would be done, and do nothing' },
  compare: {
    flags: '--compare <how>',
    doc: 'when a file counts as unchanged: size-time (default), size or hash',
    parse: oneOf('--compare', ['size-time', 'size', 'hash']),
  },
  include: {
    flags: '--include <pattern>',
    doc: 'take only files like this; may be given several times',
    parse: collect,
  },
  exclude: {
    flags: '--exclude <pattern>',
    doc: 'leave out files and folders like this; may be given several times',
    parse: collect,
  },
  algorithm: {
    flags: '-a, --algorithm <name>',
    doc: 'sha256 (default), sha1, sha224, sha384, sha512 or md5',
    parse: oneOf('--algorithm', ['sha256', 'sha1', 'sha224', 'sha384', 'sha512', 'md5']),
  },
  follow: { flags: '-f, --follow', doc: 'go on with what is appended, until interrupted' },
  lines: { flags: '-n, --lines <count>', doc: 'how many lines of the end (default 10)', parse: parseLines },
  recursive: { flags: '-r, --recursive', doc: 'folders with all below them' },
  force: { flags: '-f, --force', doc: 'rm: what is not there is no failure; mv: replace what is there' },
  atomic: { flags: '--atomic', doc: 'write under another name and rename when all is there (sftp:// only)' },
  parents: { flags: '-p, --parents', doc: 'make the folders above it too; one that is there is no failure' },
  symbolic: { flags: '-s, --symbolic', doc: 'a symbolic link instead of a hard one' },
  depth: { flags: '--depth <levels>', doc: 'how many folders deep to go', parse: parseDepth },
  preserve: { flags: '-p, --preserve', doc: 'take over permissions and times of access and modification' },
  input: {
    flags: '--input <name=value>',
    doc: 'an input, as text; name:=value takes JSON; may be given several times',
    parse: collect,
  },
  inputFile: { flags: '--input-file <file>', doc: 'inputs from a YAML or JSON file' },
  store: { flags: '--store <folder>', doc: 'files, executions and stored connectors (default: .wherry)' },
  newPassphraseEnv: {
    flags: '--new-passphrase-env <name>',
    doc: 'environment variable with the passphrase of the key that is written',
  },
  plain: { flags: '--plain', doc: 'write the private key without a passphrase' },
  public: { flags: '--public', doc: 'the public key only' },
  to: { flags: '--to <format>', doc: 'openssh (default), pkcs8, ppk, jwk; public keys also rfc4716' },
  type: { flags: '-t, --type <type>', doc: 'ed25519 (default), ecdsa, rsa' },
  bits: { flags: '-b, --bits <number>', doc: 'size of an ecdsa or rsa key', parse: parseBits },
  comment: { flags: '-C, --comment <text>', doc: 'comment of the key' },
  quiet: { flags: '-q, --quiet', doc: 'no progress and no summary' },
  json: { flags: '--json', doc: 'report by JSON objects, one a line' },
  verbose: { flags: '-v, --verbose', doc: 'tell on stderr what happens' },
};

/** What every command that connects by a URL takes. */
export const CONNECTING: readonly (keyof CliOptions)[] = [
  'identity',
  'passphraseEnv',
  'passwordEnv',
  'knownHosts',
  'hostKey',
  'acceptNew',
  'config',
  'jump',
  'proxy',
  'proxyPasswordEnv',
  'proxyCommand',
  'cipher',
  'timeout',
];

/** What every command that tells something takes. */
export const REPORTING: readonly (keyof CliOptions)[] = ['quiet', 'json', 'verbose'];

function collect(text: string, before: unknown): readonly string[] {
  return [...((before as string[] | undefined) ?? []), text];
}

function splitList(text: string): readonly string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function oneOf(flag: string, choices: readonly string[]): (text: string) => string {
  return (text) => {
    if (!choices.includes(text)) throw new UsageError(`${flag} takes ${choices.join(', ')}`);
    return text;
  };
}

function parseLines(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new UsageError('--lines takes a number from 0');
  return Number(text);
}

function parseDepth(text: string): number {
  const depth = /^\d{1,2}$/.test(text) ? Number(text) : 0;
  if (depth < 1 || depth > 64) throw new UsageError('--depth takes a number from 1 to 64');
  return depth;
}

function parseBits(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new UsageError('--bits takes a number');
  return Number(text);
}

function parseTimeout(text: string): number {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds <= LONGEST_TIMEOUT))
    throw new UsageError(`--timeout takes seconds from 0 to ${LONGEST_TIMEOUT}`);
  return seconds;
}
