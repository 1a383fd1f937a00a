/** Which version a session comes to speak, and what the announcements tell it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Sftp } from '../../src/api/sftp.ts';
import { LIMITS } from '../../src/base/limits.ts';
import { quirksOf, SFTP_QUIRKS } from '../../src/sftp/quirks.ts';
import { SftpSession } from '../../src/sftp/session.ts';
import { ALL_VERSIONS, checkVersion, type SftpVersion, versionToSelect } from '../../src/sftp/versions.ts';
import { channelPair } from '../support/sftp/channel-pair.ts';
import { failure, settleTurns } from '../support/sftp/memory-session.ts';
import { packet, str, u32, u64 } from '../support/sftp/wire.ts';

type Announced = readonly (readonly [name: string, data: string | Uint8Array])[];

/** A server that answers INIT with that version, and EXTENDED with that status. */
async function meet(
  offered: SftpVersion,
  answered: number,
  announced: Announced,
  options: { status?: number; software?: string } = {},
): Promise<{ session: SftpSession; sent: string[]; started: Promise<void> }> {
  const pair = channelPair();
  const sent: string[] = [];
  pair.server.onData = (bytes) => {
    const frame = Buffer.from(bytes);
    sent.push(frame.toString('hex'));
    if (frame[4] === 1)
      pair.server.send(
        packet(2, u32(answered), ...announced.flatMap(([name, data]) => [str(name), str(data)])),
      );
    else if (frame[4] === 200 && options.status !== undefined)
      pair.server.send(packet(101, frame.subarray(5, 9), u32(options.status), str('no'), str('')));
  };
  const session = new SftpSession(pair.client, 1000, { version: offered, software: options.software });
  const started = session.start();
  started.catch(() => {});
  await settleTurns(20);
  return { session, sent, started };
}

for (const offered of ALL_VERSIONS) {
  for (const answered of [0, 2, 3, 4, 5, 6, 7]) {
    test(`offered ${offered}, answered ${answered}`, async () => {
      const { session, started } = await meet(offered, answered, []);
      if (answered >= 3 && answered <= offered) {
        await started;
        assert.equal(session.version, answered);
      } else {
        const error = await failure(started, 'SFTP_PROTOCOL');
        assert.deepEqual(error.details.theirs, [String(answered)]);
        assert.ok(session.error !== undefined);
      }
      await session.close();
    });
  }
}

const SELECT = (version: string): string =>
  packet(200, u32(0), str('version-select'), str(version)).toString('hex');

test('version-select is the first request where the server lists a better version than it answers', async () => {
  const { session, sent, started } = await meet(6, 3, [['versions', '2,3,4,5,6,vendor@example.com']], {
    status: 0,
  });
  await started;
  assert.equal(session.version, 6);
  assert.deepEqual(sent.slice(1), [SELECT('6')]);
  await session.close();
});

test('version-select brings a server that answers too much back to what was offered', async () => {
  const { session, sent, started } = await meet(4, 6, [['versions', '3,4,5,6']], { status: 0 });
  await started;
  assert.equal(session.version, 4);
  assert.deepEqual(sent.slice(1), [SELECT('4')]);
  await session.close();
});

test('a refused version-select ends the session', async () => {
  const { session, started } = await meet(6, 3, [['versions', '3,6']], { status: 8 });
  const error = await failure(started, 'SFTP_OP_UNSUPPORTED');
  assert.equal(error.details.operation, 'version-select');
  await session.close();
});

test('no version is selected where the answer is the best one listed', () => {
  assert.equal(versionToSelect(6, 6, [3, 4, 5, 6]), undefined);
  assert.equal(versionToSelect(3, 3, [3, 4, 5, 6]), undefined);
  assert.equal(versionToSelect(5, 3, []), undefined);
  assert.equal(versionToSelect(5, 3, [3, 4]), 4);
  assert.equal(versionToSelect(3, 6, [4, 5]), undefined);
});

test('a version that is not spoken here is refused', async () => {
  for (const version of [0, 2, 7, 3.5, Number.NaN])
    assert.throws(() => checkVersion(version), { code: 'INVALID_ARGUMENT' });
});

const NAMES = Buffer.concat([str('a@x'), str('copy-file')]);
const MASKS = Buffer.concat([1, 2, 3, 4, 65_536].map((number) => u32(number)));

test('what the announcements say', async () => {
  const supported2 = Buffer.concat([MASKS, Buffer.from([0, 1, 12, 1]), u32(1), str('attr@x'), u32(2), NAMES]);
  const announced: Announced = [
    ['newline', '\r\n'],
    ['vendor-id', Buffer.concat([str('V'), str('P\u001b'), str('1.0'), u64(7)])],
    ['acl-supported', u32(15)],
    ['filename-charset', 'windows-1251'],
    ['supported', Buffer.concat([MASKS, NAMES])],
    ['supported2', supported2],
  ];
  const six = await meet(6, 6, announced);
  await six.started;
  assert.deepEqual(six.session.features, {
    versions: [],
    newline: '\r\n',
    vendor: { vendor: 'V', product: 'P?', version: '1.0', build: 7n },
    aclSupport: 15,
    nameCharset: 'windows-1251',
    supported: {
      attributeMask: 1,
      attributeBits: 2,
      openFlags: 3,
      accessMask: 4,
      maxReadSize: 65_536,
      openBlockVector: 1,
      blockVector: 0xc01,
      attributeExtensions: ['attr@x'],
      extensions: ['a@x', 'copy-file'],
    },
  });
  const sftp = new Sftp(six.session);
  assert.equal((await sftp.limits())?.maxReadLength, 65_536);
  assert.ok(sftp.offers('copy-file'), 'a name in the list is announced');
  assert.ok(!sftp.offers('copy-data'));
  const five = await meet(5, 5, announced);
  await five.started;
  assert.equal(five.session.features.supported?.openBlockVector, undefined);
  await Promise.all([six.session.close(), five.session.close()]);
});

test('announcements that cannot be read say nothing, and the session goes on', async () => {
  const names = ['vendor-id', 'acl-supported', 'supported', 'supported2', 'newline', 'versions'];
  for (const data of ['', 'x', '\u0000\u0000', '\u0000\u0000\u0005']) {
    const { session, started } = await meet(
      6,
      6,
      names.map((name) => [name, data] as const),
    );
    await started;
    const { versions, ...rest } = session.features;
    assert.deepEqual([versions.filter((version) => version > 2), rest], [[], {}], JSON.stringify(data));
    await session.close();
  }
});

test('more extensions than the limit end the session', async () => {
  const { value } = LIMITS.sftpExtensions;
  for (const count of [value, value + 1]) {
    const announced = Array.from({ length: count }, (_, i) => [`e${i}`, ''] as const);
    const { session, started } = await meet(3, 3, announced);
    if (count > value) await failure(started, 'LIMIT_EXCEEDED');
    else await started;
    await session.close();
  }
});

test('quirks: every row has a reason and something to match; the last one that matches wins', () => {
  for (const { software, announced, why } of SFTP_QUIRKS) {
    assert.ok(software !== undefined || announced !== undefined);
    assert.ok(why.length > 20);
  }
  const green = new Map([['symlink-order@rjk.greenend.org.uk', 'linkpath-targetpath']]);
  assert.equal(quirksOf('OpenSSH_9.2p1', green).symlinkOrder, 'link first');
  assert.equal(quirksOf('OpenSSH_9.2p1', new Map()).symlinkOrder, 'target first');
  assert.equal(quirksOf('AsyncSSH_2.10.1', new Map()).symlinkOrder, 'link first');
  assert.equal(quirksOf('APACHE-SSHD-2.13.2', new Map()).linkOrder, 'target first');
  assert.deepEqual(quirksOf('anything', new Map()), {
    symlinkOrder: 'target first',
    linkOrder: 'link first',
    broken: [],
    hashes: undefined,
  });
});

test('an extension that is known to be broken counts as not announced', async () => {
  const { session, started } = await meet(3, 3, [['home-directory', '1']], { software: 'mod_sftp' });
  await started;
  await failure(new Sftp(session).homeDirectory('me'), 'SFTP_OP_UNSUPPORTED');
  await session.close();
});

test('a request that is never answered times out alone', async () => {
  const { session, started } = await meet(3, 3, [['home-directory', '1']]);
  await started;
  const sftp = new Sftp(session);
  const error = await failure(sftp.homeDirectory('me', { timeout: 50 }), 'TIMEOUT');
  assert.equal(error.details.operation, 'home-directory');
  assert.equal(session.error, undefined);
  await session.close();
});
