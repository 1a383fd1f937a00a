/** Listings without end, and entries as large as packets are: what the process holds stays small against what was sent. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { LIMITS } from '../../src/base/limits.ts';
import { MemoryFiles } from '../../src/server/files/memory-files.ts';
import { startServer } from '../../src/server/index.ts';
import { ATTRIBUTE_FIELDS } from '../../src/sftp/attribute-fields.ts';
import type { FileAttributes } from '../../src/sftp/attributes.ts';
import type { SftpVersion } from '../../src/sftp/versions.ts';
import { makeDesk } from '../cli/wherry.ts';
import { listingFrom, pageOf } from '../support/sftp/listing.ts';
import { failure } from '../support/sftp/memory-session.ts';
import { str, u32 } from '../support/sftp/wire.ts';

const MIB = 1_048_576;
/** Of each listing. */
const SENT = 96 * MIB;
/** Short entries take longer than they are long. */
const ENTRIES = 150_000;
/** What the process may hold more at any time than before. */
const MOST = 64 * MIB;
/** Of the names of one packet, its other fields aside. */
const PACKET = LIMITS.sftpFrameBytes.value - 64;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function held(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** What is held more than before, without garbage where that would be too much. */
function more(before: number, most: number): number {
  if (held() - before >= most) collect();
  return held() - before;
}

interface Listing {
  readonly version: SftpVersion;
  /** Of one entry, from its name on. */
  readonly entry: readonly Uint8Array[];
  readonly limit?: string;
  /** What one entry costs to read, in entries that are short. */
  readonly cost?: number;
}

const flagOf = (field: keyof FileAttributes): Buffer =>
  u32(ATTRIBUTE_FIELDS.find(({ fields }) => fields.includes(field))!.flag);
const FILE = Buffer.of(1);
const name = str('name');
const huge = Buffer.alloc(PACKET - 64, 'x');
const longest = Buffer.alloc(LIMITS.attributeBytes.value - 64, 'x');
const pairs = [
  u32(LIMITS.attributeExtensions.value),
  ...Array.from({ length: LIMITS.attributeExtensions.value }, () => [str('p'), str('')]).flat(),
];
const acl = Buffer.concat([
  u32(1024),
  ...Array.from({ length: 1024 }, () =>
    Buffer.concat([u32(0), u32(0x80), u32(0xffff_ffff), str('\u0001'.repeat(40))]),
  ),
]);

const LISTINGS: Readonly<Record<string, Listing>> = {
  'short names': { version: 3, entry: [str('f'), str(''), u32(0)] },
  'names as long as one may be': {
    version: 3,
    entry: [str(Buffer.alloc(LIMITS.nameBytes.value, 'n')), str(''), u32(0)],
  },
  'names of bytes that are no text': {
    version: 3,
    entry: [str(Buffer.alloc(LIMITS.nameBytes.value, 0xff)), str(''), u32(0)],
  },
  'names of a whole packet': { version: 3, entry: [str(huge), str(''), u32(0)], limit: 'nameBytes' },
  'longnames of a whole packet': { version: 3, entry: [name, str(huge), u32(0)] },
  'longnames of bytes that are no text': {
    version: 3,
    entry: [name, str(Buffer.alloc(huge.length, 0xff)), u32(0)],
  },
  'as many extended pairs as there may be': {
    version: 3,
    entry: [name, str(''), flagOf('extended'), ...pairs],
    cost: 32,
  },
  'an extended pair of a whole packet': {
    version: 3,
    entry: [name, str(''), flagOf('extended'), u32(1), str('p'), str(huge)],
    limit: 'attributeBytes',
  },
  'owners of a whole packet': {
    version: 4,
    entry: [name, flagOf('owner'), FILE, str(huge), str('')],
    limit: 'attributeBytes',
  },
  'owners as long as attributes may be': {
    version: 4,
    entry: [name, flagOf('owner'), FILE, str(longest), str('')],
  },
  'access control lists of a whole packet': {
    version: 4,
    entry: [name, flagOf('acl'), FILE, str(huge)],
    limit: 'attributeBytes',
  },
  'access control lists that are none, as long as attributes may be': {
    version: 5,
    entry: [name, flagOf('acl'), FILE, str(longest)],
  },
  'access control lists as long as they may be': {
    version: 5,
    entry: [name, flagOf('acl'), FILE, str(acl)],
    cost: 1500,
  },
  'types of contents as long as attributes may be': {
    version: 6,
    entry: [name, flagOf('mimeType'), FILE, str(longest)],
  },
  'names in another form, of a whole packet': {
    version: 6,
    entry: [name, flagOf('untranslatedName'), FILE, str(huge)],
    limit: 'attributeBytes',
  },
};

for (const [what, { version, entry, limit, cost = 1 }] of Object.entries(LISTINGS)) {
  test(`version ${version}, ${what}: a long listing of them costs less than ${MOST / MIB} MiB`, async () => {
    const bytes = entry.reduce((sum, part) => sum + part.length, 0);
    const page = pageOf(Math.min(LIMITS.namesPerReply.value, Math.floor(PACKET / bytes)), entry);
    const enough = Math.min(SENT, (ENTRIES / cost) * bytes);
    let sent = 0;
    let peak = 0;
    const before = held();
    const next = (): Uint8Array | undefined => {
      peak = Math.max(peak, more(before, MOST));
      if (sent >= enough) return undefined;
      sent += page.length;
      return page;
    };
    const { sftp, session } = await listingFrom(next, version);
    const listing = (async () => {
      let seen = 0;
      for await (const _ of sftp.list('/', { maxEntries: Number.POSITIVE_INFINITY }))
        if (seen++ % 1000 === 0) peak = Math.max(peak, more(before, MOST));
    })();
    if (limit === undefined) await listing;
    else assert.equal((await failure(listing, 'LIMIT_EXCEEDED')).details.limit, limit);
    await session.close();
    assert.ok(sent > 0 && (limit !== undefined || sent >= enough), 'nothing was sent');
    assert.ok(peak < MOST, `${Math.round(peak / MIB)} MiB`);
  });
}

test('paths of a whole packet, again and again: none of them is kept', async () => {
  for (const text of ['x', '\u00ff']) {
    const page = pageOf(1, [str(Buffer.alloc(huge.length, text, 'latin1')), str(''), u32(0)]);
    const { sftp, session } = await listingFrom(() => page);
    const before = held();
    let peak = 0;
    for (let sent = 0; sent < SENT; sent += 2 * page.length) {
      assert.equal((await sftp.realpath('.')).length, huge.length);
      assert.equal((await sftp.readlink('link')).length, huge.length);
      peak = Math.max(peak, more(before, MOST));
    }
    await session.close();
    assert.ok(peak < MOST, `${Math.round(peak / MIB)} MiB`);
  }
});

/** A folder has folders in it, and each of them as many, and so on. */
class Endless extends MemoryFiles {
  readonly #count: number;
  readonly #name: string;

  constructor(count: number, name: string) {
    super();
    this.#count = count;
    this.#name = name;
  }

  override names(): string[] {
    return new Array<string>(this.#count).fill(this.#name);
  }

  override attributes(path: string): FileAttributes {
    return {
      ...super.attributes('/', true),
      permissions: path === '/' || path.endsWith('d') ? 0o040755 : 0o100644,
    };
  }

  override realpath(path: string): string {
    return path;
  }
}

interface Command {
  readonly args: readonly string[];
  readonly count: number;
  readonly name: string;
  /** MiB of the process's heap: with more it would be killed. */
  readonly heap: number;
  readonly limit?: string;
}

const longName = `${'n'.repeat(LIMITS.nameBytes.value - 1)}d`;
const COMMANDS: Readonly<Record<string, Command>> = {
  ls: { args: [], count: 10_500, name: longName, heap: 128 },
  tree: { args: [], count: 16_000, name: longName, heap: 512, limit: 'more names than are held' },
  get: { args: ['-r'], count: 4000, name: `${'n'.repeat(253)}d`, heap: 768, limit: 'treeMemoryBytes' },
};

for (const [what, { args, count, name, heap, limit }] of Object.entries(COMMANDS)) {
  test(`wherry ${what}: a server that lists without end does not fill the memory`, async () => {
    const files = new Endless(count, name);
    await using server = await startServer({ users: { me: { password: 'secret' } }, files });
    await using desk = await makeDesk();
    const url = `sftp://me@${server.host}:${server.port}/d`;
    const to = what === 'get' ? ['copy'] : [];
    const ran = await desk.run(
      [
        what.split(' ')[0]!,
        ...args,
        '--password-env',
        'SECRET',
        '--host-key',
        server.fingerprint,
        url,
        ...to,
      ],
      { env: { SECRET: 'secret', NODE_OPTIONS: `--max-old-space-size=${heap}` } },
    );
    assert.equal(ran.code === 0, limit === undefined, `${ran.code} ${ran.stderr.slice(-2000)}`);
    if (limit !== undefined) assert.match(ran.stderr, new RegExp(limit));
    else assert.ok(ran.stdout.length > count * name.length);
  });
}
