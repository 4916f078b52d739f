/**
 * A cluster's news in the JSON format of CloudEvents 1.0, as it is published on the bus.
 *
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
 */
export interface CloudEvent<Data = Readonly<Record<string, unknown>>> {
  /** Version of the CloudEvents format. */
  readonly specversion: '1.0';
  /** With `source`, the same only if it is the same news once more. */
  readonly id: string;
  /** `/gantry/<cluster>`. */
  readonly source: string;
  /** `io.gantry.<kind>.<reason>`: `io.gantry.task.running`, `io.gantry.service.RollbackStarted`. */
  readonly type: string;
  /** What it is about: namespace and name. */
  readonly subject: string;
  /** RFC 3339. */
  readonly time: string;
  /** Media type of `data`. */
  readonly datacontenttype: 'application/json';
  /** What happened, as data. */
  readonly data: Data;
}
