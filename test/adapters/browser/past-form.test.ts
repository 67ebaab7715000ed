import { expect } from 'chai';
import { formText } from '../../../adapters/browser/player/past-form.ts';

describe('what is recorded of a moment', () => {
  it('is said with its size and codec, also where they change within a day, and not where nobody tells', () => {
    const day = [
      { from: 0, to: 10, width: 640, height: 360, codec: 'avc1.42c01e' },
      { from: 10, to: 20, width: 1920, height: 1080, codec: 'hvc1' },
      { from: 30, to: 40, width: 320, height: 180 },
      { from: 40, to: 50 },
    ];
    expect([0, 9, 10, 25, 35, 45].map((at) => formText(day, at))).to.deep.equal([
      'Recorded as 640×360, H.264.',
      'Recorded as 640×360, H.264.',
      'Recorded as 1920×1080, H.265.',
      '',
      'Recorded as 320×180.',
      '',
    ]);
  });
});
