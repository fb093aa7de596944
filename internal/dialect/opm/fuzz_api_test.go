package opm_test

import (
	"testing"

	"clientele/internal/dialect/dialecttest"
)

// FuzzAPI sends requests of every kind to every route, made of those of the cases.
func FuzzAPI(f *testing.F) { dialecttest.Fuzz(f, dialect(f)) }
