/** The ciphers that are measured, and what the project has set itself to reach with them. */
export interface BenchCase {
  readonly cipher: string;
  /** Undefined where the cipher authenticates by itself. */
  readonly mac: string | undefined;
  /** Wherry's throughput over that of OpenSSH's sftp, at least. */
  readonly goal: number;
}

export const CASES = {
  gcm: { cipher: 'aes128-gcm@openssh.com', mac: undefined, goal: 1.1 },
  ctr: { cipher: 'aes256-ctr', mac: 'hmac-sha2-256-etm@openssh.com', goal: 0.9 },
  chacha: { cipher: 'chacha20-poly1305@openssh.com', mac: undefined, goal: 0.9 },
} as const;
CASES satisfies Record<string, BenchCase>;

export type CaseName = keyof typeof CASES;

/** Wherry's get over that of ssh2, at least. */
export const GOAL_SSH2_GET = 4;
/** The scp protocol against OpenSSH's scp -O. */
export const GOAL_SCP = 1;
/** Peak memory of Wherry's process, in MB (10^6 bytes). */
export const GOAL_PEAK_MB = 160;
/** From the start of the command line client to its first packet, in ms more than `node -e 0`. */
export const GOAL_STARTUP_MS = 150;

/** The same for every client, so that set-up costs all of them the same. */
export const KEX = 'curve25519-sha256';

export function caseTitle({ cipher, mac }: BenchCase): string {
  return mac === undefined ? cipher : `${cipher} + ${mac}`;
}

/** Round trips behind the TCP handshake until SFTP is ready, at most. */
export const GOAL_ROUND_TRIPS = 6;

/** Through a proxy or a jump host: Wherry's throughput over that of OpenSSH's sftp on the same road, at least. */
export const GOAL_ROADS = 0.8;

/** The best of these is what a get or put of one large file is to come up to. */
export const FASTEST_PEERS = ['lftp', 'rclone', 'ssh2-fast', 'scp'] as const;
export const GOAL_FASTEST = 1;
/** Processor seconds of the client over those of OpenSSH's sftp, at most, in a get. */
export const GOAL_CPU = 1.5;
