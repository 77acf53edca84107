import type { Vendor } from './vendor.ts';

/** https://github.com/Typeform/embed: elements from which Typeform's script makes iframes. */
const TYPEFORMS = '[data-tf-live],[data-tf-widget],[data-tf-popup],[data-tf-slider],[data-tf-sidetab],[data-tf-popover]';
/** Forms of Account Engagement, on `go.pardot.com` or a domain of the site's own: `/l/<account>/<date>/<form>`. */
const PARDOT = /\/l\/\d+\/\d{4}-\d\d-\d\d\/\w/;

/** What an iframe says when its form was submitted: Typeform by itself, Pardot by the line in docs/forms/pardot.md. */
interface Message {
  readonly type?: string;
  readonly formId: string;
  readonly formName?: string;
  readonly email?: string;
}

/** Whose form an iframe holds; undefined where it takes no values from its address. */
function vendorOf(frame: HTMLIFrameElement): string | undefined {
  if (frame.src.includes('typeform-embed-id=')) return 'typeform';
  return PARDOT.test(frame.src) ? 'pardot' : undefined;
}

/**
 * Forms in iframes of another origin that take values from their address: Typeform from the fragment, Account Engagement
 * (Pardot) from the query. Another address loads the form anew; so an iframe the visitor has been in stays as it is.
 */
export const frames: Vendor = ({ values, mayFill, report }) => {
  const known = new WeakSet<Element>();
  const used = new WeakSet([document.activeElement!]);
  const noteUse = () => {
    const element = document.activeElement!;
    // Focus that an iframe brings along when it appears is not the visitor's.
    if (known.has(element)) used.add(element);
  };
  // Firefox moves the focus after it has said so.
  addEventListener('blur', () => setTimeout(noteUse));

  const fillFrame = (frame: HTMLIFrameElement) => {
    const vendor = vendorOf(frame);
    if (!vendor || !mayFill(frame)) return;
    known.add(frame);
    const url = new URL(frame.src);
    const part = vendor === 'typeform' ? 'hash' : 'search';
    const params = new URLSearchParams(url[part].slice(1));
    const before = String(params);
    for (const [name, value] of values()) {
      if (value) params.set(name, value);
      else params.delete(name);
    }
    const after = String(params);
    if (before === after || used.has(frame)) return;
    url[part] = after;
    // Put in anew rather than sent elsewhere: that loads it even where only the fragment differs, and adds no step to "Back".
    const { parentNode, nextSibling } = frame;
    frame.remove();
    frame.src = url.href;
    parentNode!.insertBefore(frame, nextSibling);
  };

  /** Adds to `data-tf-hidden`, `a=1,b=2` with `\,` for a comma, what is read when the iframe is made. */
  const fillTypeform = (embed: HTMLElement) => {
    if (!mayFill(embed)) return;
    const hidden = new Map(
      embed
        .getAttribute('data-tf-hidden')
        ?.match(/(\\,|[^,])+/g)
        ?.map((entry) => [entry.split('=')[0], entry]),
    );
    for (const [name, value] of values()) {
      if (value) hidden.set(name, `${name}=${value.replace(/,/g, '\\,')}`);
      else hidden.delete(name);
    }
    embed.dataset['tfHidden'] = [...hidden.values()].join();
  };

  addEventListener('message', ({ data, source }: MessageEvent<Message | null>) => {
    if (data?.type !== 'form-submit') return;
    for (const frame of document.querySelectorAll('iframe')) {
      const vendor = frame.contentWindow === source && vendorOf(frame);
      if (vendor) report(vendor, data.formId, data.email, data.formName);
    }
  });

  return () => {
    noteUse();
    document.querySelectorAll<HTMLElement>(TYPEFORMS).forEach(fillTypeform);
    document.querySelectorAll('iframe').forEach(fillFrame);
  };
};
