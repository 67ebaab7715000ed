import { useEffect, useState } from 'preact/hooks';
import { failureText, pictureApi } from './api.ts';
import { type Login, loginIn } from './found-camera.ts';

/** One picture of a stream, so that it is seen which camera it is. */
export function Preview({ url, login, what }: { url: string; login: Login; what: string }) {
  const [picture, setPicture] = useState('');
  const [failure, setFailure] = useState('');
  useEffect(() => {
    let made = '';
    let over = false;
    setPicture('');
    setFailure('');
    pictureApi('/api/v1/devices/picture', { address: url, ...loginIn(login) }).then(
      (blob) => {
        if (over) return;
        made = URL.createObjectURL(blob);
        setPicture(made);
      },
      (error) => over || setFailure(failureText(error)),
    );
    return () => {
      over = true;
      URL.revokeObjectURL(made);
    };
  }, [url, login]);
  return (
    <figure class="preview">
      {picture ? (
        <img src={picture} alt={`What ${what || 'the camera'} shows now`} />
      ) : (
        <p role={failure ? 'alert' : 'status'}>{failure || 'Asking it for a picture…'}</p>
      )}
      {what && <figcaption>{what}</figcaption>}
    </figure>
  );
}
