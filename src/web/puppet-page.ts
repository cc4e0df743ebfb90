/** The page for an access token, fresh or after a failed try, and what is shown when it was taken. Pure. */
import { html } from "./html.ts";
import { type PageFrame, page } from "./pages.ts";
import type { FailureWords } from "./words.ts";

export interface PuppetForm {
  readonly resident: string;
  readonly proof: string;
  readonly failure?: FailureWords;
}

export function puppetPage(frame: PageFrame, form: PuppetForm): string {
  const { failure, resident, proof } = form;
  const body = html`<h1>Your own words as yourself</h1>
<p class="for">for <strong>${resident}</strong></p>
<div id="failure" class="failure" role="alert" tabindex="-1" ${failure === undefined && "hidden"}>
<h2>${failure?.title}</h2>
<p>${failure?.text}</p>
</div>
<p>What you say in your own Messenger can appear in your chats as said by you. For that the bridge needs an access token of
your account. Make one just for it: sign in once more in a private window of your browser, copy the token from there
(in Element: All settings, Help &amp; About, Advanced, Access token), and close the window <strong>without signing out</strong>.</p>
<form method="post" autocomplete="off">
<input type="hidden" name="proof" value="${proof}">
<div class="field">
<label for="access">Access token</label>
<input id="access" name="access" type="password" required maxlength="4096" autocomplete="off" autocapitalize="none" spellcheck="false" autofocus>
</div>
<button class="go" type="submit">Let the bridge post as me</button>
</form>
<section class="privacy" aria-label="What happens with the token">
<p>Whoever has the token can act as you, so give it to nobody but a bridge that you trust. It is kept
<strong>encrypted</strong>, used for your own words from other places and for nothing else, and never written to a log. Say
<q>puppet off</q> to the bridge bot, or sign that session out, and it is worthless.</p>
</section>`;
  return page(frame, failure ? `${failure.title} · msnbridge` : "Your own words · msnbridge", body, false);
}

export function puppetDonePage(frame: PageFrame): string {
  const body = html`<section class="outcome good" role="status">
<div class="mark" aria-hidden="true"></div>
<h1>Done</h1>
<p>What you say in your own Messenger appears as said by you from now on.</p>
<p class="quiet">You can close this page.</p>
</section>`;
  return page(frame, "Done · msnbridge", body, false);
}
