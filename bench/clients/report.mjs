/**
 * What a client script tells the bench, as one line of JSON. Times are in ms; `performance.now()` starts with the process.
 * A number that `transfer` gives is the bytes an idle connection keeps.
 */
export async function timed(ready, transfer) {
  await ready();
  const connected = performance.now();
  const given = await transfer();
  const idle = typeof given === 'number' ? given : undefined;
  const done = performance.now();
  const peak = process.resourceUsage().maxRSS * 1024;
  console.log(JSON.stringify({ setup: connected, transfer: done - connected, peak, idle }));
}
