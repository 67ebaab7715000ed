import { expect } from 'chai';
import { regionOf } from '../../../infra/http/region.ts';

const regions = {
  default: 'hcm',
  networks: {
    '1.0.0.0/8': 'hanoi',
    '14.0.0.0/8': 'hcm',
    '27.0.0.0/8': 'danang',
    '27.5.0.0/16': 'hue',
    '2001:db8::/32': 'hanoi',
  },
};

describe('the region of a viewer', () => {
  const cases: [string, string, string][] = [
    ['the network that holds its address', '1.2.3.4', 'hanoi'],
    ['the narrowest of several', '27.5.1.1', 'hue'],
    ['the wider one outside the narrow one', '27.6.1.1', 'danang'],
    ['the network of an IPv4 address that comes as IPv6', '::ffff:1.2.3.4', 'hanoi'],
    ['an IPv6 network', '2001:db8::7', 'hanoi'],
    ['the default for every other network', '127.0.0.1', 'hcm'],
    ['the default for what is no address', 'unknown', 'hcm'],
  ];
  for (const [what, address, region] of cases) {
    it(`is that of ${what}`, () => expect(regionOf(address, regions)).to.equal(region));
  }
});
