"""From one course to many people: stubs and handouts out, submissions and marks in."""
