"""Possession of a key, proved with each request (DPoP, RFC 9449), and the access tokens bound to it."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from renkei.institutions.identity.errors.protocol import ProofWrong, TokenWrong
from renkei.institutions.identity.model import jose
from renkei.institutions.identity.model.proofs import Proof, check_proof
from renkei.institutions.identity.model.tokens import ACCESS_TYPE, OwnClaims
from renkei.institutions.identity.operations.keys import ProviderKeys

SCHEME = "dpop"


class Presented(NamedTuple):
    """An access token with the proof of its key; the caller keeps the proof's mark and looks up the grant."""

    claims: OwnClaims
    proof: Proof


def prove_key(proofs: Sequence[str], *, method: str, url: str, now: datetime, access_token: str = "") -> Proof:
    """Check the `DPoP` fields of a request.

    Raises:
        ProofWrong: none, more than one, or one that does not hold.
    """
    if len(proofs) != 1:  # RFC 9449 §4.3, 1
        raise ProofWrong(reason="twice" if proofs else "missing")
    try:
        return check_proof(proofs[0], method=method, url=url, now=now, access_token=access_token)
    except jose.Unreadable as error:
        raise ProofWrong(reason=str(error)) from None


def present(
    keys: ProviderKeys, authorization: str, proofs: Sequence[str], *, method: str, url: str, now: datetime
) -> Presented:
    """Check an access token of ours at a resource of ours (RFC 9449 §7.1).

    Raises:
        TokenWrong: missing, under another scheme, forged, expired, or bound to another key.
        ProofWrong: the proof is missing or does not hold.
    """
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != SCHEME:  # a bound token is never accepted as a bearer token (RFC 9449 §7.2)
        raise TokenWrong(reason="scheme" if authorization else "missing")
    try:
        claims = keys.verify_own(token, ACCESS_TYPE, keys.issuer)
    except jose.Unreadable as error:
        raise TokenWrong(reason=str(error)) from None
    proof = prove_key(proofs, method=method, url=url, now=now, access_token=token)
    if claims.cnf is None or not hmac.compare_digest(claims.cnf.jkt, proof.thumbprint):
        raise TokenWrong(reason="key")
    return Presented(claims, proof)
