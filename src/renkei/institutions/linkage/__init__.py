"""The core (情報提供ネットワークシステム): translates codes, checks the law, keeps the record of every exchange.

Holds the register of bodies, the code keys and the records. Never holds a personal number, a name or a payload.
"""
