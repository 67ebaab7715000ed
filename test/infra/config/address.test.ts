import { expect } from 'chai';
import fc from 'fast-check';
import { BadAddress, parseCameraAddress } from '../../../infra/config/address.ts';

const refused = (text: string): string => {
  try {
    parseCameraAddress(text);
  } catch (error) {
    if (error instanceof BadAddress) return error.message;
    throw error;
  }
  throw new Error(`accepted ${JSON.stringify(text)}`);
};

describe('a camera address', () => {
  it('loses its user name and password before anybody else sees it', () => {
    expect(parseCameraAddress('rtsp://user:pass@10.0.0.7/stream1')).to.deep.equal({
      url: 'rtsp://10.0.0.7/stream1',
      username: 'user',
      password: 'pass',
    });
  });

  it('may have an escaped password, a port, a query, a name or an IPv6 address', () => {
    expect(parseCameraAddress('rtsps://a%40b:p%3A%2F%40@cam.local:322/x?ch=1')).to.deep.equal({
      url: 'rtsps://cam.local:322/x?ch=1',
      username: 'a@b',
      password: 'p:/@',
    });
    expect(parseCameraAddress('RTSP://[2001:db8::7]:554/a').url).to.equal('rtsp://[2001:db8::7]:554/a');
    expect(parseCameraAddress('rtsp://127.0.0.1:8561/picture').url).to.equal('rtsp://127.0.0.1:8561/picture');
    expect(parseCameraAddress('rtsp://[::1]/a').url).to.equal('rtsp://[::1]/a');
    expect(parseCameraAddress('rtsp://Camera_7.local./a').url).to.equal('rtsp://camera_7.local/a');
    expect(parseCameraAddress('rtsp://user@10.0.0.7/a')).to.include({ username: 'user', password: '' });
  });

  it('may say that the camera is sent to us, and whether the newest publisher wins', () => {
    for (const url of ['publish:', 'publish:takeover']) expect(parseCameraAddress(url)).to.deep.equal({ url });
    for (const url of ['publish:x', 'publish://10.0.0.7/a', 'PUBLISH:', 'publish:user:pass@']) {
      expect(refused(url)).to.contain('publish:takeover');
    }
  });

  const corpus: Record<string, string[]> = {
    'another scheme': [
      'file:///etc/passwd',
      'concat:/etc/passwd|/etc/shadow',
      'exec:touch /tmp/x',
      'http://10.0.0.7/',
      'rtmp://10.0.0.7/a',
      'srt://10.0.0.7:9000',
      'data:text/plain,x',
      'pipe:0',
      'subfile,,start,0,end,9,,:/etc/passwd',
      'rtsp+tcp://10.0.0.7/',
      '-i rtsp://10.0.0.7/',
      '-rtsp://10.0.0.7/',
      '',
      'rtsp',
      '//10.0.0.7/a',
    ],
    'no host': ['rtsp://', 'rtsp:///a', 'rtsp:/10.0.0.7/a', 'rtsp:10.0.0.7', 'rtsp://:554/a', 'rtsp://user:pass@/a'],
    'spaces and control characters': [
      'rtsp://10.0.0.7/a b',
      'rtsp://10.0.0.7/a\r\nX: y',
      'rtsp://10.0.0.7/\u0000',
      ' rtsp://10.0.0.7/a',
      'rtsp://10.0.0.7/\u2028',
      'rtsp://10.0.0.7\\@169.254.169.254/',
      'rtsp://u:p%0d%0aX@10.0.0.7/',
    ],
    'a link-local or metadata address': [
      'rtsp://169.254.169.254/latest/meta-data',
      'rtsp://169.254.0.1/a',
      'rtsp://169.254.169.254./a',
      'rtsp://[fe80::1]/a',
      'rtsp://[fe80::1%25eth0]/a',
      'rtsp://[febf::1]/a',
      'rtsp://metadata.google.internal/a',
      'rtsp://METADATA/a',
      'rtsp://[fd00:ec2::254]/a',
      'rtsp://100.100.100.200/a',
      'rtsp://user:pass@169.254.169.254/a',
    ],
    'an IPv4 address in disguise': [
      'rtsp://2852039166/a',
      'rtsp://0xa9fea9fe/a',
      'rtsp://0xa9.0xfe.0xa9.0xfe/a',
      'rtsp://0251.0376.0251.0376/a',
      'rtsp://169.254.43518/a',
      'rtsp://169.16689662/a',
      'rtsp://010.0.0.7/a',
      'rtsp://1.2.3.4.5/a',
      'rtsp://256.1.1.1/a',
      'rtsp://0x/a',
      'rtsp://[::ffff:169.254.169.254]/a',
      'rtsp://[::ffff:a9fe:a9fe]/a',
      'rtsp://[::169.254.169.254]/a',
      'rtsp://[64:ff9b::a9fe:a9fe]/a',
      'rtsp://[2002:a9fe:a9fe::1]/a',
      'rtsp://[::ffff:0:169.254.169.254]/a',
      'rtsp://%31%36%39.254.169.254/a',
      'rtsp://１６９.254.169.254/a',
    ],
    'an address that is no machine': [
      'rtsp://0.0.0.0/a',
      'rtsp://255.255.255.255/a',
      'rtsp://224.0.0.1/a',
      'rtsp://[::]/a',
      'rtsp://[ff02::1]/a',
      'rtsp://240.0.0.1/a',
    ],
    'a port that is none': [
      'rtsp://10.0.0.7:0/a',
      'rtsp://10.0.0.7:65536/a',
      'rtsp://10.0.0.7:x/a',
      'rtsp://10.0.0.7:-1/a',
    ],
    'a fragment, a stray escape or a secret in the path': [
      'rtsp://10.0.0.7/a#b',
      'rtsp://u:p#q@10.0.0.7/a',
      'rtsp://u:100%@10.0.0.7/a',
      'rtsp://admin:12/34@10.0.0.7/a',
      'rtsp://10.0.0.7/user=admin&password=abc&channel=1',
      'rtsp://10.0.0.7/a?pwd=abc',
    ],
    'a hostile host': [
      'rtsp://a..b/c',
      'rtsp://-host/c',
      'rtsp://a;b/c',
      'rtsp://$(id)/c',
      'rtsp://a|b/c',
      `rtsp://${'a'.repeat(3000)}/`,
    ],
  };
  for (const [what, addresses] of Object.entries(corpus)) {
    it(`is refused with ${what}`, () => {
      for (const address of addresses) expect(refused(address)).to.match(/\S/);
    });
  }

  it('is refused without repeating the password', () => {
    for (const address of ['rtsp://u:hunter2@169.254.169.254/', 'file://u:hunter2@x', 'rtsp://u:hunter2@10.0.0.7:0/']) {
      expect(refused(address)).not.to.contain('hunter2');
    }
  });

  it('is accepted or refused, whatever is written, and never throws anything else', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.webUrl().map((url) => url.replace(/^https?/, 'rtsp')),
      fc.tuple(fc.string(), fc.string(), fc.string()).map(([a, b, c]) => `rtsp://${a}@${b}/${c}`),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          const { url } = parseCameraAddress(text);
          expect(url).to.match(/^rtsps?:\/\/[^\s@]+$/);
          // What was accepted once is accepted again, and means the same.
          expect(parseCameraAddress(url)).to.deep.equal({ url });
        } catch (error) {
          expect(error).to.be.instanceOf(BadAddress);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('gives back any login that was escaped into it', () => {
    const plain = fc.string({ minLength: 1, maxLength: 30 }).filter((text) => !/\p{Cc}/u.test(text));
    fc.assert(
      fc.property(plain, plain, (username, password) => {
        const text = `rtsp://${encodeURIComponent(username)}:${encodeURIComponent(password)}@10.0.0.7/a`;
        expect(parseCameraAddress(text)).to.deep.equal({ url: 'rtsp://10.0.0.7/a', username, password });
      }),
    );
  });

  it('never leads to a link-local machine, however its number is written', () => {
    const spellings = (parts: number[]): string[] => {
      const [a, b, c, d] = parts as [number, number, number, number];
      const whole = ((a * 256 + b) * 256 + c) * 256 + d;
      const hex = (n: number) => `0x${n.toString(16)}`;
      const octal = (n: number) => `0${n.toString(8)}`;
      const pair = (high: number, low: number) => (high * 256 + low).toString(16);
      return [
        parts.join('.'),
        `${whole}`,
        hex(whole),
        octal(whole),
        parts.map(hex).join('.'),
        parts.map(octal).join('.'),
        `${a}.${b}.${c * 256 + d}`,
        `[::ffff:${parts.join('.')}]`,
        `[64:ff9b::${pair(a, b)}:${pair(c, d)}]`,
        `[2002:${pair(a, b)}:${pair(c, d)}::]`,
      ];
    };
    const byte = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(byte, byte, (c, d) => {
        for (const host of spellings([169, 254, c, d])) refused(`rtsp://${host}/a`);
      }),
    );
  });
});
