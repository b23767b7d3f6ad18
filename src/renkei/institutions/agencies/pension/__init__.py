"""年金: the pension office's claims. Asks as the capacity that the law gives, and provides what it pays.

The Order names the Minister of Health, Labour and Welfare as requester of row 73; the Japan Pension Service does these
affairs and asks in that capacity (番号法19条8号; `[[delegation]]` of law/lexicon/kinds.toml).

Holds insured persons with their contribution months, pensions and claims. A claim keeps what its decision rests on
(facts, processing numbers, rows), not the copies: those are erased with the decision. Knows people by its own number;
never holds a personal number, an address number or a linkage code.
"""
