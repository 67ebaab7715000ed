import type { Command } from 'commander';
import { cameraAnswer } from './answers.ts';
import { checkedId } from './camera.ts';
import { type CommonOptions, reach } from './reach.ts';
import { request } from './request.ts';
import { printable, type Terminal } from './terminal.ts';

/** `signalbox watch`: where a camera is to be seen, and how. */
export function watchCommand(command: Command, out: Terminal): void {
  command
    .description('print the addresses at which a camera can be watched')
    .argument('<id>', 'the id of the camera')
    .action(async (camera: string, options: CommonOptions) => {
      checkedId(camera);
      const to = reach(options, out);
      const { name, state, why } = cameraAnswer.parse(await request(out, to, 'GET', `/api/v1/cameras/${camera}`));
      const addresses = {
        page: `${to.url}/watch/${camera}`,
        whep: `${to.url}/live/${camera}/whep`,
        signalling: `${to.url.replace(/^http/, 'ws')}/webrtc/${camera}`,
        rtsp: `${to.url}/live/${camera}/rtsp`,
        srt: `${to.url}/live/${camera}/srt`,
        hls: `${to.url}/live/${camera}/hls`,
      };
      if (options.json) return out.printJson({ id: camera, name, state, ...addresses });
      const reason = why?.text ? `: ${why.text}` : '';
      out.print(`${out.paint(printable(name), 'strong')} is ${printable(state)}${printable(reason)}`);
      out.print(`  page        ${addresses.page}   (signed in with: signalbox login)`);
      out.print(`  WHEP        ${addresses.whep}   (a login or stream token as bearer)`);
      out.print(`  signalling  ${addresses.signalling}   (WebSocket, subprotocol signalbox.v1)`);
      const asked = 'with the token as bearer it answers the address for';
      out.print(`  RTSP        ${addresses.rtsp}   (${asked} VLC and ffplay)`);
      out.print(`  SRT         ${addresses.srt}   (${asked} ffplay and srt-live-transmit)`);
      out.print(`  HLS         ${addresses.hls}   (${asked} hls.js and phones)`);
      out.print(`a token for it: signalbox token --sub NAME --role viewer --camera ${camera}`);
    });
}
