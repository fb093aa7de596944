package clientele_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestVuln: make vuln asks the database that GOVULNDB names, tells a database that cannot be had from a finding, and passes for
// neither.
func TestVuln(t *testing.T) {
	here := t.TempDir()
	for _, c := range []struct {
		name, govulndb, does string // in place of the go command, whose arguments are "$*"
		status               int
		says                 string
	}{
		{"nothing found", "", `[ "$*" = "tool -modfile=tools.mod govulncheck -db https://vuln.go.dev ./..." ]`, 0, ""},
		{"a directory", "copy", `[ "$*" = "tool -modfile=tools.mod govulncheck -db file://` + here + `/copy ./..." ]`, 0, ""},
		{"a URL", "https://mirror.example.com", `case "$*" in *" -db https://mirror.example.com "*) ;; *) exit 9;; esac`, 0, ""},
		{"something found", "", "exit 3", 3, ""},
		{"no database", "", `echo "govulncheck: fetching vulnerabilities: dial tcp: no such host" >&2; exit 1`, 1, "make vuln GOVULNDB=DIRECTORY"},
		{"another failure", "", "exit 1", 1, "NOTHING WAS LOOKED UP: govulncheck ended with status 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			bin := t.TempDir()
			if err := os.WriteFile(filepath.Join(bin, "go"), []byte("#!/bin/sh\n"+c.does+"\n"), 0o755); err != nil {
				t.Fatal(err)
			}
			script, err := filepath.Abs("scripts/vuln")
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(script)
			cmd.Dir = here
			cmd.Env = []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "GOVULNDB=" + c.govulndb}
			out, _ := cmd.CombinedOutput() // the status tells
			said := strings.TrimSpace(string(out))
			if cmd.ProcessState.ExitCode() != c.status || !strings.Contains(said, c.says) || c.says == "" && said != "" {
				t.Errorf("%s, and says %q", cmd.ProcessState, said)
			}
		})
	}
}
