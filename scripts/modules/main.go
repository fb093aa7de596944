// Command modules tells what the program is made of, from the modules on this machine: `modules licences` lists their licences
// and ends with 1 when one is not among those that Clientele may be given away with; `modules sbom VERSION` writes a
// software bill of materials (CycloneDX 1.6, JSON), the same bytes for the same modules.
package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// module is one that the program is linked from.
type module struct {
	path, version, dir string
	// licences are SPDX ids of its licence files; empty when none is known.
	licences []string
}

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "modules: %v\n", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	if len(args) == 0 || args[0] != "licences" && args[0] != "sbom" {
		return errors.New("usage: modules licences, or modules sbom VERSION")
	}
	list, err := modules()
	if err != nil {
		return err
	}
	if args[0] == "licences" {
		return licences(list, out)
	}
	return sbom(list, strings.Join(args[1:], " "), out)
}

// modules returns the modules of the program, ours left out, in the order of their paths.
func modules() ([]module, error) {
	list := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}\t{{.Version}}\t{{.Dir}}{{end}}{{end}}", "./cmd/clientele")
	list.Env = append(os.Environ(), "CGO_ENABLED=0")
	list.Stderr = os.Stderr
	text, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	slices.Sort(lines)
	var found []module
	for _, line := range slices.Compact(lines) {
		parts := strings.Split(line, "\t")
		if len(parts) != 3 {
			continue // of the standard library, or ours
		}
		ids, err := licencesIn(parts[2])
		if err != nil {
			return nil, err
		}
		found = append(found, module{parts[0], parts[1], parts[2], ids})
	}
	return found, nil
}

// licences prints each module with its licence; the error names those that are refused.
func licences(list []module, out io.Writer) error {
	var refused []string
	for _, m := range list {
		fmt.Fprintf(out, "%-22s %s %s\n", strings.Join(m.licences, ", "), m.path, m.version)
		if len(m.licences) == 0 || slices.ContainsFunc(m.licences, func(id string) bool { return !slices.Contains(accepted(), id) }) {
			refused = append(refused, m.path)
		}
	}
	if len(refused) > 0 {
		return fmt.Errorf("no known, accepted licence: %s", strings.Join(refused, ", "))
	}
	return nil
}

// accepted are licences that ask for no more than that they are told of; blessing is SQLite's.
func accepted() []string {
	return []string{"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "blessing"}
}

// licencesIn returns the licences of the files at the root of a module that are called after one. A file that is none that is
// known counts as unknown.
func licencesIn(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, e := range entries {
		name := strings.ToUpper(e.Name())
		if e.IsDir() || !strings.HasPrefix(name, "LICENSE") && !strings.HasPrefix(name, "LICENCE") && !strings.HasPrefix(name, "COPYING") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		if slices.Contains(lookedAt(), fmt.Sprintf("%.8x", sha256.Sum256(text))) {
			continue
		}
		if id := licenceOf(string(text)); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// lookedAt returns the beginnings of the SHA-256 sums of files that a person has read and that add no licence: when one
// changes it has to be read again.
func lookedAt() []string {
	return []string{
		"b4366b9c27a93646", // modernc.org/sqlite LICENSE-3RD-PARTY.md: an index of the other files
		"5ae5bee3072a8413", // modernc.org/memory LICENSE-LOGO: where the picture of its page is from, which is no part of the program
	}
}

// licenceOf tells a licence by what only it says.
func licenceOf(text string) string {
	text = strings.ToLower(strings.Join(strings.Fields(text), " "))
	has := func(words string) bool { return strings.Contains(text, words) }
	switch {
	case has("general public license"), has("mozilla public license"):
		return "unknown"
	case has("apache license version 2.0"), has("licensed under the apache license, version 2.0"):
		return "Apache-2.0"
	case has("redistribution and use in source and binary forms") && has("neither the name"):
		return "BSD-3-Clause"
	case has("redistribution and use in source and binary forms"):
		return "BSD-2-Clause"
	case has("permission is hereby granted, free of charge, to any person obtaining a copy"):
		return "MIT"
	case has("permission to use, copy, modify, and/or distribute this software for any purpose"),
		has("permission to use, copy, modify, and distribute this software for any purpose"):
		return "ISC"
	case has("dedicated to the public domain by the authors") && has("sqlite"):
		return "blessing"
	}
	return "unknown"
}

// The parts of a CycloneDX document that are written.
type (
	bill struct {
		Format      string      `json:"bomFormat"`
		SpecVersion string      `json:"specVersion"`
		Version     int         `json:"version"`
		Metadata    metadata    `json:"metadata"`
		Components  []component `json:"components"`
	}
	metadata struct {
		Component component `json:"component"`
	}
	component struct {
		Type     string   `json:"type"`
		Ref      string   `json:"bom-ref"`
		Name     string   `json:"name"`
		Version  string   `json:"version"`
		PURL     string   `json:"purl"`
		Licenses []choice `json:"licenses,omitempty"`
	}
	choice struct {
		License struct {
			ID string `json:"id"`
		} `json:"license"`
	}
)

// sbom writes the bill of the program of a version.
func sbom(list []module, version string, out io.Writer) error {
	if version == "" {
		return errors.New("sbom needs the program's version")
	}
	goVersion, err := exec.Command("go", "env", "GOVERSION").Output()
	if err != nil {
		return fmt.Errorf("go env: %w", err)
	}
	b := bill{Format: "CycloneDX", SpecVersion: "1.6", Version: 1}
	b.Metadata.Component = componentOf(module{path: "clientele", version: version, licences: []string{licenceOfProgram()}})
	b.Metadata.Component.Type = "application"
	standard := module{path: "std", version: strings.TrimPrefix(strings.TrimSpace(string(goVersion)), "go"), licences: []string{"BSD-3-Clause"}}
	for _, m := range append([]module{standard}, list...) {
		b.Components = append(b.Components, componentOf(m))
	}
	pages, err := pageLibrary()
	if err != nil {
		return err
	}
	b.Components = append(b.Components, pages)
	return json.MarshalWrite(out, b, jsontext.WithIndent("  "), json.Deterministic(true))
}

// licenceOfProgram returns the licence in whose terms Clientele is given away.
func licenceOfProgram() string {
	text, err := os.ReadFile("LICENSE")
	if err != nil {
		return "unknown"
	}
	return licenceOf(string(text))
}

func componentOf(m module) component {
	purl := "pkg:golang/" + m.path + "@" + m.version
	c := component{Type: "library", Ref: purl, Name: m.path, Version: m.version, PURL: purl}
	for _, id := range m.licences {
		if id == "unknown" {
			continue // not an SPDX id
		}
		var named choice
		named.License.ID = id
		c.Licenses = append(c.Licenses, named)
	}
	return c
}

// pageLibrary returns the one library of the API reference's pages, which is no Go module, as its file of origin tells.
func pageLibrary() (component, error) {
	const file = "internal/apidoc/static/README.md"
	text, err := os.ReadFile(file)
	if err != nil {
		return component{}, err
	}
	_, rest, found := strings.Cut(string(text), "npm package `@scalar/api-reference`, version ")
	version, _, ended := strings.Cut(rest, ",")
	if !found || !ended {
		return component{}, fmt.Errorf("%s tells no version of @scalar/api-reference", file)
	}
	c := componentOf(module{path: "@scalar/api-reference", version: version, licences: []string{"MIT"}})
	c.PURL = "pkg:npm/%40scalar/api-reference@" + version
	c.Ref = c.PURL
	return c, nil
}
