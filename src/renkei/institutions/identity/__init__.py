"""官民連携基盤: an OpenID Provider for public and private relying parties. It knows accounts and certificates, no
personal number and no record."""
