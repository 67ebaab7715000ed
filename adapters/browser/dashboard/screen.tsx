import { useEffect, useRef, useState } from 'preact/hooks';
import { createControls, soundControl } from '../player/controls.ts';
import type { Measured } from '../player/measure.ts';
import type { Moved } from '../player/moved.ts';
import { createPastBar } from '../player/past-bar.ts';
import { isPast, type PastState } from '../player/past-state.ts';
import { Player } from '../player/player.ts';
import type { SoundState } from '../player/sound.ts';
import { createSoundNote } from '../player/sound-note.ts';
import type { PlayerState } from '../player/state.ts';
import type { Camera } from './model.ts';

/** What a tile shows of its player. */
export interface Playing {
  state: PlayerState['name'];
  text: string;
  measured?: Measured;
  moved?: Moved;
  /** The past is on screen, not live. */
  past?: boolean;
}

/**
 * A camera's picture. The player lives as long as the tile, so that going large and back costs no frame.
 * A camera that has been dark since the page was opened is not asked for a session that it could not serve.
 */
export function Screen(props: {
  camera: Camera;
  dark: boolean;
  hot: boolean;
  /** Whether it can be heard, and moved to the past. */
  large: boolean;
  tell: (playing: Playing) => void;
}) {
  const { camera, dark, hot, large, tell } = props;
  const host = useRef<HTMLDivElement>(null);
  const player = useRef<Player>(undefined);
  const heardPast = useRef<(state: PastState) => void>(undefined);
  const heardSound = useRef<(state: SoundState) => void>(undefined);
  const [wanted, setWanted] = useState(!dark);
  if (!dark && !wanted) setWanted(true);

  useEffect(() => {
    if (!wanted || !host.current) return;
    let playing: Playing = { state: 'connecting', text: '' };
    const say = (part: Partial<Playing>): void => {
      playing = { ...playing, ...part };
      tell(playing);
    };
    const running = new Player(host.current, {
      camera: camera.id,
      hears: {
        state: (state) => say({ state: state.name, text: textOf(state) }),
        measured: (measured) => say({ measured }),
        moved: (moved) => say({ moved }),
        past: (state) => {
          say({ past: isPast(state) });
          heardPast.current?.(state);
        },
        sound: (state) => heardSound.current?.(state),
      },
    });
    player.current = running;
    const leave = (): void => running.close();
    addEventListener('pagehide', leave);
    return () => {
      removeEventListener('pagehide', leave);
      running.close();
    };
  }, [camera.id, wanted, tell]);

  useEffect(() => {
    if (player.current) player.current.hot = hot;
  }, [hot, wanted]);
  useEffect(() => {
    const running = player.current;
    if (!large || !host.current || !running) return;
    const bar = createPastBar(host.current, running, camera.id);
    const controls = createControls([soundControl(running)]);
    host.current.append(controls.element);
    const note = createSoundNote(host.current);
    heardPast.current = bar.past;
    heardSound.current = note.say;
    return () => {
      heardPast.current = undefined;
      heardSound.current = undefined;
      bar.remove();
      controls.remove();
      note.remove();
      // Nothing on a small picture would say whose sound it is.
      running.muted = true;
      // A small picture would not say that it is the past.
      running.past.back();
    };
  }, [large, camera.id, wanted]);
  useEffect(() => {
    if (!dark) player.current?.wake();
  }, [dark]);

  return (
    <div class="screen" ref={host}>
      {!wanted && <Poster id={camera.id} />}
    </div>
  );
}

function textOf(state: PlayerState): string {
  if (state.name === 'ended') return state.text;
  return state.name === 'reconnecting' ? state.why : '';
}

/** The last still picture of a camera. */
function Poster({ id }: { id: string }) {
  const [missing, setMissing] = useState(false);
  if (missing) return null;
  return (
    <img
      class="poster"
      src={`/api/v1/cameras/${encodeURIComponent(id)}/poster.jpg`}
      alt=""
      onError={() => setMissing(true)}
    />
  );
}
