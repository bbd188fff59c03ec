/** Profiled runs in Chrome's trace-event format (a JSON object; the format is Google's, 2010 and later). */
import type { ProgramProfile } from '../backend/profile.js'

/** A complete event (`X`), with times in microseconds, or a name of a process or thread (`M`). */
export interface TraceEvent {
  readonly name: string
  readonly ph: 'X' | 'M'
  readonly pid: number
  readonly tid: number
  readonly ts?: number
  readonly dur?: number
  readonly cat?: string
  readonly args: Readonly<Record<string, string | number>>
}

/** The last run of each program: a process each, with its threads. Loops show their last round. */
export function chromeTraceOf(programs: readonly ProgramProfile[]): {
  traceEvents: TraceEvent[]
  displayTimeUnit: 'ms'
} {
  const events: TraceEvent[] = []
  programs.forEach((program, index) => {
    const pid = index + 1
    const label = programs.length === 1 ? 'step' : `step, signature ${pid}`
    events.push({ name: 'process_name', ph: 'M', pid, tid: 0, args: { name: label } })
    for (let tid = 0; tid < program.threads; tid++)
      events.push({ name: 'thread_name', ph: 'M', pid, tid, args: { name: `thread ${tid}` } })
    for (const { kind, name, last, flops, bytes } of program.commands) {
      last.forEach((span, tid) => {
        if (span === null) return
        const args: TraceEvent['args'] = kind === 'kernel' || kind === 'copy' ? { flops, bytes } : {}
        const begin = span.begin * 1e6
        events.push({
          name: kind === 'run' ? 'program' : name,
          cat: kind,
          ph: 'X',
          pid,
          tid,
          ts: begin,
          dur: span.end * 1e6 - begin,
          args,
        })
      })
    }
  })
  return { traceEvents: events, displayTimeUnit: 'ms' }
}
