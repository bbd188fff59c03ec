/**
 * Where words go: results and progress to stdout, errors to stderr. With --json stdout carries one JSON object a line
 * and nothing else, and everything for people goes to stderr.
 */
export class Output {
  readonly json: boolean
  /** The stream for people. */
  readonly stream: NodeJS.WriteStream

  constructor(json: boolean) {
    this.json = json
    this.stream = json ? process.stderr : process.stdout
  }

  /** A line for people. */
  say(line = ''): void {
    this.stream.write(`${line}\n`)
  }

  /** A JSON object for programs; nothing without --json. */
  emit(value: object): void {
    if (this.json) process.stdout.write(`${JSON.stringify(value)}\n`)
  }

  /** A result: a line for people, or an object for programs. */
  result(line: string, value: object): void {
    if (this.json) this.emit(value)
    else this.say(line)
  }
}

/** 0.99123 as '99.12 %'. */
export const percent = (share: number): string => `${(100 * share).toFixed(2)} %`
