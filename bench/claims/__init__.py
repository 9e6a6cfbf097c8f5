"""One module a claim: each has a TITLE and measure(setting), which prints what it found and adds figures."""
