package faulttest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// binary is the program under test, built once for all tests of the package.
var binary string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "clientele-fault-")
	if err == nil {
		defer os.RemoveAll(dir)
		binary, err = Build(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// newDir returns an empty book in a directory that is not there yet.
func newDir(t testing.TB) Book {
	t.Helper()
	return Book{Binary: binary, Dir: filepath.Join(t.TempDir(), "data")}
}

// checkDir looks at a book that no process has open.
func checkDir(t testing.TB, dir string, crowds ...*Crowd) []string {
	t.Helper()
	return Book{Binary: binary, Dir: dir}.Check(t.Context(), crowds...)
}
