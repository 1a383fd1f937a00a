/** What a client script tells the bench, as one line of JSON. Times are in ms; `performance.now()` starts with the process. */
export async function timed(ready, transfer) {
  await ready();
  const connected = performance.now();
  const idle = await transfer();
  const done = performance.now();
  const peak = process.resourceUsage().maxRSS * 1024;
  console.log(JSON.stringify({ setup: connected, transfer: done - connected, peak, idle }));
}
