import { matchGlob } from '../../src/base/glob.ts';
import { sanitize } from '../../src/base/text.ts';
import { checkInputs } from '../../src/connectors/validate.ts';
import { parseControlLine } from '../../src/scp/control-line.ts';
import { FrameParser } from '../../src/sftp/frame-parser.ts';
import { u32 } from '../../test/support/sftp/wire.ts';
import { bytesOf, type FuzzTarget, textOf } from '../target.ts';

export const sftpFrames: FuzzTarget = {
  doc: 'SFTP packets cut out of channel data, in pieces as the first byte says',
  seeds: () => [
    Buffer.concat([Buffer.from([200]), u32(9), Buffer.from([101]), u32(1), u32(0)]),
    Buffer.concat([Buffer.from([2]), u32(13), Buffer.from([103]), u32(1), u32(4), Buffer.from('data')]),
  ],
  run(input) {
    let [frames, data, held] = [0, 0, 0];
    const parser = new FrameParser({
      frame: () => {
        frames++;
      },
      dataStarts: (id, length) => {
        held = length;
        return (id & 1) === 1;
      },
      data: (bytes) => {
        data += bytes.length;
      },
      dataEnds: () => {},
    });
    const step = (input[0] ?? 0) + 1;
    for (let at = 1; at < input.length; at += step) parser.push(input.subarray(at, at + step));
    if (data > input.length) throw new Error('more data than came');
    return `${Math.min(frames, 4)} ${data > 0} ${held > 0}`;
  },
};

export const scpLine: FuzzTarget = {
  doc: 'control lines of the scp protocol',
  seeds: () =>
    ['C0644 12 name', 'D0755 0 folder', 'E', 'T1700000000 0 1700000000 0', '\x01warning'].map(bytesOf),
  run: (input) => parseControlLine(textOf(input)).kind,
};

export const mask: FuzzTarget = {
  doc: 'a file mask and a name, parted by the first line end; time stays bounded',
  seeds: () => ['*.txt\na.txt', 'a?c*\nabcd', '********x\naaaaaaaaaaaaaaaaaaaaaaaa'].map(bytesOf),
  run(input) {
    const [pattern, name] = textOf(input).split('\n', 2);
    return String(matchGlob(pattern ?? '', name ?? ''));
  },
};

export const sanitizeTarget: FuzzTarget = {
  doc: 'the words of a peer before they are shown: no control character is left',
  seeds: () => ['plain', '\x1b[2Jred', '\u202eright to left', '\ud800'].map(bytesOf),
  run(input) {
    const shown = sanitize(textOf(input), 300);
    if (/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/.test(shown))
      throw new Error('a control character is left');
    return String(shown.length > 0);
  },
};

export const connectorInputs: FuzzTarget = {
  doc: 'the inputs of connectors, as JSON',
  seeds: () =>
    [
      { connector_type: 'SCP', hostname: 'h', username: 'u', password: 'p', src: 'cloudomation:a', dst: 'b' },
      {
        connector_type: 'SFTP',
        host: 'h',
        port: { port_name: 'port_number', value: 22 },
        mode: { mode_name: 'list', path: '/' },
      },
    ].map((inputs) => bytesOf(JSON.stringify(inputs))),
  run(input) {
    let value: unknown;
    try {
      value = JSON.parse(textOf(input));
    } catch {
      value = textOf(input);
    }
    const { problems, masked } = checkInputs(value);
    JSON.stringify(masked);
    return problems
      .map(({ path }) => String(path))
      .join(' ')
      .slice(0, 60);
  },
};
