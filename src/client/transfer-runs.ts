import { toClientError } from './client-error.ts';
import type { Session } from './session.ts';
import type { ClientState, QueuedFile } from './state.ts';
import { downloadFile, type Job, uploadFile } from './transfers.ts';

type Mover = (state: ClientState, session: Session, job: Job, signal: AbortSignal) => Promise<void>;

/** What `download()` does: the queue, or the file that the properties name. */
export function runDownload(state: ClientState, session: Session, signal: AbortSignal): Promise<void> {
  return state.queue.length > 0
    ? runQueue(downloadFile, state, session, signal)
    : runOne(downloadFile, state, session, signal, false);
}

/** What `upload()` does. */
export function runUpload(state: ClientState, session: Session, signal: AbortSignal): Promise<void> {
  return state.queue.length > 0
    ? runQueue(uploadFile, state, session, signal)
    : runOne(uploadFile, state, session, signal, false);
}

/** What `append()` does; the queue is not for it. */
export function runAppend(state: ClientState, session: Session, signal: AbortSignal): Promise<void> {
  return runOne(uploadFile, state, session, signal, true);
}

async function runOne(
  move: Mover,
  state: ClientState,
  session: Session,
  signal: AbortSignal,
  append: boolean,
): Promise<void> {
  const { localFile, remoteFile, startByte } = state.main.view;
  const { downloadStream, uploadStream } = state;
  state.downloadStream = undefined;
  state.uploadStream = undefined;
  await move(
    state,
    session,
    { localFile, remoteFile, startByte, append, downloadStream, uploadStream },
    signal,
  );
  state.main.view.startByte = 0;
}

/** Moves what is queued, several files at a time, until nothing is left; handlers may add more. */
async function runQueue(
  move: Mover,
  state: ClientState,
  session: Session,
  signal: AbortSignal,
): Promise<void> {
  await session.ready(signal);
  const running = new Set<Promise<void>>();
  let failure: unknown;
  const one = async (file: QueuedFile): Promise<void> => {
    try {
      await move(state, session, { ...file, startByte: 0, append: false }, signal);
    } catch (error) {
      if (signal.aborted || session.sftp === undefined) failure ??= error;
      else await tell(state, file, error);
    }
  };
  for (;;) {
    const limit = state.settings.get('SimultaneousTransferLimit');
    while (failure === undefined && running.size < limit && state.queue.length > 0) {
      const work = one(state.queue.shift()!).catch((error: unknown) => {
        failure ??= error;
      });
      const ended = work.finally(() => running.delete(ended));
      running.add(ended);
    }
    if (running.size === 0) break;
    await Promise.race(running);
  }
  if (failure !== undefined) throw failure;
}

async function tell(
  state: ClientState,
  { localFile, remoteFile }: QueuedFile,
  error: unknown,
): Promise<void> {
  const { code, message } = toClientError(error);
  await state.emitter.emit('error', { errorCode: code, description: message, localFile, remoteFile });
}
