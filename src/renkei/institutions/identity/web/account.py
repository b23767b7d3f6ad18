"""A person's own page: what is known of them, by what they come in, and where they are signed in."""

from __future__ import annotations

from collections.abc import Mapping

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from sqlalchemy import Connection

from renkei.base.errors import RenkeiError
from renkei.base.time import from_ms, jst_date
from renkei.contracts.identity import Acr, ClaimsOf
from renkei.institutions.identity.errors.signin import BackOutside, CloseNotConfirmed, SessionUnknown, WayUnknown
from renkei.institutions.identity.model.accounts import BoundCertificate
from renkei.institutions.identity.model.sessions import Session
from renkei.institutions.identity.model.signin import Purpose
from renkei.institutions.identity.operations import accounts, sessions
from renkei.institutions.identity.operations.card_signin import notice_changes
from renkei.institutions.identity.operations.sessions import Why
from renkei.institutions.identity.queries import accounts as known
from renkei.institutions.identity.queries import sessions as signed_in
from renkei.institutions.identity.web.asks.parts import Substituted
from renkei.institutions.identity.web.passkey import is_fresh
from renkei.institutions.identity.web.sessions import checked_back, leave
from renkei.institutions.identity.web.signin import FormData, SignInPages, flat
from renkei.institutions.identity.web.ways import Speaker, Ways
from renkei.institutions.identity.web.wishes import agent_of, new_round
from renkei.platform.web.pages import AnyRequest, respond, see_other, word
from renkei.platform.web.parts import Chip, Choice, Column, Fact, Field, FieldError, Lines, Link

HOME, CONFIRM, CLOSE, NOT_ME = "/account", "/account/confirm", "/account/close", "/account/not-me"
AGREED = "agreed"


class AccountPages(SignInPages):
    """The pages of an account."""

    async def show(self, request: AnyRequest) -> Response[str]:
        """Everything at a glance."""
        session = await self.session(request)
        if session is None:
            return see_other(self.sign_in(HOME))
        now, account_id, speaker = self.means.clock.now(), session.account_id, self.speaker(request)
        await notice_changes(self.means, self.ways.trust, account_id, now)
        claims = await self.means.db.read(lambda conn: known.claims_of(conn, account_id))
        held = await self.means.db.read(lambda conn: known.certificates(conn, account_id))
        keys = await self.means.db.read(lambda conn: known.passkeys(conn, account_id))
        places = await self.means.db.read(lambda conn: signed_in.of_account(conn, account_id, now))
        frame = await self.frame(speaker, speaker.say("account.title"), session)
        context = frame | {
            "breadcrumb": (),
            "confirmed": "confirmed" in request.query_params,
            "stale": claims is not None and claims.stale,
            "known": self._claims(claims, speaker) if claims else [],
            "substitutes": claims is not None and "1" in claims.name_substitutes + claims.address_substitutes,
            "columns": [Column(text=speaker.say(f"certificates.{one}"), header=one == "use") for one in COLUMNS],
            "certificates": self._certificates(held, speaker),
            "places": [self._place(one, session, speaker) for one in places],
            "links": self._links(speaker, len(keys)),
        }
        headers = self.headers(session)
        return respond(self.kit, request, "identity/signin/account.html", context, headers=headers)

    async def confirm(self, request: AnyRequest, *, error: RenkeiError | None = None) -> Response[str]:
        """Say why the signature certificate is read, and what it tells, before the card is asked for it."""
        session = await self.session(request)
        if session is None:
            return see_other(self.sign_in(CONFIRM))
        account_id, speaker = session.account_id, self.speaker(request)
        claims = await self.means.db.read(lambda conn: known.claims_of(conn, account_id))
        kind = "stale" if claims and claims.stale else "again" if claims else "first"
        errors = [FieldError(name="way", text=error.sentence(speaker.language))] if error else []
        context = await self.frame(speaker, speaker.say(f"confirm.{kind}.title"), session) | {
            "kind": kind,
            "lead": speaker.say(f"confirm.{kind}.lead"),
            "action": self.path + CONFIRM,
            "field": self._agents_field(speaker, errors),
            "back": self._back(request),
            "errors": errors,
        }
        status, headers = 422 if errors else 200, self.headers(session)
        return respond(self.kit, request, "identity/signin/confirm.html", context, status=status, headers=headers)

    async def start_confirm(self, request: AnyRequest, form: Mapping[str, str]) -> Response[str]:
        """Begin to read the signature certificate."""
        session = await self.session(request)
        if session is None:
            return see_other(self.sign_in(CONFIRM))
        try:
            agent = agent_of(self.means, form.get("way", ""))
        except WayUnknown as error:
            return await self.confirm(request, error=error)
        round_ = new_round(
            self.means, purpose=Purpose.CONFIRM, now=self.means.clock.now(), account_id=session.account_id, agent=agent,
            back=checked_back(self.means, form.get("back") or f"{self.path}{HOME}?confirmed=1"),
        )  # fmt: skip
        return await self.open(request, round_)

    async def end_place(self, request: AnyRequest, session_id: str, *, not_me: bool) -> Response[str]:
        """End one session of one's own; where it was not oneself, say what to do next."""
        session, now = await self.session(request), self.means.clock.now()
        if session is None:
            return see_other(self.sign_in(HOME))
        account_id, session_id = session.account_id, word(session_id)
        why = Why.NOT_ME if not_me else Why.SIGNED_OUT

        def end(conn: Connection) -> bool:
            found = signed_in.get(conn, session_id, now)
            if found is None or found.account_id != account_id:
                raise SessionUnknown()
            return sessions.end(conn, session_id, why=why, now=now)

        if await self.means.db.write(end):
            await self.ways.ended(session_id)
        if not_me:
            return see_other(self.path + NOT_ME)
        return see_other(f"{self.path}{HOME}#places")

    async def not_me(self, request: AnyRequest) -> Response[str]:
        """Somebody else used the card, or a passkey: it ended; now have the card suspended."""
        session = await self.session(request)
        if session is None:
            return see_other(self.sign_in(NOT_ME))
        speaker = self.speaker(request)
        context = await self.frame(speaker, speaker.say("not_me.title"), session)
        headers = self.headers(session)
        return respond(self.kit, request, "identity/signin/not_me.html", context, headers=headers)

    async def ask_close(self, request: AnyRequest, *, error: RenkeiError | None = None) -> Response[str]:
        """What closing the account means."""
        session = await self.session(request)
        if session is None:
            return see_other(self.sign_in(CLOSE, acr=Acr.CARD))
        speaker = self.speaker(request)
        errors = [FieldError(name=AGREED, text=error.sentence(speaker.language))] if error else []
        agree = Field(
            name=AGREED, label=speaker.say("close.label"), kind="checkboxes", required=True,
            choices=(Choice(value="1", text=speaker.say("close.agree")),), error=errors[0].text if errors else "",
        )  # fmt: skip
        context = await self.frame(speaker, speaker.say("close.title"), session) | {
            "action": self.path + CLOSE,
            "field": agree,
            "needs_card": not is_fresh(session, self.means.clock.now()),
            "card_href": self.sign_in(CLOSE, acr=Acr.CARD, fresh=True, account_id=session.account_id),
            "errors": errors,
        }
        status, headers = 422 if errors else 200, self.headers(session)
        return respond(self.kit, request, "identity/signin/close.html", context, status=status, headers=headers)

    async def close(self, request: AnyRequest, form: Mapping[str, str]) -> Response[str]:
        """Close the account, end every session, tell everybody who relied on it."""
        session, now = await self.session(request), self.means.clock.now()
        if session is None:
            return see_other(self.sign_in(CLOSE, acr=Acr.CARD))
        if not is_fresh(session, now):
            return see_other(self.path + CLOSE)
        if not form.get(AGREED):
            return await self.ask_close(request, error=CloseNotConfirmed())
        account_id, own = session.account_id, session.session_id

        def end(conn: Connection) -> tuple[str, ...]:
            accounts.close(conn, account_id, now)
            return sessions.end_all(conn, account_id, why=Why.CLOSED, now=now, keep=own)

        ended = await self.means.db.write(end)
        left = await leave(self.means, request, session.realm, why=Why.CLOSED)
        for session_id in (*ended, own):
            await self.ways.ended(session_id)
        await self.ways.closed(account_id)
        return see_other(f"{self.path}/signed-out?closed=1", cookies=left.cookies, headers=left.headers)

    # --- parts ---

    def _back(self, request: AnyRequest) -> str:
        try:
            return checked_back(self.means, request.query_params.get("back", ""))
        except BackOutside:
            return ""

    def _agents_field(self, speaker: Speaker, errors: list[FieldError]) -> Field:
        choices = [
            Choice(value=f"card{at}", text=speaker.say("way.card"), note=self._agents[url].netloc)
            for at, url in enumerate(self.settings.agents)
        ]
        if self.settings.test_card:
            choices.append(Choice(value="test", text=speaker.say("way.test"), note=speaker.say("way.test_note")))
        return Field(
            name="way", label=speaker.say("confirm.way"), kind="radios", required=True, choices=tuple(choices),
            value=choices[0].value if choices else "", error=errors[0].text if errors else "",
        )  # fmt: skip

    def _claims(self, claims: ClaimsOf, speaker: Speaker) -> list[Fact]:
        day = speaker.formats.day
        birth = day(claims.birth) if claims.birth else speaker.say("known.birth_unknown")
        read = speaker.formats.moment(from_ms(claims.verified_ms))
        return [
            Fact(term=speaker.say("known.name"), value=Substituted(claims.name, claims.name_substitutes)),
            Fact(term=speaker.say("known.birth"), value=birth),
            Fact(term=speaker.say("known.sex"), value=speaker.say(f"known.sex_{claims.sex}")),
            Fact(term=speaker.say("known.address"), value=Substituted(claims.address, claims.address_substitutes)),
            Fact(
                term=speaker.say("known.verified"), value=read, note=speaker.say("known.from"),
                change_href=self.path + CONFIRM,
            ),
        ]  # fmt: skip

    def _certificates(self, held: tuple[BoundCertificate, ...], speaker: Speaker) -> list[tuple[object, ...]]:
        newest = {one.use: one for one in reversed(held)}
        return [self._certificate(one, speaker, former=newest[one.use] is not one) for one in held]

    def _certificate(self, one: BoundCertificate, speaker: Speaker, *, former: bool) -> tuple[object, ...]:
        until = from_ms(one.not_after_ms)
        state = "former" if former else "over" if until < self.means.clock.now() else "on"
        return (
            Lines(speaker.say(f"certificates.{one.use}"), speaker.say(f"certificates.{one.use}_note")),
            speaker.formats.day(jst_date(until)),
            speaker.formats.moment(from_ms(one.seen_ms)),
            Chip(speaker.say(f"certificates.{state}"), "green" if state == "on" else "gray"),
        )

    def _place(self, one: Session, here: Session, speaker: Speaker) -> dict[str, object]:
        moment = speaker.formats.moment
        own = one.session_id == here.session_id
        return {
            "own": own,
            "device": speaker.device(one.device),
            "chip": Chip(speaker.say("places.here"), "blue") if own else "",
            "test": speaker.test_chip() if one.test else "",
            "facts": [
                Fact(term=speaker.say("places.started"), value=moment(from_ms(one.started_ms))),
                Fact(term=speaker.say("places.seen"), value=moment(from_ms(one.seen_ms))),
                Fact(term=speaker.say("places.way"), value=speaker.say(f"acr.{one.acr}")),
            ],
            "end": f"{self.path}{HOME}/sessions/{one.session_id}/end",
        }

    def _links(self, speaker: Speaker, keys: int) -> list[Link]:
        places = {"consents": "/consents", "proxies": "/proxies", "asks": "/asks", "passkeys": "/account/passkeys"}
        meta = {"passkeys": speaker.say("account.passkeys_count", count=keys)}
        return [
            Link(
                href=self.path + at,
                text=speaker.say(f"links.{name}"),
                note=speaker.say(f"links.{name}_note"),
                meta=meta.get(name, ""),
            )
            for name, at in places.items()
        ]


COLUMNS = ("use", "until", "seen", "state")


def handlers(ways: Ways) -> list[HTTPRouteHandler]:
    """Routes of `{path}/account`."""
    pages, path = AccountPages(ways), ways.means.settings.path

    @get(path + HOME)
    async def show(request: AnyRequest) -> Response[str]:
        return await pages.show(request)

    @get(path + CONFIRM)
    async def confirm(request: AnyRequest) -> Response[str]:
        return await pages.confirm(request)

    @post(path + CONFIRM)
    async def start_confirm(request: AnyRequest, data: FormData) -> Response[str]:
        return await pages.start_confirm(request, flat(data))

    @post(path + HOME + "/sessions/{session_id:str}/end")
    async def end_place(request: AnyRequest, session_id: FromPath[str], data: FormData) -> Response[str]:
        return await pages.end_place(request, session_id, not_me=bool(flat(data).get("not_me")))

    @get(path + NOT_ME)
    async def not_me(request: AnyRequest) -> Response[str]:
        return await pages.not_me(request)

    @get(path + CLOSE)
    async def ask_close(request: AnyRequest) -> Response[str]:
        return await pages.ask_close(request)

    @post(path + CLOSE)
    async def close(request: AnyRequest, data: FormData) -> Response[str]:
        return await pages.close(request, flat(data))

    return [show, confirm, start_confirm, end_place, not_me, ask_close, close]
