package config

import (
	"fmt"
	"io"
	"math"
	"os"
	"slices"

	"github.com/alecthomas/kong"
	"github.com/go-json-experiment/json"
)

// file is a configuration file: a JSON object of flag names (without the dashes before them) and values.
type file map[string]any

// loadFile reads a configuration file.
func loadFile(r io.Reader) (kong.Resolver, error) {
	var f file
	if err := json.UnmarshalRead(r, &f); err != nil {
		return nil, fmt.Errorf("the configuration file is not a JSON object of settings: %w", err)
	}
	return f, nil
}

// Validate implements kong.Resolver: a name that no flag has is a mistake to be told about.
func (f file) Validate(app *kong.Application) error {
	var known []string
	collectFlags(app.Node, &known)
	for name, value := range f {
		if !slices.Contains(known, name) {
			return fmt.Errorf("the configuration file has %q, which is no setting", name)
		}
		if n, ok := value.(float64); ok && n != math.Trunc(n) { // the library would round it
			return fmt.Errorf("the configuration file gives --%s a fraction, which no setting takes", name)
		}
	}
	return nil
}

func collectFlags(n *kong.Node, names *[]string) {
	for _, flag := range n.Flags {
		*names = append(*names, flag.Name)
	}
	for _, child := range n.Children {
		collectFlags(child, names)
	}
}

// Resolve implements kong.Resolver. The library asks a file before the environment, so a flag whose environment variable
// is set is left to that.
func (f file) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, name := range flag.Envs {
		if _, ok := os.LookupEnv(name); ok {
			return nil, nil
		}
	}
	return f[flag.Name], nil
}
