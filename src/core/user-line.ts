/** Finds the user's own line in a stack: the first frame outside the library. */

/** URL of the library's root folder (`src/` or `dist/`). */
const root = new URL('../', import.meta.url).href

/** The same root as a path, which is how stacks of CommonJS-style loaders name it. */
const rootPath = root.startsWith('file://') ? decodeURIComponent(root.slice('file://'.length)) : root

const isLibrary = (frame: string): boolean =>
  frame.includes(root) || frame.includes(rootPath) || frame.includes('(node:') || frame.includes('at node:')

/** `file:line:column` of the first frame of the user, or null where the stack does not show it. */
export function userLine(stack: string | undefined): string | null {
  if (stack === undefined) return null
  for (const frame of stack.split('\n')) {
    if (!/:\d+:\d+\)?$/.test(frame) || isLibrary(frame)) continue
    const match = /\(?((?:[a-z-]+:\/\/)?[^()\s]+:\d+:\d+)\)?$/.exec(frame)
    if (match !== null) return match[1]
  }
  return null
}

/** A stack that is only formatted when somebody asks for the line. */
export class StackMark {
  private readonly error: Error

  constructor() {
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = 40
    this.error = new Error()
    Error.stackTraceLimit = limit
  }

  get line(): string | null {
    return userLine(this.error.stack)
  }
}
