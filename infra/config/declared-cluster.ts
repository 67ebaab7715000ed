import Type from 'typebox';
import { text } from './grammar.ts';

/** A name of a host: the names of its gateways begin with it, then an underscore and a number. */
export const HOST_PATTERN = '^[a-z0-9][a-z0-9-]{0,31}$';

const Address = text('an IP address, and a port where it is not 9989: 10.0.0.1 or 10.0.0.1:9989', {
  pattern: '^(\\[[0-9A-Fa-f:.]+\\]|[0-9.]+)(:[0-9]{1,5})?$',
});

/** One of the machines of an installation. */
const HostSchema = Type.Object(
  {
    address: Address,
    public_host: Type.Optional(text('the name or IP address of that machine as viewers reach its media')),
  },
  { additionalProperties: false },
);

/** Several machines that are one installation. */
export const ClusterSchema = Type.Object(
  {
    key_file: text('a file that holds the key which all hosts have; `openssl rand -base64 32` makes one'),
    hosts: Type.Record(
      Type.String({ pattern: HOST_PATTERN }),
      Type.Union([Address, HostSchema], { expects: 'an IP address, or { address, public_host }' }),
      { keys: 'a name of a host: 1 to 32 of a-z, 0-9 and -' },
    ),
  },
  { additionalProperties: false },
);
