/** How many threads a process may use, in Node and in browsers. */
import { builtin } from './builtin.js'

/** Processors that the process's control group grants, or infinity. */
function cgroupLimit(): number {
  const fs = builtin<{ readFileSync(path: string, encoding: string): string }>('node:fs')
  if (fs === null) return Number.POSITIVE_INFINITY
  const read = (path: string): string => {
    try {
      return fs.readFileSync(path, 'utf8').trim()
    } catch {
      return ''
    }
  }
  const [quota, period] = read('/sys/fs/cgroup/cpu.max').split(' ')
  if (Number(quota) > 0 && Number(period) > 0) return Math.max(1, Math.ceil(Number(quota) / Number(period)))
  const oldQuota = Number(read('/sys/fs/cgroup/cpu/cpu.cfs_quota_us'))
  const oldPeriod = Number(read('/sys/fs/cgroup/cpu/cpu.cfs_period_us'))
  if (oldQuota > 0 && oldPeriod > 0) return Math.max(1, Math.ceil(oldQuota / oldPeriod))
  return Number.POSITIVE_INFINITY
}

/** Threads to use unless told otherwise: what the process may use, 4 at most. */
export function defaultThreads(): number {
  const os = builtin<{ availableParallelism(): number }>('node:os')
  const processors = os?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1
  return Math.max(1, Math.min(4, processors, cgroupLimit()))
}
