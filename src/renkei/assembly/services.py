"""What stands beside the exchange for people and staff: cards, sign-in, timestamps, and who relies on them.

Opened after the country; the country does not need any of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from litestar.types import ControllerRouterHandler

from renkei.assembly.cards import CardOffice, CardPlan
from renkei.assembly.country import Country, SectionPlan
from renkei.assembly.nation import Nation, Persona
from renkei.assembly.nation.model import Person
from renkei.assembly.provider import PATH, TEST_CARD_PATH, IdentityHouse
from renkei.assembly.stamping import open_stamping
from renkei.assembly.stores import ROOMS
from renkei.assembly.taxpayers import account_of, people_of, slips_of
from renkei.base.personal_number import PersonalNumber
from renkei.base.time import jst_date
from renkei.channels.bank.operations import Bank
from renkei.channels.bank.web.api import api_handlers
from renkei.channels.bank.web.pages import page_handlers as bank_handlers
from renkei.channels.filing.bank import BankClient
from renkei.channels.filing.model.tax import Slip
from renkei.channels.filing.operations import Filing, Trust
from renkei.channels.filing.web.pages import page_handlers as filing_handlers
from renkei.channels.portal.operations import PORTAL
from renkei.contracts.identity import EXCHANGE_GRANT, Realm, Scope, SignedIn
from renkei.contracts.numbering import CodeIssueItem, CodeIssueRequest
from renkei.contracts.staff import Role
from renkei.contracts.standins import DemoClerk
from renkei.crypto.person_certificates import Use, read_person_certificate
from renkei.institutions.card.agent.agent import CardAgent
from renkei.institutions.card.agent.delivery import HttpDelivery
from renkei.institutions.card.agent.web.pages import handlers as agent_handlers
from renkei.institutions.card.web import handlers as card_handlers
from renkei.institutions.identity.model.clients import Client
from renkei.institutions.identity.model.staff import Enrolment
from renkei.institutions.identity.operations import staff as staff_operations
from renkei.institutions.identity.operations.tokens import new_secret
from renkei.institutions.identity.queries.staff import staff_list
from renkei.institutions.identity.web.staff import SectionName
from renkei.institutions.proofing.service import ProofingOffice
from renkei.institutions.timestamps.operations import Timestamps
from renkei.institutions.timestamps.web import timestamp_handler
from renkei.platform.openid.relying_party import RelyingParty
from renkei.platform.openid.resource import ResourceServer
from renkei.platform.openid.transport import ProviderHttp
from renkei.platform.web.kit import WebKit
from renkei.platform.web.rp_sessions import RpSessions

STAFF_MUNICIPALITY = ("13112", "世田谷区")
STAFF_BORN = date(1985, 4, 1)
REFRESH = "refresh_token"


class Services:
    """Cards, identity provider and the house's own relying parties.

    Args:
        base_url: origin under which browsers reach the site.
        kit: of the site; holds the pages of every room.
        sections: sections by body, for enrolling staff.
        inside: base URL under which this process reaches itself; `base_url` where empty.
    """

    def __init__(
        self, country: Country, *, base_url: str, kit: WebKit, sections: Mapping[str, Sequence[SectionPlan]],
        inside: str = "",
    ) -> None:  # fmt: skip
        self.country, self.base_url, self.kit, self._sections = country, base_url, kit, sections
        clock = country.clock
        self.cards = CardOffice(
            country.open_house_store("card", ROOMS["card"].metadata), folder=country.folder, base_url=base_url,
            clock=clock,
        )  # fmt: skip
        self.front_db = country.open_house_store("front", ROOMS["front"].metadata)
        self.proofing = ProofingOffice(country.open_house_store("proofing", ROOMS["proofing"].metadata), clock=clock)
        self.bank_db = country.open_house_store("bank", ROOMS["bank"].metadata)
        self.filing_db = country.open_house_store("filing", ROOMS["filing"].metadata)
        stamps, self.time_root = open_stamping(country.folder / "keys" / "time", now=clock.now())
        self.timestamps = Timestamps(
            db=country.open_house_store("timestamps", ROOMS["timestamps"].metadata), authority=stamps, clock=clock
        )
        self._people: Mapping[str, Person] = {}
        self._inside = inside
        self._codeless: frozenset[str] = frozenset()
        self.house: IdentityHouse
        self.agent: CardAgent

    async def start(self, nation: Nation, clerks: Sequence[DemoClerk]) -> None:
        """Open the authority, lay out the test cards, enrol the clerks of the demonstration."""
        await self.cards.start()
        self.house = IdentityHouse(
            db=self.country.open_house_store("identity", ROOMS["identity"].metadata), folder=self.country.folder,
            base_url=self.base_url, inside=self._inside, kit=self.kit, clock=self.country.clock, cards=self.cards,
            sections_of=self._sections_of,
        )  # fmt: skip
        self._people = people_of(nation)
        self._codeless = frozenset(
            persona.person.resident_record_code for persona in nation.personas() if persona.person.code_pending
        )
        plans = [plan_of(nation, persona) for persona in nation.personas()]
        plans += [clerk_plan(at, clerk) for at, clerk in enumerate(clerks)]
        await self.cards.lay_out(plans, today=jst_date(self.country.clock.now()))
        for clerk in clerks:
            await self._enrol(clerk)
        origin = self.house.means.settings.origin
        self.agent = CardAgent(
            source=self.cards.drawer, origins=[origin], clock=self.country.clock, deliver=HttpDelivery([origin]),
            path=TEST_CARD_PATH,
        )  # fmt: skip

    def serve(self) -> None:
        """Begin what runs by itself: notices of ended sessions, tidying up."""
        self.house.start()

    async def stop(self) -> None:
        """Stop, and close the stores."""
        await self.agent.close()
        await self.house.stop()
        self.cards.authority.db.close()
        for db in (self.bank_db, self.filing_db, self.timestamps.db):
            db.close()
        self.proofing.db.close()
        self.front_db.close()

    # --- relying parties of the house ---

    def portal_party(self) -> RelyingParty:
        """The portal at the provider."""
        return self.house.party(
            Client(
                client_id="portal", name_ja="マイポータル", name_en="My Portal", sector="portal", public_body=True,
                redirect_uris=(f"{self.base_url}/portal/return",), logout_uris=(f"{self.base_url}/portal/signed-out",),
                backchannel_logout_uri=f"{self.base_url}/portal/backchannel-logout",
                scopes=frozenset((Scope.OPENID, Scope.NAME, Scope.PROXIES)),
                grants=frozenset(("authorization_code", REFRESH, EXCHANGE_GRANT)), first_party=True,
            ),
            scopes=(Scope.OPENID, Scope.NAME, Scope.PROXIES),
        )  # fmt: skip

    def staff_party(self, name: str, path: str, *, ja: str, en: str) -> RelyingParty:
        """A console at the staff realm."""
        return self.house.party(
            Client(
                client_id=name, realm=Realm.STAFF, name_ja=ja, name_en=en, sector=name, public_body=True,
                redirect_uris=(f"{self.base_url}{path}/return",), logout_uris=(f"{self.base_url}{path}/signed-out",),
                backchannel_logout_uri=f"{self.base_url}{path}/backchannel-logout", scopes=frozenset((Scope.OPENID,)),
                grants=frozenset(("authorization_code", REFRESH)), first_party=True,
            ),
            scopes=(Scope.OPENID,),
        )  # fmt: skip

    def bank_pages(self) -> tuple[Sequence[ControllerRouterHandler], Sequence[ControllerRouterHandler]]:
        """The bank and the filing service: pages for a page router, and the bank's interface beside it."""
        house, origin = self.house, self.base_url
        interface = f"{origin}/bank/api"
        bank_rp = house.party(
            private_client(origin, "bank", "見本銀行", "Mihon Bank", (Scope.OPENID, Scope.NAME), audience_of=interface),
            scopes=(Scope.OPENID, Scope.NAME),
        )
        filing_rp = house.party(
            private_client(
                origin,
                "filing",
                "申告サービス",
                "Tax filing service",
                (Scope.OPENID, Scope.NAME, Scope.SIGN),
                payment_locations=frozenset((interface,)),
            ),
            scopes=(Scope.OPENID, Scope.NAME),
        )
        clock = self.country.clock
        bank = Bank(
            db=self.bank_db, key=house.client_key("bank-receipts"), base_url=interface, accounts=account_of, clock=clock
        )
        filing = Filing(
            db=self.filing_db, rp=filing_rp, payee="国庫金（見本税務署）", issuer=f"{origin}/filing",
            key=house.client_key("filing-receipts"), slips=self._slips, stamp=self.timestamps.stamp, clock=clock,
            bank=BankClient(
                base_url=interface, key=bank.jwk, http=ProviderHttp.to(origin, inside=self._inside), clock=clock
            ),
            trust=Trust(self.cards.authority.authorities(), [self.time_root]),
        )  # fmt: skip
        resource = ResourceServer(provider=house.provider(Realm.MAIN), audience=interface, clock=clock)
        pages = [
            *bank_handlers(
                kit=self.kit, bank=bank, rp=bank_rp,
                sessions=house.sessions("bank", self.bank_db, ROOMS["bank"].rp_session, path="/bank"),
            ),
            *filing_handlers(
                kit=self.kit, filing=filing, rp=filing_rp, bank_href="/bank",
                sessions=house.sessions("filing", self.filing_db, ROOMS["filing"].rp_session, path="/filing"),
            ),
        ]  # fmt: skip
        return pages, api_handlers(bank, resource=resource, rp=bank_rp)

    async def _slips(self, person: SignedIn, year: int) -> Sequence[Slip]:
        """Withholding slips of whoever is signed in."""
        return slips_of(self._people.get(await self.house.holder_of("filing", person.sub)), year)

    def console_sessions(self) -> RpSessions:
        """Sessions at the clerk's console."""
        return self.house.sessions("console", self.front_db, ROOMS["front"].console_session, path="/gateway")

    def pension_sessions(self) -> RpSessions:
        """Sessions at the pension office."""
        return self.house.sessions("pension", self.front_db, ROOMS["front"].pension_session, path="/pension")

    async def welcome(self, person: SignedIn) -> None:
        """Whoever comes to the portal for the first time gets an account, and the portal its code of them (附則6条3項).

        The portal knows the pairwise subject, the provider the certificate, the issuer of cards whose it is; only the
        acquisition number goes all the way, and no party sees both ends.
        """
        wanted = await self.country.portal.open_accounts([person.sub])
        if person.sub not in wanted:
            return
        holder = await self.house.holder_of("portal", person.sub)
        if holder not in self._codeless:
            item = CodeIssueItem(wanted[person.sub], holder)
            await self.country.numbers_core.issue_codes(CodeIssueRequest(PORTAL, [item]))

    # --- pages and endpoints ---

    def handlers(self) -> list[ControllerRouterHandler]:
        """The provider, the authority of the cards, and the pages of the test cards."""
        return [
            *self.house.handlers(proofing=self.proofing),
            *card_handlers(self.cards.authority),
            timestamp_handler(self.timestamps),
            *agent_handlers(self.kit, self.agent, counter_href=f"{PATH}/account"),
        ]

    def _sections_of(self, body_id: str, language: str) -> Sequence[SectionName]:
        plans = self._sections.get(body_id, ())
        return [SectionName(plan.section, plan.name_ja if language == "ja" else plan.name_en) for plan in plans]

    async def _enrol(self, clerk: DemoClerk) -> None:
        """Enrol a clerk and bind the test card, as an administrator and the clerk would with a one-time code."""
        means, now = self.house.means, self.country.clock.now()
        enrolled = await means.db.read(lambda conn: staff_list(conn, clerk.body_id))
        if clerk.slug in {one.staff_id for one in enrolled}:
            return
        held = await self.cards.authority.of_holder(f"staff-{clerk.slug}")
        der = next(one.der for one in held if one.use is Use.AUTHENTICATION)
        shown = read_person_certificate(der, authorities=self.cards.authority.authorities(), at=now)
        plans = {plan.section: plan for plan in self._sections.get(clerk.body_id, ())}
        affairs = plans[clerk.section].affairs if clerk.section in plans else frozenset()
        wanted = Enrolment(
            staff_id=clerk.slug, section=clerk.section, name=clerk.name, roles=frozenset(map(Role, clerk.roles)),
            affairs=affairs,
        )  # fmt: skip
        key = means.session_key
        with means.db.writing() as conn:
            made = staff_operations.enrol(conn, wanted, body_id=clerk.body_id, by="demonstration", key=key, now=now)
            code = staff_operations.code_hash_of(key, staff_operations.code_for(made, key))
            staff_operations.admit(
                conn, shown, code_hash=code, terminal_of=clerk.body_id, test=True, new_account_id=new_secret(), now=now
            )


def private_client(
    origin: str, client_id: str, ja: str, en: str, scopes: Sequence[Scope], *, audience_of: str = "",
    payment_locations: frozenset[str] = frozenset(),
) -> Client:  # fmt: skip
    """The registration of a private company."""
    home = f"{origin}/{client_id}"
    return Client(
        client_id=client_id, name_ja=ja, name_en=en, sector=client_id, redirect_uris=(f"{home}/return",),
        logout_uris=(f"{home}/signed-out",), backchannel_logout_uri=f"{home}/backchannel-logout",
        scopes=frozenset(scopes), grants=frozenset(("authorization_code", REFRESH)), audience_of=audience_of,
        payment_locations=payment_locations,
    )  # fmt: skip


def plan_of(nation: Nation, persona: Persona) -> CardPlan:
    """The card of a persona."""
    person, home = persona.person, persona.household
    return CardPlan(
        slug=persona.slug, holder_id=person.resident_record_code, ja=f"{person.name}（{persona.ja}）",
        en=f"{person.name} ({persona.en})", name=person.name, address=home.address.text, birth=person.birth,
        sex=person.sex, personal_number=nation.numbers.personal_number(person.index),
        municipality=home.municipality.code[:5], municipality_name=home.municipality.name,
    )  # fmt: skip


def clerk_plan(at: int, clerk: DemoClerk) -> CardPlan:
    """The staff card of a clerk. Nobody holds a number that begins so."""
    code, name = STAFF_MUNICIPALITY
    return CardPlan(
        slug=clerk.slug, holder_id=f"staff-{clerk.slug}", ja=f"職員証：{clerk.name}", en=f"Staff card: {clerk.name}",
        name=clerk.name, address="東京都世田谷区見本一丁目１番１号", birth=STAFF_BORN, sex="not_known",
        personal_number=PersonalNumber.from_eleven(f"9998{at:07d}"), municipality=code, municipality_name=name,
    )  # fmt: skip
