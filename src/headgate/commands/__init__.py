"""Commands beside `check`, a file each: `add` tells the parser of one, `run` carries it out."""
