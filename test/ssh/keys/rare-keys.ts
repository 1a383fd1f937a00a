/** Public keys of the types today's ssh-keygen makes only with extra devices, or no longer. */
import type { KeyTypeName } from '../../../src/ssh/keys/key-types.ts';

interface RareKey {
  /** The program that made it, and what its `-l` prints. */
  readonly by: string;
  readonly bits: number;
  readonly fingerprint: string;
  readonly base64: string;
}

export const RARE_KEYS: Partial<Record<KeyTypeName, RareKey>> = {
  'ssh-dss': {
    by: 'ssh-keygen 9.2',
    bits: 1024,
    fingerprint: 'SHA256:1EfzYGhNYjobRm5SMS0hDBBJJ1NerA5azR49EljhTQI',
    base64:
      'AAAAB3NzaC1kc3MAAACBAMTo0oZ4F7O008bKSZdqaGjRutynL5Hofa+lqPibH1byVic7UIOvIUr/fFLXUf42hiY2NDeh1e1OUIAcYO9tD/9hnVHdJBeaHOIhfqasXlxRAqXk8nNzPveESZm0veXNvFrXKQc4fcAMkg7MCnIclvMWNz2RLe7Nn7bN5JMwzi59AAAAFQDWsDKQu18hZlrciI1b8ZtUNX4oXQAAAIAy2UqCh3Vt/AJNKAZiLV5nt1SdaYoiPClwYLTVL9z63KheEmjRq/Qh35J+WJR5VKXYKuPZhHeMr49zUAebqkyzu1Xwa2h6s5CzQ0Cs3oosOBPc8lUp84NXsl2zzrlE7r/w/EP/VPnj9deFG7+3t8pAbOto3uZm+n5slNAGavhU/QAAAIAWMEaEtk7jIY+Ago4XGPUUYqaOM5hnRQyY9769QBA0CPGlK71hz0HgaHd+33l39GyoKQ8zASFiGkqeDe1jRFWb8mF7Cwb/hf8fgbHyKCpG4C88oxRa2wH4Zd96R30b5Wx/077Z7XsSdld3VWy+9OichjOhCI0yVFmoYFy4xP4iuA==',
  },
  'ssh-ed448': {
    by: 'puttygen 0.78',
    bits: 448,
    fingerprint: 'SHA256:1zuVMzjkKh15ZnfXSYiXbQYGhE594D9nY0SQ/eIoEss',
    base64:
      'AAAACXNzaC1lZDQ0OAAAADlxUFJbh9o1VmA9PhWQ7pmJlw1rmSHKYyEsG9U5rfYZcENdx61NnYtck/a633/L9uUBELLKh94TXIA=',
  },
  'sk-ssh-ed25519@openssh.com': {
    by: 'ssh-keygen 9.2 with sk-dummy.so',
    bits: 256,
    fingerprint: 'SHA256:24n3jGAd6YVRaUlOaUwH7jOYIt2dSyt8UZzmGaUfWMY',
    base64:
      'AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIJ9zqq/v0qzIiG9bMZNl5I3g0AY/3hMJ+6tCisiCz5tGAAAABHNzaDo=',
  },
  'sk-ecdsa-sha2-nistp256@openssh.com': {
    by: 'ssh-keygen 9.2 with sk-dummy.so',
    bits: 256,
    fingerprint: 'SHA256:J+wtvzmDNQZuXJIHM6Tp+8IN6q8rhU8cYm8fiLlfXjs',
    base64:
      'AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNzaC5jb20AAAAIbmlzdHAyNTYAAABBBG+HZCmWJTN0bs2XooYVs4XFl8i7ZLaCTUs/jqi65p+abEuum/8v4JL7Rmp4ApeKDKhz98cY8hO4u4Bt+iMZ9x0AAAAEc3NoOg==',
  },
};
