/** What people write and peers send as text: masks, patterns, configurations, words. */
import { matchGlob } from '../../src/base/glob.ts';
import { pathFilter } from '../../src/base/path-filter.ts';
import { sanitize } from '../../src/base/text.ts';
import { readSshConfigText } from '../../src/cli/ssh-config.ts';
import { UsageError } from '../../src/cli/usage-error.ts';
import { isMask, masksTest } from '../../src/client/mask.ts';
import { checkInputs } from '../../src/connectors/validate.ts';
import { parseControlLine } from '../../src/scp/control-line.ts';
import { bytesOf, type FuzzTarget } from '../target.ts';

export const scpLine: FuzzTarget = {
  doc: 'control lines of the scp protocol',
  seeds: () =>
    ['C0644 12 name', 'D0755 0 folder', 'E', 'T1700000000 0 1700000000 0', '\x01warning'].map(bytesOf),
  run: (input) => parseControlLine(input.toString()).kind,
};

/** A pattern and a name, parted by the first line end. */
const parted = (input: Buffer): readonly [pattern: string, name: string] => {
  const text = input.toString();
  const end = text.indexOf('\n');
  return end < 0 ? [text, ''] : [text.slice(0, end), text.slice(end + 1)];
};

export const glob: FuzzTarget = {
  doc: 'the patterns of known_hosts and of scp, against a name; time stays bounded',
  seeds: () => ['*.txt\na.txt', 'a?c*\nabcd', '********x\naaaaaaaaaaaaaaaaaaaaaaaa'].map(bytesOf),
  run: (input) => String(matchGlob(...parted(input))),
};

export const mask: FuzzTarget = {
  doc: 'file masks of SFTPClient, against a name; time stays bounded',
  seeds: () =>
    ['*.txt;*.log\na.log', '[a-z,0-9]?[!x]*\na1b', '*a*a*a*a*b\naaaaaaaaaaaaaaaaaaaa', '\\*[]]x\n*]x'].map(
      bytesOf,
    ),
  run(input) {
    const [masks, name] = parted(input);
    const ignoreCase = (input.length & 1) === 1;
    return `${isMask(masks)} ${masksTest(masks, ';', ignoreCase)(name)}`;
  },
};

export const treeGlob: FuzzTarget = {
  doc: 'include and exclude patterns of folders, against a path; time stays bounded',
  seeds: () =>
    [
      '**/*.ts\nsrc/a/b.ts',
      '{a,b}/[c-d]*\na/cat',
      '!(x)/+(y|z)\na/yz',
      '*a*a*a*b\naaaaaaaaaaaaaaaaaaaa',
      '/only/this/\nonly/this',
    ].map(bytesOf),
  run(input) {
    const [pattern, path] = parted(input);
    const filter = pathFilter({ include: pattern, exclude: '*.tmp' });
    return `${filter.file(path)} ${filter.folder(path)}`;
  },
};

const CONFIGS = [
  'Host *.example !bad.example\n  HostName %h.net\n  Port 2222\n  User "a b"\nHost *\n  IdentityFile ~/.ssh/id\n',
  'Match host h.example user me exec "true %h"\n  ProxyCommand nc -X 5 %h %p # x\nInclude more*\n',
  'Port=22\nMatch !originalhost x,y all\n\tProxyJump a@b:2,c\nMatch final\nUser x\n',
  'Include ~/again\nHost h.example\nHostName=\n',
];

const KEYWORDS = /^(?:hostname|port|user|identityfile|proxycommand|proxyjump)$/;

export const sshConfig: FuzzTarget = {
  doc: 'ssh_config: sections, Match, Include, for one host',
  seeds: () => CONFIGS.map(bytesOf),
  async run(input) {
    const text = input.toString();
    const world = {
      // A file that includes itself, which ends at the depth OpenSSH has.
      included: (pattern: string) =>
        Promise.resolve(pattern.endsWith('again') ? ([[pattern, text.slice(0, 256)]] as const) : []),
      holds: (command: string) => command.length % 2 === 0,
    };
    try {
      const values = await readSshConfigText(text, 'config', { host: 'h.example', user: 'me' }, world);
      // Any word may be a keyword: those that mean something here are ways, the others one way.
      return [...new Set([...values.keys()].map((name) => KEYWORDS.exec(name)?.[0] ?? '?'))].sort().join(' ');
    } catch (error) {
      if (error instanceof UsageError)
        return / too many | cannot read /.exec(` ${error.message}`)?.[0] ?? 'refused';
      throw error;
    }
  },
};

export const sanitizeTarget: FuzzTarget = {
  doc: 'the words of a peer before they are shown: no control character is left',
  seeds: () => ['plain', '\x1b[2Jred', '\u202eright to left', '\ud800'].map(bytesOf),
  run(input) {
    const shown = sanitize(input.toString(), 300);
    if (/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/.test(shown))
      throw new Error('a control character is left');
    return String(shown.length > 0);
  },
};

const CONNECTIONS = [
  { connector_type: 'SCP', hostname: 'h', username: 'u', password: 'p', src: 'cloudomation:a', dst: 'b' },
  {
    connector_type: 'SFTP',
    host: 'h',
    port: { port_name: 'port_number', value: 22 },
    mode: { mode_name: 'list', path: '/' },
  },
  { connector_type: 'SFTP', host: 'h', hostkey: 'ssh-ed25519 AAAA', key: '-----BEGIN', mode: null },
];

export const connectorInputs: FuzzTarget = {
  doc: 'the inputs of connectors, as JSON: checked, masked, explained',
  seeds: () => CONNECTIONS.map((inputs) => bytesOf(JSON.stringify(inputs))),
  run(input) {
    const text = input.toString();
    let value: unknown = text;
    // Most changes make no JSON, and a text is refused at once: they are worth no more than one try in 16.
    try {
      value = JSON.parse(text);
    } catch {
      if ((input.length & 15) !== 0) return 'no JSON';
    }
    const { problems, masked } = checkInputs(value);
    JSON.stringify(masked);
    return problems
      .map(({ path }) => String(path))
      .join(' ')
      .slice(0, 60);
  },
};
