/**
 * The errors of Chainrule. Every message has three parts: what was expected, what came, and what to try.
 */
import { StackMark } from './user-line.js'

/** Base of every error that Chainrule throws on purpose. */
export class ChainruleError extends Error {
  override name = 'ChainruleError'
}

/** An error in how the user called an operation: the message ends with the user's own line. */
class CallError extends ChainruleError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    const line = new StackMark().line
    if (line !== null && !message.includes('\n  at ')) this.message = `${message}\n  at ${line}`
  }
}

/** Shapes that do not fit an operation. */
export class ShapeError extends CallError {
  override name = 'ShapeError'
}

/** A dtype that an operation does not take. */
export class DTypeError extends CallError {
  override name = 'DTypeError'
}

/** A value outside what an operation takes: an axis, an index, an option. */
export class ValueError extends CallError {
  override name = 'ValueError'
}

/** A rule of `compile` broken: a baked number that changed, `item()` while tracing, an async step. */
export class TraceError extends ChainruleError {
  override name = 'TraceError'
}

/** A file or data set that is missing, truncated or corrupt. */
export class DataError extends ChainruleError {
  override name = 'DataError'
}

/** A device that is not there or cannot run what was asked. */
export class DeviceError extends ChainruleError {
  override name = 'DeviceError'
}

/** A bug of Chainrule itself: an invariant that did not hold. */
export class InternalError extends ChainruleError {
  override name = 'InternalError'
}
