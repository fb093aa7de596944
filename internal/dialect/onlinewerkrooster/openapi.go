package onlinewerkrooster

import _ "embed" // for Description

// Description is the OpenAPI 3.1 description of this API, in YAML. Its servers are relative to where it is served.
//
//go:embed openapi.yaml
var Description []byte
