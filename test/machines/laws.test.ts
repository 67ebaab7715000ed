import { expect } from 'chai';
import { ownershipFault, publisherFault } from '../../machines/laws.ts';

describe('the law of one owner', () => {
  it('holds while owners follow one another, each writing in its own order', () => {
    expect(ownershipFault(['a-r1', 'a-r2', 'b-r0', 'b-r1', 'b-r1-left', 'c-r0'])).to.equal(undefined);
  });

  it('is broken by whoever writes after another has taken the cell up', () => {
    expect(ownershipFault(['a-r1', 'b-r0', 'a-r2'])).to.equal('a-r2 was written after b had taken the cell up');
  });

  it('is broken by a record that stands there twice, or too late', () => {
    expect(ownershipFault(['a-r1', 'a-r1'])).to.equal("a-r1 was written after its owner's record 1");
    expect(ownershipFault(['a-r1', 'a-r1-left', 'a-r1-left'])).to.match(/^a-r1-left was written after/);
    expect(ownershipFault(['a-r10', 'a-r9'])).to.equal("a-r9 was written after its owner's record 10");
  });
});

describe('the law of one publisher', () => {
  it('holds while each program is held once', () => {
    expect(publisherFault(['cam_001', 'cam_002'])).to.equal(undefined);
  });

  it('is broken by a program that is held twice', () => {
    expect(publisherFault(['cam_001', 'cam_002', 'cam_001'])).to.equal('the program of cam_001 is published twice');
  });
});
