"""Own-use areas of the card (空き領域): the registry without whose permit nothing is written into one."""
