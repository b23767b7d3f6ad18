"""What a service needs to rely on an OpenID Provider (FAPI 2.0 Security Profile): sign-in, tokens, resources.

`RelyingParty` sends a browser to the provider and takes it back; `ResourceServer` checks the tokens that others bring;
`Provider` is what both know of the provider. Sessions in a browser: `renkei.platform.web.rp_sessions` and `rp_door`.
Claims stay JSON here (`Grant.read`): what they mean is said by the contract between the provider and its clients.
"""

from __future__ import annotations

from renkei.platform.openid.messages import Grant, LogoutNotice, Pending
from renkei.platform.openid.provider import Provider
from renkei.platform.openid.relying_party import RelyingParty
from renkei.platform.openid.resource import Authorized, ResourceServer
from renkei.platform.openid.transport import Http, ProviderHttp

__all__ = [
    "Authorized",
    "Grant",
    "Http",
    "LogoutNotice",
    "Pending",
    "Provider",
    "ProviderHttp",
    "RelyingParty",
    "ResourceServer",
]
