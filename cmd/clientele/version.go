package main

import (
	"fmt"
	"runtime"
)

type versionCommand struct {
	JSON bool `help:"Print one JSON object."`
}

// Run prints the program's version.
func (c *versionCommand) Run(std streams) error {
	if c.JSON {
		return printJSON(std.out, struct {
			Version string `json:"version"`
			Go      string `json:"go"`
		}{version, runtime.Version()})
	}
	_, err := fmt.Fprintf(std.out, "clientele %s (%s)\n", version, runtime.Version())
	return err
}
