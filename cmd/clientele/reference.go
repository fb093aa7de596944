package main

import (
	"clientele"
	"clientele/internal/apidoc"
	"clientele/internal/dialect/dkhardware"
	"clientele/internal/dialect/onlinewerkrooster"
	"clientele/internal/dialect/opm"
	"clientele/internal/dialect/primelead"
)

// reference returns the descriptions of the partner APIs and their pages.
func reference() *apidoc.Reference {
	return apidoc.New([]apidoc.Description{
		{Name: string(clientele.OPM), Title: "OPM Partners", YAML: opm.Description},
		{Name: string(clientele.Onlinewerkrooster), Title: "Onlinewerkrooster", YAML: onlinewerkrooster.Description},
		{Name: string(clientele.PrimeLead), Title: "Prime Lead", YAML: primelead.Description},
		{Name: string(clientele.DKHardware), Title: "DKHardware", YAML: dkhardware.Description},
	})
}
