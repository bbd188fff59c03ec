/**
 * A command line that asks for something that does not exist: exit code 2.
 */
import { ChainruleError } from '../core/errors.js'

export class UsageError extends ChainruleError {
  override name = 'UsageError'
}
