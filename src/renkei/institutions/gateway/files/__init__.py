"""Files between a business system and its gateway: inquiries in and results out, copies in.

`request_file`, `result_file`, `codes` and `copies_file` know formats only: bytes in, values out. `inquiring` and
`importing` carry a file through the gateway, repeatable at every point: the same file again changes nothing.
"""
