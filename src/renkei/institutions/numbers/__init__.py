"""個人番号の付番 (J-LIS): assigns personal numbers and forwards orders of linkage codes; one in the country.

Holds which personal number stands, or ever stood, for which resident record code. Never holds a linkage code, an
acquisition number, an address number, a name or any other fact about a person.
"""
