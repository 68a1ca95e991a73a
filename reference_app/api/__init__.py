"""HTTP: routes, input and output shapes, problems, headers, the API document. No rules live here."""
