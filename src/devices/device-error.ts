/** A backend that this machine does not have, or cannot get: the message says what to do. */
export class DeviceError extends Error {
  override readonly name = 'DeviceError';
}
