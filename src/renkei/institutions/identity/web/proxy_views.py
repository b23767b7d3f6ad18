"""What the pages of proxies show, turned into parts of a page. Values in, values out.

Two sides see one proxy differently: the principal sees everything, whoever acted sees of an ended one that it ended.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from renkei.base.errors import RenkeiError
from renkei.base.time import from_ms, jst_date, to_ms
from renkei.contracts.identity import ALL_AFFAIRS, ProxyKind
from renkei.institutions.identity.errors.proxies import ProxyFieldMissing
from renkei.institutions.identity.model.clients import Client
from renkei.institutions.identity.model.proxies import EndedBy, Proxy, ProxyState, Rule, Use, standing
from renkei.institutions.identity.queries.proxies import Deed, Help
from renkei.platform.web.catalogue import Language
from renkei.platform.web.kit import WebKit
from renkei.platform.web.parts import Chip, Choice, Column, Fact, Field, Lines, Tone

TONES: Mapping[ProxyState, Tone] = {
    ProxyState.DRAFT: "gray",
    ProxyState.OPEN: "yellow",
    ProxyState.ACTIVE: "green",
    ProxyState.REFUSED: "gray",
    ProxyState.CUT: "gray",
    ProxyState.EXPIRED: "gray",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyCard:
    """One proxy on the page."""

    proxy_id: str
    heading: str
    chip: Chip
    facts: list[Fact]
    href: str = ""
    link: str = ""
    cut: str = ""
    """Text of the button that ends it; none where empty."""


@dataclass(frozen=True, slots=True)
class GrantForm:
    """A proxy as it is entrusted at the screen; a browser sends one tick as a text, several as a list."""

    name: str = ""
    affairs: str | list[str] = field(default_factory=list)
    acts: str | list[str] = field(default_factory=list)
    from_day: str = ""
    until: str = ""

    @property
    def areas(self) -> tuple[str, ...]:
        """The affairs ticked."""
        return (self.affairs,) if isinstance(self.affairs, str) else tuple(self.affairs)

    @property
    def doing(self) -> tuple[str, ...]:
        """The acts ticked."""
        return (self.acts,) if isinstance(self.acts, str) else tuple(self.acts)


class Speaker:
    """Builds parts in one language."""

    def __init__(self, kit: WebKit, language: Language, *, path: str, now: datetime) -> None:
        self.language, self.path, self.now = language, path, now
        self.formats = kit.formats(language)
        self._kit = kit

    def say(self, key: str, **values: object) -> str:
        """A message of this area."""
        return self._kit.text(self.language, f"identity.proxies.{key}", **values)

    def told(self, field: str, error: RenkeiError) -> str:
        """What is wrong with a field, as its reader is told."""
        if isinstance(error, ProxyFieldMissing):
            return self.say(f"missing.{field}")
        return error.sentence(self.language.value)

    def state(self, proxy: Proxy) -> ProxyState:
        """Where a proxy stands now."""
        return standing(proxy, jst_date(self.now), now_ms=to_ms(self.now))

    def listed(self, words: Sequence[str], kind: str) -> str:
        """Affairs or acts by their names."""
        return self.say("join").join(self.say(f"{kind}.{'all' if word == ALL_AFFAIRS else word}") for word in words)

    # --- by whom others act for me ---

    def for_me(self, proxy: Proxy) -> ProxyCard:
        """A proxy as the principal sees it."""
        state = self.state(proxy)
        over = state in (ProxyState.CUT, ProxyState.EXPIRED)
        word = "ended" if over else state.value
        if proxy.ended_by is EndedBy.PRINCIPAL:
            word = "cut"
        elif state is ProxyState.ACTIVE and proxy.from_day > jst_date(self.now):
            word = "ahead"
        facts = [Fact(term=self.say("fact.kind"), value=self.say(f"kind.{proxy.kind}")), *self._limits(proxy)]
        if not over:
            facts.append(self._term(proxy))
        if proxy.ended_by is EndedBy.PRINCIPAL:
            facts.append(Fact(term=self.say("fact.cut"), value=self.formats.moment(from_ms(proxy.ended_ms))))
        if proxy.evidence_id:
            facts.append(Fact(term=self.say("fact.evidence"), value=proxy.evidence_id))
        return ProxyCard(
            proxy_id=proxy.proxy_id, heading=proxy.actor_name or self.say("unnamed"),
            chip=Chip(self.say(f"state.{word}"), TONES[state]), facts=facts,
            href=f"{self.path}/proxies/{proxy.proxy_id}", link=self.say("details"),
            cut="" if over or state is ProxyState.REFUSED else self.say("cut"),
        )  # fmt: skip

    # --- for whom I act ---

    def by_me(self, proxy: Proxy, principal: str) -> ProxyCard:
        """A proxy as whoever acts sees it. Of an ended one nothing tells when, why or by whom.

        Args:
            principal: name of the person acted for, as it is today; not told of an ended one.
        """
        state = self.state(proxy)
        kind = Fact(term=self.say("fact.kind"), value=self.say(f"kind.{proxy.kind}"))
        if state in (ProxyState.CUT, ProxyState.EXPIRED):
            return ProxyCard(
                proxy_id=proxy.proxy_id, heading=proxy.principal_name or self.say("unnamed"),
                chip=Chip(self.say("state.ended"), "gray"), facts=[kind],
            )  # fmt: skip
        word = "ahead" if state is ProxyState.ACTIVE and proxy.from_day > jst_date(self.now) else state.value
        waits = state is ProxyState.OPEN
        return ProxyCard(
            proxy_id=proxy.proxy_id, heading=principal or proxy.principal_name or self.say("unnamed"),
            chip=Chip(self.say(f"state.{word}"), TONES[state]), facts=[kind, *self._limits(proxy), self._term(proxy)],
            href=f"{self.path}/proxies/{proxy.proxy_id}/invitation" if waits else "",
            link=self.say("answer") if waits else "",
            cut=self.say("give_up") if state is ProxyState.ACTIVE else "",
        )  # fmt: skip

    def summary(self, proxy: Proxy) -> list[Fact]:
        """What is entrusted, for whoever confirms or accepts it."""
        return [
            Fact(
                term=self.say("fact.kind"), value=self.say(f"kind.{proxy.kind}"), note=self.say(f"rests.{proxy.kind}")
            ),
            *self._limits(proxy),
            self._term(proxy),
        ]

    def _limits(self, proxy: Proxy) -> list[Fact]:
        return [
            Fact(term=self.say("fact.affairs"), value=self.listed(proxy.affairs, "area")),
            Fact(term=self.say("fact.acts"), value=self.listed([act.value for act in proxy.acts], "act")),
        ]

    def _term(self, proxy: Proxy) -> Fact:
        first = self.formats.day(proxy.from_day)
        last = self.formats.day(proxy.until) if proxy.until else ""
        value = self.say("term", first=first, last=last) if last else self.say("term_open", first=first)
        return Fact(term=self.say("fact.term"), value=value)

    # --- uses and help ---

    def use_columns(self) -> list[Column]:
        """Columns of the table of uses."""
        names = ("at", "who", "where", "what")
        return [Column(text=self.say(f"column.{name}"), header=name == "at") for name in names]

    def use_row(
        self, use: Use, proxies: Mapping[str, Proxy], client_of: Callable[[str], Client | None]
    ) -> list[object]:
        """One use."""
        proxy, client = proxies.get(use.proxy_id), client_of(use.client_id)
        name = use.client_id if client is None else client.name_ja if self.language is Language.JA else client.name_en
        what = self.say("began")
        if use.act is not None:
            area = self.say(f"area.{use.affairs}") if self._known(use.affairs) else use.affairs
            what = self.say("did", act=self.say(f"act.{use.act}"), area=area)
        who = proxy.actor_name if proxy else ""
        kind = self.say(f"kind.{proxy.kind}") if proxy else ""
        return [self.formats.moment(from_ms(use.at_ms)), Lines(who or self.say("unnamed"), kind), name, what]

    def help_row(self, one: Help, deeds: Sequence[Deed]) -> list[object]:
        """One help at a counter."""
        done = self.say("join").join(dict.fromkeys(self.deed(deed) for deed in deeds)) or self.say("help.nothing")
        helper = Lines(one.helper, f"{one.body_id} {one.section}".strip())
        return [self.formats.moment(from_ms(one.started_ms)), helper, done]

    def deed(self, deed: Deed) -> str:
        """What was done, in a word."""
        known = ("consent", "pay", "sign", "apply", "view")
        return self.say(f"help.deed.{deed.what}") if deed.what in known else deed.what

    def _known(self, area: str) -> bool:
        return f"identity.proxies.area.{area}" in self._kit.catalogue.messages[self.language]

    # --- the form ---

    def grant_fields(
        self, kind: ProxyKind, rule: Rule, form: GrantForm, errors: Mapping[str, str], *, today: date
    ) -> list[Field]:
        """What the principal enters."""
        several = len(rule.affairs) > 1
        fields = [
            Field(
                name="name", label=self.say(f"grant.name.{kind}"), support=self.say("grant.name_support"),
                value=form.name, required=True, error=errors.get("name", ""), width="half", autocomplete="off",
            )
        ]  # fmt: skip
        if several:
            fields.append(
                Field(
                    name="affairs", label=self.say("grant.affairs"), support=self.say("grant.affairs_support"),
                    kind="checkboxes", required=True, value=form.areas, error=errors.get("affairs", ""),
                    choices=tuple(Choice(value=area, text=self.say(f"area.{area}")) for area in rule.affairs),
                )
            )  # fmt: skip
        fields += [
            Field(
                name="acts", label=self.say("grant.acts"), kind="checkboxes", required=True, value=form.doing,
                error=errors.get("acts", ""),
                choices=tuple(
                    Choice(value=act, text=self.say(f"act.{act}"), note=self.say(f"act_note.{act}"))
                    for act in rule.acts
                ),
            ),
            Field(
                name="from_day", label=self.say("grant.from"), support=self.say("grant.from_support"), width="short",
                value=form.from_day, error=errors.get("from_day", ""),
            ),
            Field(
                name="until", label=self.say("grant.until"), required=True, width="short",
                support=self.say("grant.until_support", days=rule.days_max), value=form.until,
                error=errors.get("until", ""),
            ),
        ]  # fmt: skip
        return fields
