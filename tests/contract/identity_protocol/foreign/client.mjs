// A relying party on a library that was not written here. Reads its task as JSON, writes what it found as JSON.
import * as oauth from "oauth4webapi";

const text = await new Promise((resolve) => {
  let read = "";
  process.stdin.on("data", (part) => (read += part)).on("end", () => resolve(read));
});
const task = JSON.parse(text);
const algorithm = { name: "ECDSA", namedCurve: "P-256" };
const options = { [oauth.allowInsecureRequests]: true }; // the provider of the test speaks plain HTTP, on loopback

const issuer = new URL(task.issuer);
const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, options));
const client = { client_id: task.client_id };
const key = await crypto.subtle.importKey("jwk", task.jwk, algorithm, false, ["sign"]);
const authentication = oauth.PrivateKeyJwt({ key, kid: task.kid });
const dpop = oauth.DPoP(client, await oauth.generateKeyPair("ES256"));
const withKey = { ...options, DPoP: dpop };

async function begin() {
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const nonce = oauth.generateRandomNonce();
  const parameters = {
    response_type: "code", redirect_uri: task.redirect_uri, scope: "openid name offline_access", state, nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
  };
  const answer = await oauth.pushedAuthorizationRequest(as, client, authentication, parameters, withKey);
  const pushed = await oauth.processPushedAuthorizationResponse(as, client, answer);
  const url = new URL(as.authorization_endpoint);
  url.searchParams.set("client_id", client.client_id);
  url.searchParams.set("request_uri", pushed.request_uri);
  return { url, verifier, state, nonce };
}

// The browser: follows redirects within the provider, and stops at the client's own address.
async function browse(url) {
  for (let steps = 0; steps < 10; steps++) {
    const answer = await fetch(url, { redirect: "manual", headers: { cookie: task.cookie } });
    const there = new URL(answer.headers.get("location") ?? "about:blank", url);
    if (there.href.startsWith(task.redirect_uri)) return there;
    if (answer.status !== 303) throw new Error(`${url.pathname}: ${answer.status}`);
    url = there;
  }
  throw new Error("no way back");
}

async function redeem(back, { verifier, state, nonce }) {
  const parameters = oauth.validateAuthResponse(as, client, back, state);
  const answer = await oauth.authorizationCodeGrantRequest(
    as, client, authentication, parameters, task.redirect_uri, verifier, withKey,
  );
  return oauth.processAuthorizationCodeResponse(as, client, answer, { expectedNonce: nonce, requireIdToken: true });
}

async function flow() {
  const begun = await begin();
  const tokens = await redeem(await browse(begun.url), begun);
  const claims = oauth.getValidatedIdTokenClaims(tokens);
  const info = await oauth.userInfoRequest(as, client, tokens.access_token, withKey);
  const person = await oauth.processUserInfoResponse(as, client, claims.sub, info);
  const again = await oauth.refreshTokenGrantRequest(as, client, authentication, tokens.refresh_token, withKey);
  const refreshed = await oauth.processRefreshTokenResponse(as, client, again);
  const gone = await oauth.revocationRequest(as, client, authentication, tokens.refresh_token, options);
  await oauth.processRevocationResponse(gone);
  const after = await oauth.userInfoRequest(as, client, refreshed.access_token, withKey);
  return { type: tokens.token_type, claims, person, refreshed: refreshed.scope, after: after.status };
}

async function mixedUp() {
  const begun = await begin();
  const back = await browse(begun.url);
  back.searchParams.set("iss", task.forged);
  return redeem(back, begun).then(() => "accepted", (error) => error.code);
}

async function unnamed() {
  const begun = await begin();
  const back = await browse(begun.url);
  back.searchParams.delete("iss");
  return redeem(back, begun).then(() => "accepted", (error) => error.code);
}

async function injected() {
  const [mine, theirs] = [await begin(), await begin()];
  const back = await browse(theirs.url);
  back.searchParams.set("state", mine.state);
  return redeem(back, mine).then(() => "accepted", (error) => error.error ?? error.code);
}

const scenarios = { flow, mixedUp, unnamed, injected };
const found = {};
for (const name of task.scenarios) found[name] = await scenarios[name]();
process.stdout.write(JSON.stringify(found));
