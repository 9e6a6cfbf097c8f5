"""One module a claim: TITLE, and measure(setting), which prints and adds figures."""
