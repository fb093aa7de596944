package dialecttest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"clientele"

	"github.com/go-chi/chi/v5"
)

// Dialect is what the cases of one dialect need.
type Dialect struct {
	Name clientele.Dialect
	// Routes adds the dialect's routes, over the server's access and book.
	Routes func(chi.Router, *Server)
	// Prepare issues the credentials of the cases and sets their variables, before the server listens.
	Prepare func(testing.TB, *Server)
	// Description is what every exchange is held against.
	Description *Description
	// Always are headers that every answer has, as templates; a case may name other values. X-Request-Id goes without
	// saying.
	Always map[string]string
	// Steps are the dialect's own steps of cases, by their first words.
	Steps map[string]Step
	// Renew sets variables to new objects in place of those that requests have deleted meanwhile; nil where none can be. Fuzz
	// calls it now and then.
	Renew func(*Server) error
}

// Step carries out a step of a case. args is what stands behind its name, with its variables replaced; body is what stands
// below, as it stands. The error fails the case.
type Step func(ctx context.Context, s *Server, args, body string) error

// Run runs the cases of every file in testdata/contract, on every store. It also holds the dialect's routes against its
// description, and fails when a status that is described is the answer to no case.
func Run(t *testing.T, d *Dialect) {
	files := loadCases(t)
	missing := 0 // cases that were not played, as with go test -run
	var mu sync.Mutex
	t.Cleanup(func() {
		if list := d.Description.Unanswered(); missing == 0 && len(list) > 0 {
			t.Errorf("described, and the answer to no case: %s", strings.Join(list, ", "))
		}
	})
	for _, m := range Stores() {
		for name, cases := range files {
			missing += len(cases)
			t.Run(m.Name+"/"+name, func(t *testing.T) {
				t.Parallel()
				s := Start(t, d, m)
				for i := range cases {
					t.Run(cases[i].title, func(t *testing.T) {
						mu.Lock()
						missing--
						mu.Unlock()
						runCase(t, d, s, &cases[i])
					})
				}
			})
		}
	}
}

// loadCases reads the files of cases, by name.
func loadCases(t testing.TB) map[string][]contractCase {
	t.Helper()
	paths, err := filepath.Glob("testdata/contract/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("there are no cases in testdata/contract (%v)", err)
	}
	files := map[string][]contractCase{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		cases, err := parseCases(string(text))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		files[strings.TrimSuffix(filepath.Base(path), ".txt")] = cases
	}
	return files
}

func runCase(t *testing.T, d *Dialect, s *Server, c *contractCase) {
	if err := s.play(t.Context(), d, c); err != nil {
		t.Fatal(err)
	}
}

// play carries out the steps of a case. The error names the line.
func (s *Server) play(ctx context.Context, d *Dialect, c *contractCase) error {
	defer func() { _ = s.faults.set("works") }()
	for i := range c.steps {
		step := &c.steps[i]
		var err error
		switch step.kind {
		case request:
			err = s.exchange(d, step, &c.steps[i+1])
		case other:
			err = s.carryOut(ctx, d, step)
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", step.line, err)
		}
	}
	return nil
}

// request returns the request of a step.
func (s *Server) request(step *step) (*Request, error) {
	r := &Request{}
	var err error
	expand := func(text string) string {
		expanded, expandErr := expandText(text, s.Vars)
		if err == nil {
			err = expandErr
		}
		return expanded
	}
	r.Method, r.Target, r.Body = expand(step.method), expand(step.target), []byte(expand(step.body))
	for _, h := range step.headers {
		r.Header = append(r.Header, HeaderLine{h.name, expand(h.value)})
	}
	return r, err
}

// exchange sends a request and holds the answer against the case and the description.
func (s *Server) exchange(d *Dialect, sent, want *step) error {
	r, err := s.request(sent)
	if err != nil {
		return err
	}
	got, err := s.Send(r)
	if err != nil {
		return err
	}
	if err := s.compare(d, want, got); err != nil {
		return fmt.Errorf("%w\nwhole answer:\n%s", err, got)
	}
	if bytes.Contains(got.Body, []byte(cause)) {
		return fmt.Errorf("the answer tells the cause of a failure:\n%s", got)
	}
	if err := d.Description.Check(r, got); err != nil {
		return fmt.Errorf("the API description disagrees: %w\nwhole answer:\n%s", err, got)
	}
	return nil
}

// carryOut carries out the step of the longest name that the words begin with.
func (s *Server) carryOut(ctx context.Context, d *Dialect, step *step) error {
	words, err := expandText(step.words, s.Vars)
	if err != nil {
		return err
	}
	var found Step
	length := 0
	for _, steps := range []map[string]Step{builtin, d.Steps} {
		for name, do := range steps {
			if (words == name || strings.HasPrefix(words, name+" ")) && len(name) > length {
				found, length = do, len(name)
			}
		}
	}
	if found == nil {
		return fmt.Errorf("there is no step %q", words)
	}
	return found(ctx, s, strings.TrimPrefix(words[length:], " "), step.body)
}

// builtin are the steps that every dialect has.
var builtin = map[string]Step{
	"customer":         stepCustomer,
	"no customer":      stepNoCustomer,
	"customer with id": stepCustomerWithID,
	"work":             func(ctx context.Context, s *Server, _, _ string) error { return s.Work(ctx) },
	"clock":            func(_ context.Context, s *Server, to, _ string) error { return s.Clock.Set(to) },
	"store":            func(_ context.Context, s *Server, mode, _ string) error { return s.faults.set(mode) },
}
