"""Passkeys on the screen: enrol, list, rename, remove, sign in. Two of the pages have a script, `passkey.js`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from sqlalchemy import Connection

from renkei.base.errors import RenkeiError
from renkei.base.time import from_ms, to_ms
from renkei.contracts.identity import Acr, Realm
from renkei.institutions.identity.errors.signin import (
    CardNeededNow,
    OtherBrowser,
    PasskeyCopied,
    PasskeyNameInvalid,
    PasskeyRefused,
    PasskeysFull,
)
from renkei.institutions.identity.model.credentials import keyed_hash
from renkei.institutions.identity.model.passkeys import (
    NAME_MAX,
    PASSKEYS_MAX,
    Passkey,
    credential_named,
    enrol_options,
    enrolled,
    sureness_of,
)
from renkei.institutions.identity.model.sessions import Session
from renkei.institutions.identity.model.signin import Purpose, Round, Sureness
from renkei.institutions.identity.operations import passkeys as operations
from renkei.institutions.identity.operations import rounds
from renkei.institutions.identity.queries import accounts as known
from renkei.institutions.identity.web import entering
from renkei.institutions.identity.web.signin import HINT_COOKIE, FormData, SignInPages, flat
from renkei.institutions.identity.web.ways import Entered, Speaker, Ways
from renkei.institutions.identity.web.wishes import browser_of, new_round, round_cookie
from renkei.platform.web.pages import AnyRequest, respond, see_other, word
from renkei.platform.web.parts import Fact, Field, FieldError

LIST = "/account/passkeys"
HINT_AGE_S = 365 * 24 * 3600
RESPONSE_FIELD = "answer"
CREDENTIAL = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
CREDENTIAL_CHARS_MAX = 1_400


class PasskeyPages(SignInPages):
    """The pages of passkeys."""

    async def show(
        self, request: AnyRequest, *, error: RenkeiError | None = None, of: str = "", name: str = ""
    ) -> Response[str]:
        """The passkeys of the person signed in, and a form to enrol one."""
        session = await self.session(request)
        if session is None:
            return see_other(self.sign_in(LIST))
        account_id, speaker = session.account_id, self.speaker(request)
        held = await self.means.db.read(lambda conn: known.passkeys(conn, account_id))
        errors = (
            [FieldError(name=f"name-{of}" if of else "name", text=error.sentence(speaker.language))] if error else []
        )
        context = await self.frame(speaker, speaker.say("passkeys.title"), session) | {
            "rows": [self._row(one, speaker, errors if one.credential_id == of else [], name) for one in held],
            "action": self.path + LIST,
            "name_field": self._name_field(speaker, "name", "" if of else name, [] if of else errors),
            "full": len(held) >= PASSKEYS_MAX,
            "needs_card": not is_fresh(session, self.means.clock.now()),
            "card_href": self.sign_in(LIST, acr=Acr.CARD, fresh=True, account_id=account_id),
            "shared": session.shared_terminal,
            "errors": errors,
        }
        status, headers = 422 if errors else 200, self.headers(session)
        return respond(self.kit, request, "identity/signin/passkeys.html", context, status=status, headers=headers)

    async def begin_enrolment(self, request: AnyRequest, form: Mapping[str, str]) -> Response[str]:
        """Begin to enrol: a round whose challenge the device answers."""
        session, now = await self.session(request), self.means.clock.now()
        if session is None:
            return see_other(self.sign_in(LIST))
        try:
            operations.check_card_fresh(session, now)
        except CardNeededNow:
            return see_other(self.sign_in(LIST, acr=Acr.CARD, fresh=True, account_id=session.account_id))
        account_id = session.account_id
        try:
            name = operations.checked_name(form.get("name", ""))
            await self.means.db.read(lambda conn: operations.check_room(conn, account_id))
        except (PasskeyNameInvalid, PasskeysFull) as error:
            return await self.show(request, error=error, name=form.get("name", ""))
        round_ = new_round(
            self.means, purpose=Purpose.ENROL, back=self.path + LIST, now=now, account_id=account_id, name=name
        )
        return await self.open(request, round_)

    async def enrol(self, request: AnyRequest, txn: str) -> Response[str]:
        """The page on which the device makes the passkey."""
        session = await self.session(request)
        round_ = await self._round(request, txn, Purpose.ENROL)
        if session is None or session.account_id != round_.account_id:
            raise OtherBrowser()
        account_id, speaker = session.account_id, self.speaker(request)
        held = await self.means.db.read(lambda conn: known.passkeys(conn, account_id))
        name = await self.means.db.read(lambda conn: known.name_of(conn, account_id))
        options = enrol_options(
            self.settings, challenge=round_.challenge, handle=self._handle(account_id),
            label=name or speaker.say("passkeys.label"), present=held,
        )  # fmt: skip
        context = await self.frame(speaker, speaker.say("passkeys.new.title"), session) | {
            "action": f"{self.path}{LIST}/new/{txn}",
            "options": options,
            "name": round_.name,
        }
        headers = self.headers(session)
        return respond(self.kit, request, "identity/signin/passkey_new.html", context, scripts=True, headers=headers)

    async def finish_enrolment(self, request: AnyRequest, txn: str, form: Mapping[str, str]) -> Response[str]:
        """Take what the device made."""
        session, now = await self.session(request), self.means.clock.now()
        round_ = await self._use(request, txn, Purpose.ENROL)
        if session is None or session.account_id != round_.account_id:
            raise OtherBrowser()
        made = enrolled(
            form.get(RESPONSE_FIELD, ""), self.settings, challenge=round_.challenge, account_id=session.account_id,
            name=round_.name, test=session.test, now_ms=to_ms(now),
        )  # fmt: skip
        kept = session
        await self.means.db.write(lambda conn: operations.add(conn, made, kept, now))
        hint = self._hint(request)
        return see_other(self.path + LIST, cookies=[round_cookie(self.means, request, round_, ""), hint])

    async def sign_in_with(self, request: AnyRequest, txn: str, form: Mapping[str, str]) -> Response[str]:
        """Sign in with what a passkey answered."""
        now, response = self.means.clock.now(), form.get(RESPONSE_FIELD, "")
        try:
            round_ = await self._use(request, txn, Purpose.PASSKEY)
        except RenkeiError as error:
            return self._failed(request, error, None)
        try:
            used = await self.means.db.write(lambda conn: self._check(conn, response, round_))
            if used is None:
                raise PasskeyCopied()
            acr, amr = sureness_of(used)
            sure = Sureness(acr, amr, used.test)
            begun = await entering.begin(self.ways, request, round_, Entered(used.account_id), sure, now)
        except RenkeiError as error:
            return self._failed(request, error, round_)
        spent = round_cookie(self.means, request, round_, "")
        return await entering.onward(self.ways, begun, round_.back, opened=False, now=now, used=spent)

    async def rename(self, request: AnyRequest, credential_id: str, form: Mapping[str, str]) -> Response[str]:
        """Give a passkey another name."""
        session = await self.session(request)
        if session is None:
            return see_other(self.sign_in(LIST))
        account_id, field = session.account_id, _named(credential_id)
        name = form.get(f"name-{field}", "")
        try:
            await self.means.db.write(lambda conn: operations.rename(conn, account_id, field, name))
        except PasskeyNameInvalid as error:
            return await self.show(request, error=error, of=field, name=name)
        return see_other(self.path + LIST)

    async def remove(self, request: AnyRequest, credential_id: str) -> Response[str]:
        """Remove a passkey."""
        session, now = await self.session(request), self.means.clock.now()
        if session is None:
            return see_other(self.sign_in(LIST))
        account_id, named = session.account_id, _named(credential_id)
        await self.means.db.write(lambda conn: operations.remove(conn, account_id, named, now))
        return see_other(self.path + LIST)

    # --- parts ---

    def _check(self, conn: Connection, response: str, round_: Round) -> Passkey | None:
        named, now = credential_named(response), self.means.clock.now()
        used = operations.use(
            conn, named, response, self.settings, challenge=round_.challenge, handle_of=self._handle, now=now
        )
        account = None if used is None else known.get(conn, used.account_id)
        if used is not None and (account is None or account.realm is not Realm.MAIN):
            raise PasskeyRefused(private="account closed")
        return used

    async def _round(self, request: AnyRequest, txn: str, purpose: Purpose) -> Round:
        txn = word(txn)
        browser, now = browser_of(self.means, request, txn), self.means.clock.now()
        round_ = await self.means.db.read(lambda conn: rounds.of_browser(conn, txn, browser_hash=browser, now=now))
        if round_.purpose is not purpose:
            raise OtherBrowser(private="a round for something else")
        return round_

    async def _use(self, request: AnyRequest, txn: str, purpose: Purpose) -> Round:
        await self._round(request, txn, purpose)
        browser, now = browser_of(self.means, request, txn), self.means.clock.now()
        return await self.means.db.write(lambda conn: rounds.use(conn, txn, browser_hash=browser, now=now))

    def _handle(self, account_id: str) -> bytes:
        return keyed_hash(self.means.session_key, "passkey", account_id)

    def _hint(self, request: AnyRequest) -> Cookie:
        return Cookie(
            key=HINT_COOKIE, value="1", path=self.path or "/", max_age=HINT_AGE_S, httponly=True, samesite="lax",
            secure=request.url.scheme == "https",
        )  # fmt: skip

    def _name_field(self, speaker: Speaker, name: str, value: str, errors: list[FieldError]) -> Field:
        return Field(
            name=name, label=speaker.say("passkeys.name"), support=speaker.say("passkeys.name_support", count=NAME_MAX),
            value=value, required=True, width="half", error=errors[0].text if errors else "",
        )  # fmt: skip

    def _row(self, one: Passkey, speaker: Speaker, errors: list[FieldError], typed: str) -> dict[str, object]:
        day = speaker.formats.moment
        used = day(from_ms(one.used_ms)) if one.used_ms else speaker.say("passkeys.never")
        place = f"{self.path}{LIST}/{quote(one.credential_id)}"
        return {
            "name": one.name,
            "facts": [
                Fact(term=speaker.say("passkeys.added"), value=day(from_ms(one.added_ms))),
                Fact(term=speaker.say("passkeys.used"), value=used),
                Fact(
                    term=speaker.say("passkeys.copies"),
                    value=speaker.say("passkeys.copied" if one.backed_up else "passkeys.single"),
                ),
            ],
            "barred": one.sign_count == operations.BARRED,
            "field": self._name_field(
                speaker, f"name-{one.credential_id}", typed if errors else one.name, errors
            ),
            "rename": f"{place}/name",
            "remove": f"{place}/remove",
            "open": bool(errors),
        }  # fmt: skip


def _named(text: str) -> str:
    """A passkey as an address names it; empty where it cannot be one."""
    return text if len(text) <= CREDENTIAL_CHARS_MAX and CREDENTIAL.fullmatch(text) else ""


def is_fresh(session: Session, now: datetime) -> bool:
    """Whether the card was used so lately that ways in may be changed."""
    try:
        operations.check_card_fresh(session, now)
    except CardNeededNow:
        return False
    return True


def handlers(ways: Ways) -> list[HTTPRouteHandler]:
    """Routes below `{path}/account/passkeys`, and `{path}/sign-in/{txn}/passkey`."""
    pages = PasskeyPages(ways)
    path = ways.means.settings.path
    base = path + LIST

    @get(base)
    async def show(request: AnyRequest) -> Response[str]:
        return await pages.show(request)

    @post(base)
    async def begin(request: AnyRequest, data: FormData) -> Response[str]:
        return await pages.begin_enrolment(request, flat(data))

    @get(base + "/new/{txn:str}")
    async def enrol(request: AnyRequest, txn: FromPath[str]) -> Response[str]:
        return await pages.enrol(request, txn)

    @post(base + "/new/{txn:str}")
    async def finish(request: AnyRequest, txn: FromPath[str], data: FormData) -> Response[str]:
        return await pages.finish_enrolment(request, txn, flat(data))

    @post(base + "/{credential_id:str}/name")
    async def rename(request: AnyRequest, credential_id: FromPath[str], data: FormData) -> Response[str]:
        return await pages.rename(request, credential_id, flat(data))

    @post(base + "/{credential_id:str}/remove")
    async def remove(request: AnyRequest, credential_id: FromPath[str]) -> Response[str]:
        return await pages.remove(request, credential_id)

    @post(path + "/sign-in/{txn:str}/passkey")
    async def sign_in(request: AnyRequest, txn: FromPath[str], data: FormData) -> Response[str]:
        return await pages.sign_in_with(request, txn, flat(data))

    return [show, begin, enrol, finish, rename, remove, sign_in]
