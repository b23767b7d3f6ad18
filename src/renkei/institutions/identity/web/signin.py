"""Signing in: choose a way, go to the card and come back; sign out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlencode, urlsplit

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.enums import RequestEncodingType
from litestar.handlers import HTTPRouteHandler
from litestar.params import Body, FromPath
from sqlalchemy import Connection

from renkei.base.errors import Failed, RenkeiError
from renkei.contracts.card_agent import PATH_USE, TASK_FIELD
from renkei.contracts.identity import Acr, Realm
from renkei.crypto.person_certificates import read_person_certificate
from renkei.institutions.identity.errors.signin import OtherBrowser, RoundUnknown, WayUnknown
from renkei.institutions.identity.model.passkeys import sign_in_options
from renkei.institutions.identity.model.sessions import Session
from renkei.institutions.identity.model.signin import (
    Answer,
    Purpose,
    Round,
    TaskWords,
    sureness,
    task_field,
    task_of,
)
from renkei.institutions.identity.operations import accounts, rounds
from renkei.institutions.identity.operations.sessions import Why, end_all
from renkei.institutions.identity.web import entering
from renkei.institutions.identity.web.card import DELIVER
from renkei.institutions.identity.web.sessions import (
    SHARED,
    SHARED_COOKIE,
    Left,
    checked_back,
    is_marked,
    leave,
    leftovers,
    new_secret,
    sign_in_href,
)
from renkei.institutions.identity.web.ways import Pages, Speaker, Ways, is_shared
from renkei.institutions.identity.web.wishes import (
    PASSKEY,
    Wish,
    agent_of,
    browser_hash,
    browser_of,
    code_hash,
    new_round,
    read_wish,
    round_cookie,
)
from renkei.platform.web.catalogue import Language
from renkei.platform.web.pages import AnyRequest, respond, see_other, word
from renkei.platform.web.parts import Choice, Field, FieldError, Step, StepState

RETURN = "/card/return"
HINT_COOKIE = "renkei_passkey"
"""Says that this browser enrolled a passkey; not whose, and proves nothing."""
SHARED_FIELD = "shared"
TERMINAL_AGE_S = 365 * 24 * 3600

FormData = Annotated[dict[str, str | list[str]], Body(media_type=RequestEncodingType.URL_ENCODED)]


def flat(form: Mapping[str, object]) -> dict[str, str]:
    """A form with one text a field; whatever else a browser sends counts as empty."""
    return {name: value if isinstance(value, str) else "" for name, value in form.items()}


class SignInPages(Pages):
    """The pages of signing in with the card, and of signing out."""

    def __init__(self, ways: Ways) -> None:
        super().__init__(ways)
        self._agents = {url: urlsplit(url) for url in (*self.settings.agents, self.settings.test_card) if url}

    async def choose(self, request: AnyRequest, *, form: Mapping[str, str] | None = None) -> Response[str]:
        """Which way in; straight on where the session at hand suffices."""
        wish = read_wish(self.means, request.query_params if form is None else form)
        session = await self.session(request, wish.realm)
        if form is None and session is not None and self._suffices(session, wish):
            return see_other(wish.back)
        speaker = self.speaker(request)
        left = Left([], {}) if session else await leftovers(self.means, request, wish.realm)
        errors = [] if form is None else [FieldError(name="way", text=WayUnknown().sentence(speaker.language.value))]
        context = await self.frame(speaker, speaker.say("again" if session else f"title.{wish.realm}"), session) | {
            "breadcrumb": (),
            "reason": self._reason(wish, speaker, other=session is not None and not wish.fresh),
            "over": speaker.say(f"over.{left.why}") if left.why else "",
            "fields": self._fields(request, wish, speaker, form or {}, errors, shared=left.shared_terminal),
            "hidden": wish.fields(),
            "errors": errors,
        }
        return respond(
            self.kit, request, "identity/signin/choose.html", context, status=422 if errors else 200,
            cookies=left.cookies, headers=left.headers,
        )  # fmt: skip

    async def start(self, request: AnyRequest, form: Mapping[str, str]) -> Response[str]:
        """Begin a round by the way that was chosen."""
        wish, way = read_wish(self.means, form), form.get("way", "")
        passkey = way == PASSKEY and Acr.PHONE.suffices(wish.acr) and wish.realm is Realm.MAIN
        try:
            agent = "" if passkey else agent_of(self.means, way)
        except WayUnknown:
            return await self.choose(request, form=form)
        round_ = new_round(
            self.means, purpose=Purpose.PASSKEY if passkey else Purpose.SIGN_IN, back=wish.back,
            now=self.means.clock.now(), realm=wish.realm, acr=wish.acr, mark=wish.mark, agent=agent,
            shared_terminal=bool(form.get(SHARED_FIELD)) or is_shared(request),
        )  # fmt: skip
        return await self.open(request, round_)

    async def open(self, request: AnyRequest, round_: Round) -> Response[str]:
        """Keep a round and show its page."""
        secret, now = new_secret(), self.means.clock.now()
        hashed = browser_hash(self.means, secret)

        def keep(conn: Connection) -> None:
            rounds.forget(conn, now)
            rounds.open_round(conn, round_, browser_hash=hashed)

        await self.means.db.write(keep)
        cookie = round_cookie(self.means, request, round_, secret)
        return see_other(f"{self.path}/sign-in/{round_.txn}", cookies=[cookie])

    async def ready(self, request: AnyRequest, txn: str) -> Response[str]:
        """The page of a round: everything is ready for the card, or for the passkey."""
        txn = word(txn)
        browser, now = browser_of(self.means, request, txn), self.means.clock.now()
        try:
            round_ = await self.means.db.read(lambda conn: rounds.of_browser(conn, txn, browser_hash=browser, now=now))
        except RenkeiError as error:
            return self._failed(request, error, None)
        if round_.purpose is Purpose.ENROL:
            return see_other(f"{self.path}/account/passkeys/new/{txn}")
        speaker = self.speaker(request)
        if round_.purpose is Purpose.PASSKEY:
            context = await self.frame(speaker, speaker.say("passkey.title")) | {
                "action": f"{self.path}/sign-in/{txn}/passkey",
                "options": sign_in_options(self.settings, challenge=round_.challenge),
                "again": self._again(round_),
            }
            return respond(self.kit, request, "identity/signin/passkey.html", context, scripts=True)
        return await self._ready_card(request, round_, speaker)

    async def come_back(self, request: AnyRequest) -> Response[str]:
        """The browser is back from the card agent."""
        txn = word(request.query_params.get("txn", ""))
        browser, now = browser_of(self.means, request, txn), self.means.clock.now()
        if request.query_params.get("declined"):
            try:
                round_ = await self.means.db.write(lambda conn: rounds.use(conn, txn, browser_hash=browser, now=now))
            except RenkeiError as error:
                return self._failed(request, error, None)
            return self._declined(request, round_)
        code = code_hash(self.means, word(request.query_params.get("code", "")))
        try:
            taken = await self.means.db.write(
                lambda conn: rounds.take(conn, txn, browser_hash=browser, code_hash=code, now=now)
            )
        except RenkeiError as error:
            return self._failed(request, error, None)
        try:
            return await self._finish(request, taken.round, taken.answer)
        except RenkeiError as error:
            return self._failed(request, error, taken.round)

    async def switched(self, request: AnyRequest) -> Response[str]:
        """Somebody else was signed in here before; say so once."""
        session = await self.session(request, _realm(request.query_params.get("realm", "")))
        if session is None:
            return see_other(self.sign_in("/account"))
        account_id, speaker = session.account_id, self.speaker(request)
        context = await self.frame(speaker, speaker.say("switched.title"), session) | {
            "back": checked_back(self.means, request.query_params.get("back", "")),
            "named": await self.means.db.read(lambda conn: bool(accounts.name_of(conn, account_id))),
        }
        headers = self.headers(session)
        return respond(self.kit, request, "identity/signin/switched.html", context, headers=headers)

    async def sign_out(self, request: AnyRequest, realm: Realm, *, everywhere: bool) -> Response[str]:
        """End the session of this browser, or all of this person's."""
        session, now = await self.session(request, realm), self.means.clock.now()
        ended: tuple[str, ...] = ()
        if everywhere and session is not None:
            account_id, kept = session.account_id, session.session_id
            ended = await self.means.db.write(
                lambda conn: end_all(conn, account_id, why=Why.EVERYWHERE, now=now, keep=kept)
            )
        left = await leave(self.means, request, realm, why=Why.SIGNED_OUT)
        for session_id in (*ended, *([left.session_id] if left.session_id else [])):
            await self.ways.ended(session_id)
        query = {"realm": realm.value} | ({"shared": "1"} if left.shared_terminal else {})
        return see_other(f"{self.path}/signed-out?{urlencode(query)}", cookies=left.cookies, headers=left.headers)

    async def signed_out(self, request: AnyRequest) -> Response[str]:
        """Nobody is signed in here any more, or not yet."""
        realm = _realm(request.query_params.get("realm", ""))
        session = await self.session(request, realm)
        left = Left([], {}) if session else await leftovers(self.means, request, realm)
        speaker = self.speaker(request)
        context = await self.frame(speaker, speaker.say("signed_out.title")) | {
            "over": speaker.say(f"over.{left.why}") if left.why else "",
            "still": session is not None,
            "shared": left.shared_terminal or bool(request.query_params.get("shared")),
            "sign_in_href": f"{self.path}/sign-in?{urlencode({'realm': realm.value})}",
        }
        return respond(
            self.kit, request, "identity/signin/signed_out.html", context, cookies=left.cookies, headers=left.headers
        )

    async def terminal(self, request: AnyRequest) -> Response[str]:
        """Whether this terminal is one that many people use."""
        speaker = self.speaker(request)
        context = await self.frame(speaker, speaker.say("terminal.title")) | {"shared": is_shared(request)}
        return respond(self.kit, request, "identity/signin/terminal.html", context)

    # --- parts ---

    async def _ready_card(self, request: AnyRequest, round_: Round, speaker: Speaker) -> Response[str]:
        confirm = round_.purpose is Purpose.CONFIRM
        task = task_of(
            round_, self.settings, deliver=self.path + DELIVER, back=self.path + RETURN, words=self._words(round_)
        )
        test = round_.agent == self.settings.test_card
        place = self._agents[round_.agent]
        origin = f"{place.scheme}://{place.netloc}"
        what = "confirm" if confirm else "card"
        context = await self.frame(speaker, speaker.say(f"{what}.title")) | {
            "action": round_.agent + PATH_USE,
            "field": TASK_FIELD,
            "task": task_field(task),
            "test": test,
            "confirm": confirm,
            "shared": round_.shared_terminal,
            "again": self._again(round_),
            "place": place.netloc,
            "steps": [
                Step(text=speaker.say("steps.choose"), state=StepState.DONE),
                Step(text=speaker.say(f"steps.{what}"), state=StepState.CURRENT),
                Step(text=speaker.say("steps.done"), state=StepState.AHEAD),
            ],
            "minutes": int(self.settings.card_task_life.total_seconds() // 60),
        }
        others = [] if origin == self.settings.origin else [origin]
        return respond(self.kit, request, "identity/signin/card.html", context, form_origins=others)

    async def _finish(self, request: AnyRequest, round_: Round, answer: Answer) -> Response[str]:
        now = self.means.clock.now()
        certificate = read_person_certificate(answer.certificate, authorities=self.ways.trust.authorities, at=now)
        used = round_cookie(self.means, request, round_, "")
        if round_.purpose is Purpose.CONFIRM:
            session = await self.session(request)
            if session is None or session.account_id != round_.account_id:
                raise OtherBrowser(private="the session ended meanwhile")
            await accounts.confirm(
                self.means.db, self.ways.trust.links, certificate, account_id=round_.account_id, now=now
            )
            return see_other(round_.back, cookies=[used])
        sure = sureness(
            medium=answer.medium, pin=answer.pin, wanted=round_.acr, test_cards=bool(self.settings.test_card)
        )
        entered = await entering.let_in(self.ways, request, round_, certificate, test=sure.test, now=now)
        begun = await entering.begin(self.ways, request, round_, entered, sure, now)
        return await entering.onward(self.ways, begun, round_.back, opened=entered.opened, now=now, used=used)

    def _declined(self, request: AnyRequest, round_: Round) -> Response[str]:
        speaker = self.speaker(request)
        confirm = round_.purpose is Purpose.CONFIRM
        context = {
            "title": speaker.say("declined.title"), "path": self.path, "confirm": confirm,
            "again": self._again(round_),
        }  # fmt: skip
        used = round_cookie(self.means, request, round_, "")
        return respond(self.kit, request, "identity/signin/declined.html", context, cookies=[used])

    def _failed(self, request: AnyRequest, error: RenkeiError, round_: Round | None) -> Response[str]:
        """What went wrong and what to do; where this browser began the round, it can begin again."""
        speaker = self.speaker(request)
        again = "" if isinstance(error, OtherBrowser | RoundUnknown) and round_ is None else f"{self.path}/sign-in"
        context = {
            "title": speaker.say("failed.title"), "path": self.path, "sentence": error.sentence(speaker.language.value),
            "code": error.code, "kind": "error" if isinstance(error, Failed) else "warning",
            "again": self._again(round_) if round_ else again,
        }  # fmt: skip
        cookies = [round_cookie(self.means, request, round_, "")] if round_ else []
        status = error.status.http
        return respond(self.kit, request, "identity/signin/failed.html", context, status=status, cookies=cookies)

    def _again(self, round_: Round) -> str:
        """Where a round like this one begins."""
        if round_.purpose is Purpose.CONFIRM:
            return f"{self.path}/account/confirm"
        href = sign_in_href(self.means, realm=round_.realm, back=round_.back, acr=round_.acr, fresh=True)
        return href + (f"&for={round_.account_mark}" if round_.account_mark else "")

    def _words(self, round_: Round) -> TaskWords:
        def say(language: Language, key: str) -> str:
            return self.kit.text(language, f"identity.signin.{key}")

        purpose = "purpose.confirm" if round_.purpose is Purpose.CONFIRM else f"purpose.{round_.realm}"
        ja, en = Language.JA, Language.EN
        return TaskWords(say(ja, "asks"), say(en, "asks"), say(ja, purpose), say(en, purpose))

    def _suffices(self, session: Session, wish: Wish) -> bool:
        marked = is_marked(self.means, session.account_id, wish.mark)
        return marked and not wish.fresh and session.acr.suffices(wish.acr)

    def _reason(self, wish: Wish, speaker: Speaker, *, other: bool) -> str:
        if wish.mark and other:
            return speaker.say("reason.other")
        if wish.fresh:
            return speaker.say("reason.fresh")
        return speaker.say("reason.surer") if other else ""

    def _fields(
        self, request: AnyRequest, wish: Wish, speaker: Speaker, form: Mapping[str, str], errors: list[FieldError],
        *, shared: bool,
    ) -> list[Field]:  # fmt: skip
        choices = [
            Choice(
                value=f"card{at}", text=speaker.say("way.card"),
                note=speaker.say("way.card_note", place=self._agents[url].netloc),
            )
            for at, url in enumerate(self.settings.agents)
        ]  # fmt: skip
        if self.settings.test_card:
            choices.append(Choice(value="test", text=speaker.say("way.test"), note=speaker.say("way.test_note")))
        hinted = request.cookies.get(HINT_COOKIE) == "1"
        if wish.realm is Realm.MAIN and Acr.PHONE.suffices(wish.acr):
            key = Choice(value=PASSKEY, text=speaker.say("way.passkey"), note=speaker.say("way.passkey_note"))
            choices = [key, *choices] if hinted else [*choices, key]
        fields = [
            Field(
                name="way", label=speaker.say("way.label"), kind="radios", required=True, choices=tuple(choices),
                value=form.get("way") or (choices[0].value if choices else ""),
                error=errors[0].text if errors else "",
            )
        ]  # fmt: skip
        if not is_shared(request):
            fields.append(
                Field(
                    name=SHARED_FIELD, label=speaker.say("shared.label"), kind="checkboxes",
                    choices=(Choice(value="1", text=speaker.say("shared.text"), note=speaker.say("shared.note")),),
                    value=("1",) if shared or form.get(SHARED_FIELD) else (),
                )
            )  # fmt: skip
        return fields


def terminal_cookie(request: AnyRequest, path: str, *, shared: bool) -> Cookie:
    """Marks a terminal as shared for good, or no more."""
    return Cookie(
        key=SHARED_COOKIE, value=SHARED if shared else "", path=path or "/", max_age=TERMINAL_AGE_S if shared else 0,
        httponly=True, samesite="lax", secure=request.url.scheme == "https",
    )  # fmt: skip


def _realm(text: str) -> Realm:
    return Realm(text) if text in set(Realm) else Realm.MAIN


def handlers(ways: Ways) -> list[HTTPRouteHandler]:
    """Routes below `{path}/sign-in`, `/card/return`, `/sign-out`, `/signed-out` and `/terminal`."""
    pages = SignInPages(ways)
    path = ways.means.settings.path
    return [*_in_handlers(pages, path), *_out_handlers(pages, path)]


def _in_handlers(pages: SignInPages, path: str) -> list[HTTPRouteHandler]:
    @get(f"{path}/sign-in")
    async def choose(request: AnyRequest) -> Response[str]:
        return await pages.choose(request)

    @post(f"{path}/sign-in")
    async def start(request: AnyRequest, data: FormData) -> Response[str]:
        return await pages.start(request, flat(data))

    @get(f"{path}/sign-in/switched")
    async def switched(request: AnyRequest) -> Response[str]:
        return await pages.switched(request)

    @get(path + "/sign-in/{txn:str}")
    async def ready(request: AnyRequest, txn: FromPath[str]) -> Response[str]:
        return await pages.ready(request, txn)

    @get(path + RETURN)
    async def come_back(request: AnyRequest) -> Response[str]:
        return await pages.come_back(request)

    return [choose, start, switched, ready, come_back]


def _out_handlers(pages: SignInPages, path: str) -> list[HTTPRouteHandler]:
    @post(f"{path}/sign-out")
    async def sign_out(request: AnyRequest) -> Response[str]:
        return await pages.sign_out(request, _realm(request.query_params.get("realm", "")), everywhere=False)

    @post(f"{path}/sign-out/everywhere")
    async def everywhere(request: AnyRequest) -> Response[str]:
        return await pages.sign_out(request, Realm.MAIN, everywhere=True)

    @get(f"{path}/signed-out")
    async def signed_out(request: AnyRequest) -> Response[str]:
        return await pages.signed_out(request)

    @get(f"{path}/terminal")
    async def terminal(request: AnyRequest) -> Response[str]:
        return await pages.terminal(request)

    @post(f"{path}/terminal")
    async def set_terminal(request: AnyRequest, data: FormData) -> Response[str]:
        return see_other(f"{path}/terminal", cookies=[terminal_cookie(request, path, shared=bool(data.get("shared")))])

    return [sign_out, everywhere, signed_out, terminal, set_terminal]
