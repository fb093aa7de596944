package config

import (
	"fmt"
	"io"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"

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
	return fit(f[flag.Name], flag.Target.Type())
}

// fit returns a value of a file as the library takes it for a flag of the type, or what should be written instead.
func fit(value any, t reflect.Type) (any, error) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if _, isText := value.(string); isText || value == nil {
		return value, nil
	}
	want, fits := "a text in quotes", false
	switch t.Kind() {
	case reflect.Bool:
		want = "true or false"
		_, fits = value.(bool)
	case reflect.Int, reflect.Int64: // a time is one: its reader tells what is wrong with a number
		want = "a number"
		_, fits = value.(float64)
	case reflect.Map:
		want = "an object"
		_, fits = value.(map[string]any)
	case reflect.Slice:
		want = "a list of texts in quotes"
		var texts []string
		if texts, fits = allTexts(value); fits && t.Elem().Kind() != reflect.String {
			return strings.Join(texts, ","), nil // as on a command line: only then the library reads each as the flag does
		}
	}
	if !fits {
		return nil, fmt.Errorf("the configuration file has %v there: write %s", value, want)
	}
	return value, nil
}

// allTexts returns a list of a file as texts, if it is one.
func allTexts(value any) (texts []string, ok bool) {
	list, ok := value.([]any)
	for _, v := range list {
		text, isText := v.(string)
		ok = ok && isText
		texts = append(texts, text)
	}
	return texts, ok
}
