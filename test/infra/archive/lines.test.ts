import { expect } from 'chai';
import { type Line, textOf } from '../../../infra/archive/lines.ts';
import { someFact, someRecord } from '../../fixtures/records.ts';

describe('a line of an archive', () => {
  const told = (detail: string) =>
    JSON.parse(textOf({ fact: { seq: 1, envelope: { ...someFact('cam_a', 1), data: { detail } } } })).fact.envelope.data
      .detail as string;

  it('brings no secret along that a sentence or an address should hold', () => {
    const secrets: [text: string, secret: string][] = [
      ['rtsp://user:p@ss@10.0.0.7/x', 'p@ss'],
      ['rtsp://user:p@ss@10.0.0.7/x', 'ss@'],
      ['srt://h:8890?streamid=read:cam:user:secretpass', 'secretpass'],
      ['srt://h?mode=caller&passphrase=topsecret', 'topsecret'],
      ['GET /hls/cam_a/ses_1/1900000000/sIgNature/index.m3u8', 'sIgNature'],
      ['Authorization: Basic dXNlcjpwYXNz', 'dXNlcjpwYXNz'],
      ['sent eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln', 'eyJzdWIiOiJ4In0'],
      ['{"password":"hunter2"}', 'hunter2'],
    ];
    for (const [text, secret] of secrets) expect(told(text), text).not.to.contain(secret);
  });

  it('is as it was where there is none', () => {
    const line: Line = { record: { seq: 7, record: someRecord('cam_a', 1) } };
    expect(textOf(line)).to.equal(JSON.stringify(line));
    expect(told('nothing answers at rtsp://10.0.0.7:554/x?channel=2')).to.equal(
      'nothing answers at rtsp://10.0.0.7:554/x?channel=2',
    );
  });
});
