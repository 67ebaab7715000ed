/** Two notes, the second lower: each starts so long after the alarm, seconds. */
const NOTES = [
  { hertz: 880, after: 0 },
  { hertz: 660, after: 0.22 },
];
const NOTE_SECONDS = 0.18;
const LOUDNESS = 0.25;
/** A gain that falls to nothing has to stop just above it. */
const FAINT = 0.001;

/** Sounds an alarm once. Browsers permit it only after a person pressed something in the page. */
export function ring(audio: AudioContext): void {
  for (const { hertz, after } of NOTES) {
    const from = audio.currentTime + after;
    const gain = audio.createGain();
    gain.gain.setValueAtTime(LOUDNESS, from);
    gain.gain.exponentialRampToValueAtTime(FAINT, from + NOTE_SECONDS);
    const note = audio.createOscillator();
    note.frequency.value = hertz;
    note.connect(gain).connect(audio.destination);
    note.start(from);
    note.stop(from + NOTE_SECONDS);
  }
}
