package clientele_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "clientele"

// room is what one package may import of ours; path.Match patterns below the module. The language, package clientele,
// is open to all.
type room struct {
	name string
	may  []string
}

// house says who may import whom.
func house() []room {
	const everything = "*"
	return []room{
		{"cmd/clientele", []string{everything}}, // the only place where rooms meet
		{"scripts/modules", nil},
		{"bench", []string{everything}}, // it measures the program from outside, and its parts beside it

		{"internal/book", nil},
		{"internal/intake", nil},
		{"internal/importer", []string{"internal/book"}},
		{"internal/access", nil},
		{"internal/sqlite", nil},   // never the other store, never book
		{"internal/postgres", nil}, // likewise
		{"internal/transfer", nil},
		{"internal/verify", nil},
		{"internal/dossier", nil},
		{"internal/work", nil},
		{"internal/traffic", nil},
		{"internal/webhook", []string{"internal/work"}},

		{"internal/dialect", []string{"internal/book", "internal/access"}},
		{"internal/dialect/*", []string{"internal/dialect", "internal/book", "internal/access"}}, // never another dialect, never a store
		{"internal/console", []string{"internal/book", "internal/access", "internal/traffic"}},
		{"internal/apidoc", nil},
		{"internal/httpd", nil},
		{"internal/config", nil},
	}
}

// testSupport are packages that only tests import, and that may import whatever a test needs.
func testSupport() []string {
	return []string{"internal/storetest", "internal/dialect/dialecttest", "internal/postgres/pgtest", "internal/browsertest", "internal/faulttest"}
}

// ownDependencies are libraries, by the beginning of their paths, with the rooms that alone know them.
func ownDependencies() map[string][]string {
	return map[string][]string{
		"modernc.org/":           {"internal/sqlite", "bench"},
		"github.com/jackc/":      {"internal/postgres", "bench"},
		"github.com/go-chi/":     {"internal/httpd", "internal/dialect", "internal/dialect/*", "internal/console", "internal/apidoc", "cmd/clientele"},
		"github.com/alecthomas/": {"internal/config", "cmd/clientele", "bench"},
		"github.com/chromedp/":   {"internal/browsertest"},
	}
}

// pkg is what `go list` tells of a package.
type pkg struct {
	ImportPath     string
	Name           string
	Dir            string
	GoFiles        []string
	IgnoredGoFiles []string
	TestGoFiles    []string
	XTestGoFiles   []string
	Imports        []string
}

// name is the path of the package below the module; "" for the language.
func (p *pkg) name() string { return strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/") }

func (p *pkg) isTestSupport() bool { return slices.Contains(testSupport(), p.name()) }

// ourImports returns what it imports of ours, below the module, the language left out.
func (p *pkg) ourImports() []string {
	var list []string
	for _, path := range p.Imports {
		if ours, found := strings.CutPrefix(path, module+"/"); found {
			list = append(list, ours)
		}
	}
	return list
}

func listPackages(t *testing.T) []*pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e",
		"-json=ImportPath,Name,Dir,GoFiles,IgnoredGoFiles,TestGoFiles,XTestGoFiles,Imports", "./...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var list []*pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		p := &pkg{}
		if err := d.Decode(p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		list = append(list, p)
	}
	if len(list) < 8 {
		t.Fatalf("go list tells of %d packages: too few to be the house", len(list))
	}
	return list
}

// matchAny reports whether a path is one of the patterns; "*" alone is everything.
func matchAny(name string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		ok, err := path.Match(pattern, name)
		return pattern == "*" || err == nil && ok
	})
}

// mayImport returns why the package named from may not import the one named to, both ours; "" when it may.
func mayImport(from, to string) string {
	if slices.Contains(testSupport(), from) {
		return ""
	}
	if slices.Contains(testSupport(), to) {
		return "is for tests only"
	}
	if from == "" {
		return "is a room, and the language knows none"
	}
	for _, r := range house() {
		if matchAny(from, []string{r.name}) {
			if matchAny(to, r.may) {
				return ""
			}
			return "is none of the rooms that it may import"
		}
	}
	return "is imported by a package that has no place in the house: write it into the table"
}

func TestHouse_WhoImportsWhom(t *testing.T) {
	for _, p := range listPackages(t) {
		for _, to := range p.ourImports() {
			if why := mayImport(p.name(), to); why != "" {
				t.Errorf("%s imports %s, which %s", p.ImportPath, to, why)
			}
		}
		known := p.name() == "" || p.isTestSupport() ||
			slices.ContainsFunc(house(), func(r room) bool { return matchAny(p.name(), []string{r.name}) })
		if !known {
			t.Errorf("%s has no place in the house: write it into the table", p.ImportPath)
		}
	}
}

func TestHouse_TheLanguageUsesTheStandardLibraryOnly(t *testing.T) {
	for _, p := range listPackages(t) {
		if p.ImportPath != module {
			continue
		}
		for _, imported := range p.Imports {
			if first, _, _ := strings.Cut(imported, "/"); strings.Contains(first, ".") || first == module {
				t.Errorf("package clientele imports %s", imported)
			}
		}
		return
	}
	t.Error("there is no package clientele")
}

// TestHouse_DependenciesStayInTheirRooms holds libraries, and SQL and wire formats, to the rooms that know them.
func TestHouse_DependenciesStayInTheirRooms(t *testing.T) {
	strangers := map[string][]string{ // package, what it does not know
		"internal/book":      {"database/sql", "net/http", "encoding/json"},
		"internal/dialect":   {"database/sql", "encoding/json"},
		"internal/dialect/*": {"database/sql", "encoding/json"},
		"internal/intake":    {"database/sql", "net/http"},
	}
	for _, p := range listPackages(t) {
		for _, imported := range p.Imports {
			for library, rooms := range ownDependencies() {
				if strings.HasPrefix(imported, library) && !matchAny(p.name(), rooms) && !p.isTestSupport() {
					t.Errorf("%s imports %s, which belongs to %v", p.ImportPath, imported, rooms)
				}
			}
			for name, unknown := range strangers {
				if matchAny(p.name(), []string{name}) && !p.isTestSupport() && slices.Contains(unknown, imported) {
					t.Errorf("%s imports %s, which is no business of its", p.ImportPath, imported)
				}
			}
		}
	}
}

func TestHouse_NoPackageIsADrawer(t *testing.T) {
	for _, p := range listPackages(t) {
		for _, name := range []string{p.Name, path.Base(p.ImportPath), filepath.Base(p.Dir)} {
			if slices.Contains([]string{"util", "utils", "common", "helper", "helpers", "types", "model", "models", "misc"}, name) {
				t.Errorf("%s is called %s, which says nothing", p.ImportPath, name)
			}
		}
	}
}

// TestHouse_TheRulesCanBeBroken makes sure that the table forbids what the design forbids.
func TestHouse_TheRulesCanBeBroken(t *testing.T) {
	for _, c := range []struct {
		from, to string
		may      bool
	}{
		{"", "internal/book", false},
		{"internal/book", "internal/access", false},
		{"internal/sqlite", "internal/postgres", false},
		{"internal/postgres", "internal/sqlite", false},
		{"internal/sqlite", "internal/book", false},
		{"internal/sqlite", "internal/storetest", false},
		{"internal/dialect/opm", "internal/dialect", true},
		{"internal/dialect/opm", "internal/book", true},
		{"internal/dialect/opm", "internal/dialect/primelead", false},
		{"internal/dialect/opm", "internal/sqlite", false},
		{"internal/dialect", "internal/dialect/opm", false},
		{"internal/console", "internal/access", true},
		{"internal/console", "internal/dialect", false},
		{"internal/httpd", "internal/config", false},
		{"internal/config", "internal/access", false},
		{"internal/unheard", "internal/book", false},
		{"cmd/clientele", "internal/dialect/opm", true},
		{"cmd/clientele", "internal/storetest", false},
		{"internal/dialect/dialecttest", "internal/sqlite", true},
	} {
		if got := mayImport(c.from, c.to) == ""; got != c.may {
			t.Errorf("%q may import %q: %t, want %t", c.from, c.to, got, c.may)
		}
	}
}
