/** The pages. Pure functions from what is to be shown to HTML. */
import type { Assets } from "./assets.ts";
import { type Html, html } from "./html.ts";
import { type FailureWords, stageWords } from "./words.ts";

export interface PageFrame {
  /** Path of the public address, without a slash at the end; empty at the root. */
  readonly base: string;
  readonly assets: Assets;
}

export interface LinkForm {
  readonly resident: string;
  readonly networks: readonly { name: string; title: string }[];
  readonly network: string;
  readonly address: string;
  /** Relinking: network and address are given and cannot be changed. */
  readonly fixed: boolean;
  readonly proof: string;
  readonly failure?: FailureWords;
  /** Stages that were passed before it failed. */
  readonly stages?: readonly string[];
}

/** A whole page around a body. */
export function page(frame: PageFrame, title: string, body: Html, script: boolean): string {
  const { base, assets } = frame;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="${base}${assets.icon}" type="image/svg+xml">
<link rel="stylesheet" href="${base}${assets.css}">
${script && html`<script src="${base}${assets.js}" defer></script>`}
</head>
<body>
<main class="card">
<header class="brand"><img src="${base}${assets.icon}" alt="" width="44" height="44"><span>msnbridge</span></header>
${body}
</main>
</body>
</html>
`.text;
}

/** The form, fresh or after a failed try. */
export function linkPage(frame: PageFrame, form: LinkForm): string {
  return page(
    frame,
    form.failure ? `${form.failure.title} · msnbridge` : "Link your MSN account · msnbridge",
    linkBody(form),
    true,
  );
}

function linkBody(form: LinkForm): Html {
  const title = form.networks.find((network) => network.name === form.network)?.title ?? form.network;
  return html`<h1>${form.fixed ? "Sign in again" : "Link your MSN account"}</h1>
<p class="for">for <strong>${form.resident}</strong></p>
<div id="failure" class="failure" role="alert" tabindex="-1" ${form.failure === undefined && "hidden"}>
<h2>${form.failure?.title}</h2>
<p>${form.failure?.text}</p>
</div>
<ol id="stages" class="stages" aria-label="Progress" aria-live="polite" ${(form.stages ?? []).length === 0 && "hidden"}>
${stageItems(form.stages ?? [])}
</ol>
<form id="link" method="post" autocomplete="on">
<input type="hidden" name="proof" value="${form.proof}">
${networkField(form, title)}
${addressField(form)}
<div class="field">
<label for="password">Password</label>
<div class="reveal">
<input id="password" name="password" type="password" required maxlength="256" autocomplete="current-password" autocapitalize="none" spellcheck="false" ${(form.fixed || form.failure !== undefined) && "autofocus"}>
<button id="show" type="button" aria-pressed="false" aria-controls="password" hidden>Show</button>
</div>
</div>
<button id="go" class="go" type="submit">Sign in and link</button>
</form>
<section class="privacy" aria-label="What happens with your password">
<p>Your password goes to the MSN network to sign you in, and is kept <strong>encrypted</strong> on this bridge so that it can
sign in again after a restart. It is never shown to anyone and never written to a log. Say <q>unlink</q> to the bridge bot
and it is deleted.</p>
</section>`;
}

function stageItems(stages: readonly string[]): Html[] {
  return stages.map((stage, i) => {
    const failed = i === stages.length - 1;
    return html`<li class="${failed ? "failed" : "passed"}">${stageWords(stage)}<span class="sr">${failed ? ": failed" : ": done"}</span></li>`;
  });
}

function networkField(form: LinkForm, title: string): Html {
  if (form.fixed || form.networks.length < 2) {
    return html`<input type="hidden" name="network" value="${form.network}">
<p class="network">Network: <strong>${title}</strong></p>`;
  }
  const options = form.networks.map(
    (network) =>
      html`<option value="${network.name}" ${network.name === form.network && "selected"}>${network.title}</option>`,
  );
  return html`<div class="field"><label for="network">Network</label><select id="network" name="network">${options}</select></div>`;
}

function addressField(form: LinkForm): Html {
  return html`<div class="field">
<label for="address">MSN address</label>
<input id="address" name="address" type="email" inputmode="email" required maxlength="129" value="${form.address}" placeholder="name@example.com" autocomplete="username" autocapitalize="none" spellcheck="false" ${form.fixed && "readonly"} ${!form.fixed && form.failure === undefined && "autofocus"}>
</div>`;
}

/** After a good sign-in. */
export function linkedPage(frame: PageFrame, address: string, network: string): string {
  return page(frame, "Linked · msnbridge", linkedBody(address, network), false);
}

function linkedBody(address: string, network: string): Html {
  return html`<section class="outcome good" role="status">
<div class="mark" aria-hidden="true"></div>
<h1>Linked</h1>
<p><strong>${address}</strong> on ${network} is linked. Your contacts are on their way to your chat.</p>
<p class="quiet">You can close this page.</p>
</section>`;
}

/** Anything that ends here: an expired link, a page that is not there, a refused request. */
export function faultPage(frame: PageFrame, words: FailureWords): string {
  return page(
    frame,
    `${words.title} · msnbridge`,
    html`<section class="outcome bad" role="alert">
<div class="mark" aria-hidden="true"></div>
<h1>${words.title}</h1>
<p>${words.text}</p>
</section>`,
    false,
  );
}
