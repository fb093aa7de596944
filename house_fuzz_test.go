package clientele_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestHouse_EveryRouteIsFuzzed: each package with routes has a target that sends requests of every kind to all of them. That none
// of a dialect's routes is left out the target itself holds (dialecttest.Fuzz).
func TestHouse_EveryRouteIsFuzzed(t *testing.T) {
	rooms, err := filepath.Glob("internal/dialect/*/routes.go")
	if err != nil || len(rooms) < 4 {
		t.Fatalf("dialects with routes: %v (%v)", rooms, err)
	}
	for _, routes := range append(rooms, "internal/console/routes.go") {
		target := "func FuzzAPI(f *testing.F)"
		if filepath.Base(filepath.Dir(routes)) == "console" {
			target = "func FuzzConsole(f *testing.F)"
		}
		tests, err := filepath.Glob(filepath.Join(filepath.Dir(routes), "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, path := range tests {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			found = found || bytes.Contains(text, []byte(target))
		}
		if !found {
			t.Errorf("%s has no %s", filepath.Dir(routes), target)
		}
	}
}
