"""福祉: child allowance, and the registers of public assistance and disability certificates. Asks and provides.

One per municipality; a prefecture uses the two registers alone (生活保護法19条, 身体障害者福祉法15条). Holds claims,
allowances with the children they are paid for, payments, assistance, certificates. A claim keeps what its decision
rests on, not the copies: those are erased with the decision. Knows people by its own number; never holds a personal
number, an address number, a linkage code or a name.
"""
