import path from 'node:path';
import { expect } from 'chai';
import { openPlaces } from '../../../adapters/places.maxmind.ts';
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
  databases: [],
  places: {},
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

/**
 * The database was made once with PyPI's mmdb_writer 0.2.5, of networks that are set aside for documentation:
 * 192.0.2.0/25 is VN, HN, Hanoi; 192.0.2.128/26 VN, SG, Thủ Đức; 192.0.2.192/26 VN; 198.51.100.0/24 LA;
 * 203.0.113.0/24 and 2001:db8::/32 are AS64500.
 */
describe('the region of a viewer, with a database', () => {
  const findPlace = openPlaces([path.join(import.meta.dirname, 'places.mmdb')]);
  const places = { 'VN-HN': 'hanoi', VN: 'hcm', 'VN/Thủ Đức': 'thu-duc', 'VN-SG': 'saigon', AS64500: 'danang' };
  const known = { default: 'far', networks: { '192.0.2.16/28': 'vip' }, databases: [], places };
  const cases: [string, string, string][] = [
    ['the part of its country', '192.0.2.1', 'hanoi'],
    ['its city, which is narrower', '192.0.2.130', 'thu-duc'],
    ['its country, where no more is known', '192.0.2.200', 'hcm'],
    ['whose network it is', '203.0.113.7', 'danang'],
    ['whose IPv6 network it is', '2001:db8::7', 'danang'],
    ['an IPv4 address that comes as IPv6', '::ffff:192.0.2.1', 'hanoi'],
    ['the networks of the configuration, which win', '192.0.2.17', 'vip'],
    ['the default, for a country that the table lacks', '198.51.100.1', 'far'],
    ['the default, for an address that the database lacks', '9.9.9.9', 'far'],
  ];
  for (const [what, address, region] of cases) {
    it(`is that of ${what}`, () => expect(regionOf(address, known, findPlace)).to.equal(region));
  }

  it('takes from a second database what the first one lacks', () => {
    const file = path.join(import.meta.dirname, 'places.mmdb');
    expect(openPlaces([file, file])('192.0.2.1')).to.deep.include({
      country: 'VN',
      city: 'Hanoi',
      subdivisions: ['HN'],
    });
  });
});
