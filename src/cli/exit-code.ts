/**
 * Exit codes of the command line. A training that a signal ends exits with 128 + the signal's number.
 */
export const exitCode = {
  ok: 0,
  /** The work failed: data, files, a training that diverged. */
  failure: 1,
  /** The command line asks for something that does not exist. */
  usage: 2,
} as const

/** 130 for SIGINT, 143 for SIGTERM, 129 for SIGHUP, 141 for a reader of stdout that went away. */
export const signalExitCode = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129, SIGPIPE: 141 } as const

export type StopSignal = keyof typeof signalExitCode
