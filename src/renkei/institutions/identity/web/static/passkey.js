/* Passkeys: hands the page's options to the device, and the device's answer to the page's own form. The options and the
   texts stand in data attributes of the form; nothing is fetched, kept or sent elsewhere. */
"use strict";
{
  const form = document.querySelector("form[data-passkey]");
  const said = form.querySelector("[data-said]");
  const bytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (char) => char.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  const asked = () => {
    const options = JSON.parse(form.dataset.options);
    options.challenge = bytes(options.challenge);
    if (options.user) options.user.id = bytes(options.user.id);
    for (const one of options.excludeCredentials || []) one.id = bytes(one.id);
    return options;
  };
  const answered = (made) => {
    const { response } = made;
    const told = { clientDataJSON: text(response.clientDataJSON) };
    if (response.attestationObject) told.attestationObject = text(response.attestationObject);
    if (response.authenticatorData) told.authenticatorData = text(response.authenticatorData);
    if (response.signature) told.signature = text(response.signature);
    if (response.userHandle) told.userHandle = text(response.userHandle);
    return JSON.stringify({ id: made.id, rawId: text(made.rawId), type: made.type, response: told });
  };
  const tell = (sentence) => {
    said.textContent = sentence;
    said.hidden = !sentence;
  };

  form.querySelector("[data-unscripted]").hidden = true;
  form.querySelector("button").hidden = false;
  form.addEventListener("submit", async (event) => {
    if (form.elements.answer.value) return;
    event.preventDefault();
    if (!window.PublicKeyCredential) {
      tell(form.dataset.missing);
      return;
    }
    tell("");
    const button = form.querySelector("button");
    button.setAttribute("aria-busy", "true");
    try {
      const publicKey = asked();
      const made =
        form.dataset.passkey === "create"
          ? await navigator.credentials.create({ publicKey })
          : await navigator.credentials.get({ publicKey });
      form.elements.answer.value = answered(made);
      form.submit();
    } catch (refusal) {
      tell(refusal.name === "InvalidStateError" ? form.dataset.twice : form.dataset.stopped);
    } finally {
      button.removeAttribute("aria-busy");
    }
  });
}
