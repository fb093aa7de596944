package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

// TestLicences_AreAccepted: whatever the program is linked from may be given away with it.
func TestLicences_AreAccepted(t *testing.T) {
	t.Chdir("../..")
	var out bytes.Buffer
	if err := run([]string{"licences"}, &out); err != nil || strings.Count(out.String(), "\n") < 20 {
		t.Errorf("%v\n%s", err, out.String())
	}
}

// TestLicences_Refuses: a module without a licence, with an unknown one, or with one that asks for more.
func TestLicences_Refuses(t *testing.T) {
	for name, text := range map[string]string{
		"":        "",
		"LICENSE": "All rights reserved.",
		"COPYING": "GNU General Public License. Permission is hereby granted, free of charge, to any person obtaining a copy",
	} {
		dir := t.TempDir()
		if name != "" {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		ids, err := licencesIn(dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := licences([]module{{path: "example.com/m", licences: ids}}, &bytes.Buffer{}); err == nil {
			t.Errorf("%q with %q is accepted as %q", name, text, ids)
		}
	}
}

// TestSBOM names the modules that go.mod requires and that are linked, with versions, and is the same each time.
func TestSBOM(t *testing.T) {
	t.Chdir("../..")
	var first, second bytes.Buffer
	for _, out := range []*bytes.Buffer{&first, &second} {
		if err := run([]string{"sbom", "v1.2.3"}, out); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("two bills of the same modules differ")
	}
	var b bill
	if err := json.Unmarshal(first.Bytes(), &b); err != nil {
		t.Fatal(err)
	}
	if b.Format != "CycloneDX" || b.Metadata.Component.Version != "v1.2.3" || len(b.Components) < 20 {
		t.Errorf("the bill is %+v with %d components", b.Metadata, len(b.Components))
	}
	for _, want := range []string{"pkg:golang/std@", "pkg:golang/modernc.org/sqlite@v", "pkg:golang/golang.org/x/crypto@v", "pkg:npm/%40scalar/api-reference@1"} {
		if !strings.Contains(first.String(), want) {
			t.Errorf("the bill does not name %s", want)
		}
	}
	for _, c := range b.Components {
		if c.Version == "" || len(c.Licenses) == 0 {
			t.Errorf("%s has version %q and %d licences", c.Name, c.Version, len(c.Licenses))
		}
	}
}
