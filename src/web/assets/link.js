// The link page's comforts: show the password, and show the stages of the sign-in as they pass. The page works without it.

const form = document.getElementById("link");
const failure = document.getElementById("failure");
const stages = document.getElementById("stages");
const password = document.getElementById("password");
const show = document.getElementById("show");
const go = document.getElementById("go");

show.hidden = false;
show.addEventListener("click", () => {
  reveal(password.type === "password");
});

function reveal(visible) {
  password.type = visible ? "text" : "password";
  show.textContent = visible ? "Hide" : "Show";
  show.setAttribute("aria-pressed", String(visible));
}

function element(name, className, text) {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}

function settleStage(className, note) {
  const last = stages.lastElementChild;
  if (!last?.classList.contains("running")) return;
  last.className = className;
  last.append(element("span", "sr", note));
}

function addStage(words) {
  settleStage("passed", ": done");
  stages.hidden = false;
  stages.append(element("li", "running", words));
}

function showOutcome(good, title, paragraphs) {
  const section = element("section", `outcome ${good ? "good" : "bad"}`);
  section.setAttribute("role", good ? "status" : "alert");
  const mark = element("div", "mark");
  mark.setAttribute("aria-hidden", "true");
  const heading = element("h1", "", title);
  heading.tabIndex = -1;
  section.append(mark, heading, ...paragraphs);
  document.querySelector("main").replaceChildren(document.querySelector(".brand"), section);
  document.title = `${title} · msnbridge`;
  heading.focus();
}

function showLinked(result) {
  const text = element("p");
  text.append(
    element("strong", "", result.address),
    ` on ${result.network} is linked. Your contacts are on their way to your chat.`,
  );
  showOutcome(true, "Linked", [text, element("p", "quiet", "You can close this page.")]);
}

function showFailure(result) {
  if (!result.again) {
    showOutcome(false, result.title, [element("p", "", result.text)]);
    return;
  }
  settleStage("failed", ": failed");
  stages.hidden = !result.stageFailed || stages.childElementCount === 0;
  failure.querySelector("h2").textContent = result.title;
  failure.querySelector("p").textContent = result.text;
  failure.hidden = false;
  setBusy(false);
  password.value = "";
  password.focus();
}

function setBusy(busy) {
  form.setAttribute("aria-busy", String(busy));
  form.classList.toggle("busy", busy);
  for (const field of form.elements) field.disabled = busy;
  go.textContent = busy ? "Signing in…" : "Sign in and link";
}

async function* lines(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    const parts = (rest + value).split("\n");
    rest = parts.pop();
    for (const part of parts) if (part) yield JSON.parse(part);
  }
}

async function signIn(body) {
  const response = await fetch(location.href, {
    method: "POST",
    headers: { accept: "application/x-ndjson" },
    body,
    credentials: "same-origin",
  });
  for await (const message of lines(response)) {
    if (message.stage) addStage(message.words);
    else if (message.result === "linked") return () => showLinked(message);
    else return () => showFailure(message);
  }
  throw new Error("the answer was cut off");
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  // Read before the fields are disabled: disabled fields are not sent.
  const body = new URLSearchParams(new FormData(form));
  failure.hidden = true;
  stages.replaceChildren();
  stages.hidden = true;
  reveal(false);
  setBusy(true);
  signIn(body).then(
    (finish) => finish(),
    () =>
      showFailure({
        again: true,
        stageFailed: true,
        title: "No answer from the bridge",
        text: "The connection broke. Look in your chat whether the account was linked; if not, try again.",
      }),
  );
});
