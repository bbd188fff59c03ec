/** Lets other tasks run: awaits on values give up the thread when it was held for 10 ms or more. */

const interval = 10
let last = 0

const now = (): number => performance.now()

/** Resolves in a later macrotask. */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') {
      setImmediate(resolve)
    } else if (typeof MessageChannel === 'function') {
      const { port1, port2 } = new MessageChannel()
      port1.onmessage = () => {
        port1.close()
        resolve()
      }
      port2.postMessage(null)
    } else {
      setTimeout(resolve, 0)
    }
  })
}

/** Waits for a macrotask if the last one was 10 ms ago or more. */
export async function yieldIfDue(): Promise<void> {
  const time = now()
  if (time - last < interval) return
  await nextTask()
  last = now()
}

/** What `look` finds now; then other tasks have a turn, where one is due. */
export async function lookThenYield<T>(look: () => T): Promise<T> {
  const value = look()
  await yieldIfDue()
  return value
}
